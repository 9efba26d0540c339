/** What is known of containers, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const CONTAINERS_STATEMENTS: readonly Statement[] = [
	{
		says: "masked /proc refuses a new proc",
		rows: ["containers.proc_covered"],
	},
	{
		says: "without a user namespace a container's root with the capability has it over the host as well; with a runtime's default set it has nothing",
		rows: [
			"containers.ns_last_pid_writable",
			"containers.set_tid",
			"containers.set_tid_outside",
			"containers.map_files",
			"containers.exe_fd",
		],
	},
	{
		says: "read-only /proc/sys refuses writers whatever their capabilities; a seccomp profile answers for the kernel",
		rows: ["containers.proc_sys_read_only", "containers.clone3_filtered"],
	},
];
