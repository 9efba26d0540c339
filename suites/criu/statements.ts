/** What is known of CRIU, and the rows that try it on a kernel. */
import type { Statement } from "../model/statement.js";

export const CRIU_STATEMENTS: readonly Statement[] = [
	{
		says: "CRIU checkpoints and restores a process of the same user with CAP_CHECKPOINT_RESTORE alone: the same pid, the same memory, and it goes on",
		rows: ["criu.plain", "criu.memfd", "criu.threads", "criu.tree"],
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
