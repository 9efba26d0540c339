/** What is known of security modules, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const LSM_STATEMENTS: readonly Statement[] = [
	{
		says: "a policy that denies CAP_CHECKPOINT_RESTORE, or leaves it out, refuses it with the same errno as the lack of it",
		rows: [
			"lsm.ns_last_pid",
			"lsm.set_tid",
			"lsm.map_files",
			"lsm.exe_fd",
			"lsm.ipc_next_id",
			"lsm.tty_lock",
		],
	},
	{
		says: "CAP_CHECKPOINT_RESTORE is asked for first, CAP_SYS_ADMIN next: whoever has the latter gets through, unless the policy denies both",
		rows: ["lsm.set_tid", "lsm.ns_last_pid"],
	},
	{
		says: "a refusal is recorded with the capability's number and name, when a module refused and only then; deny of AppArmor and dontaudit of SELinux record nothing",
		rows: ["lsm.set_tid", "lsm.exe_fd"],
	},
	{
		says: "SELinux tells a capability over the initial user namespace from one over those below (cap2_userns); AppArmor does not",
		rows: ["lsm.ns_last_pid", "lsm.exe_fd"],
	},
	{
		says: "where only the initial user namespace counts, no module is asked about a subject below it",
		rows: ["lsm.map_files", "lsm.tty_lock"],
	},
	{
		says: "whether a next_id may be written is asked without audit",
		rows: ["lsm.ipc_next_id"],
	},
	{
		says: "Tomoyo lets root change its policy by what /proc/self/exe names: that is why changing the link takes a capability",
		rows: ["lsm.tomoyo_manager", "lsm.tomoyo_other_program"],
	},
	{
		says: "Landlock refuses a file that the capability lets follow; what has no path, such as a memfd, it lets through",
		rows: ["lsm.landlock_file", "lsm.landlock_memfd"],
	},
	{
		says: "a denial by a program of the BPF module has the same errno as one by the capability's check, and CAP_SYS_ADMIN is asked for next",
		rows: ["lsm.bpf_refuses"],
	},
];
