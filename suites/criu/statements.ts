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
		says: "a victim in a user namespace below CRIU's is checkpointed only by who may change groups (CAP_SETGID): CRIU's own doing, and no boundary's",
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
