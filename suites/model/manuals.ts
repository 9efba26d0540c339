/** What the manual pages (man-pages 6.03, Debian bookworm's) say of the boundaries, held against what kernels do. */

export interface ManualNote {
	readonly page: string;
	readonly verdict: "agrees" | "disagrees" | "silent";
	/** What the page says, in our words, and what the kernel does. */
	readonly note: string;
	/** `suite.row` of the cases that show it. */
	readonly rows: readonly string[];
}

export const MANUALS: readonly ManualNote[] = [
	{
		page: "proc(5), /proc/PID/map_files",
		verdict: "disagrees",
		note: "the page asks for the capability in the user namespace where the process is; the kernel asks for it in the initial one, so no user namespace's own is enough",
		rows: ["map_files.read_memfd", "map_files.read_deleted", "map_files.stat"],
	},
	{
		page: "proc(5), /proc/PID/map_files",
		verdict: "disagrees",
		note: "the page wants the capability for reading a link; readlink(), lstat() and listing the directory work without, only following takes it",
		rows: ["map_files.readlink", "map_files.lstat", "map_files.readdir"],
	},
	{
		page: "capabilities(7), CAP_CHECKPOINT_RESTORE",
		verdict: "disagrees",
		note: "the page speaks of map_files links of other processes; a process's own are guarded just the same",
		rows: ["map_files.read_memfd"],
	},
	{
		page: "capabilities(7), CAP_CHECKPOINT_RESTORE",
		verdict: "agrees",
		note: "writing ns_last_pid and choosing pids with set_tid are listed",
		rows: ["ns_last_pid.next_pid", "set_tid.free_tid"],
	},
	{
		page: "capabilities(7), CAP_CHECKPOINT_RESTORE",
		verdict: "silent",
		note: "changing /proc/self/exe is not listed",
		rows: ["exe_fd.change", "exe_fd.change_to_file"],
	},
	{
		page: "capabilities(7), CAP_CHECKPOINT_RESTORE",
		verdict: "silent",
		note: "the System V IPC next_id sysctls are not listed",
		rows: [
			"ipc_next_id.sem_next",
			"ipc_next_id.msg_next",
			"ipc_next_id.shm_next",
		],
	},
	{
		page: "capabilities(7), CAP_CHECKPOINT_RESTORE",
		verdict: "silent",
		note: "locking a terminal's settings is not listed",
		rows: ["tty_lock.lock"],
	},
	{
		page: "clone(2), EPERM with set_tid",
		verdict: "disagrees",
		note: "the page names CAP_SYS_ADMIN only; CAP_CHECKPOINT_RESTORE serves as well",
		rows: ["set_tid.free_tid"],
	},
	{
		page: "clone(2), set_tid",
		verdict: "silent",
		note: "a thread's id can be chosen, too",
		rows: ["set_tid.thread"],
	},
	{
		page: "prctl(2), PR_SET_MM",
		verdict: "disagrees",
		note: "the page wants CAP_SYS_RESOURCE for all operations; PR_SET_MM_MAP without exe_fd takes no capability, with exe_fd it takes CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in the own user namespace",
		rows: ["exe_fd.without_exe_fd", "exe_fd.change"],
	},
	{
		page: "prctl(2), PR_SET_MM_MAP_SIZE",
		verdict: "disagrees",
		note: "the page puts the pointer into the fourth argument; the kernel writes to the third",
		rows: ["exe_fd.map_size"],
	},
	{
		page: "prctl(2), EBUSY",
		verdict: "disagrees",
		note: "the page calls it the answer to a second change; a second change works, EBUSY means that the old executable is still mapped",
		rows: ["exe_fd.still_mapped", "exe_fd.change_twice"],
	},
	{
		page: "access(2)",
		verdict: "agrees",
		note: "it asks for the real user, so for the file capabilities of an ordinary user it says no where open() works, and for ns_last_pid it says yes where write() fails",
		rows: [
			"map_files.access",
			"ns_last_pid.access_says_nothing",
			"ipc_next_id.access",
		],
	},
];

/** The notes about a row, for people; empty where no page speaks of it. */
export function manualNotes(row: string): string[] {
	return MANUALS.filter(({ rows }) => rows.includes(row)).map(
		({ page, verdict, note }) =>
			`${page} ${verdict === "silent" ? "is silent" : verdict}: ${note}`,
	);
}
