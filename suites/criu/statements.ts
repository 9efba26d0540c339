/** What is known of CRIU, and the rows that try it on a kernel. */
import type { Statement } from "../model/statement.js";

export const CRIU_STATEMENTS: readonly Statement[] = [
	{
		says: "CRIU checkpoints and restores a process of the same user with CAP_CHECKPOINT_RESTORE alone: the same pid, the same memory, and it goes on",
		rows: [
			"criu.plain",
			"criu.memfd",
			"criu.threads",
			"criu.tree",
			"criu.program",
		],
	},
	{
		says: "in a container CRIU needs the capability added to a runtime's default ones, and no more; without it CRIU refuses, and a CRIU that has it as a file capability is not executed",
		rows: ["criu.plain"],
	},
	{
		says: "of a victim in user and pid namespaces below its own CRIU wants more than any one capability, CAP_SETGID first: the row tells in CRIU's words",
		rows: ["criu.nested"],
	},
	{
		says: "CRIU reads a mapping of a deleted file through map_files, in the initial user namespace alone; every other mapping it reads otherwise",
		rows: ["criu.deleted"],
	},
	{
		says: "where clone3 is hidden, CRIU chooses pids by ns_last_pid",
		rows: ["criu.plain", "criu.tree"],
	},
];
