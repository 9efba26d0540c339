/** What is known of ipc_next_id, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const IPC_NEXT_ID_STATEMENTS: readonly Statement[] = [
	{
		says: "a capability that let somebody through is accounted (PF_SUPERPRIV)",
		rows: ["ipc_next_id.accounted"],
	},
	{
		says: "the three generations of the check; EACCES at open, EPERM at write",
		rows: [
			"ipc_next_id.sem_next",
			"ipc_next_id.msg_next",
			"ipc_next_id.shm_next",
			"ipc_next_id.msg_opened_by_root",
			"ipc_next_id.msg_dropped_after_open",
			"ipc_next_id.sem_opened_by_root",
			"ipc_next_id.shm_opened_by_root",
			"ipc_next_id.sem_dropped_after_open",
			"ipc_next_id.shm_dropped_after_open",
		],
	},
	{
		says: "reading is free, -1 is EINVAL, access(W_OK) asks for the real user",
		rows: [
			"ipc_next_id.msg_read",
			"ipc_next_id.msg_negative",
			"ipc_next_id.access",
			"ipc_next_id.sem_read",
			"ipc_next_id.shm_read",
			"ipc_next_id.sem_negative",
			"ipc_next_id.shm_negative",
		],
	},
	{ says: "the ipc namespace's owner counts", rows: ["ipc_next_id.msg_next"] },
	{
		says: "every write is checked; a requested id holds for the next new object, with a key or without, and for nothing else",
		rows: [
			"ipc_next_id.sem_dropped_after_write",
			"ipc_next_id.msg_dropped_after_write",
			"ipc_next_id.shm_dropped_after_write",
			"ipc_next_id.next_only_once",
			"ipc_next_id.keyed",
			"ipc_next_id.found",
			"ipc_next_id.index_taken",
			"ipc_next_id.last_index_taken",
			"ipc_next_id.counter_stays",
			"ipc_next_id.zero",
		],
	},
	{
		says: "permitted but not effective is not enough",
		rows: [
			"ipc_next_id.sem_permitted_only",
			"ipc_next_id.msg_permitted_only",
			"ipc_next_id.shm_permitted_only",
		],
	},
	{
		says: "the other System V IPC sysctls are root's by their mode, and no capability counts",
		rows: [
			"ipc_next_id.other_msgmni",
			"ipc_next_id.other_msgmax",
			"ipc_next_id.other_shmmax",
			"ipc_next_id.other_sem",
		],
	},
];
