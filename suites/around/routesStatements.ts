/** What is known of routes, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const ROUTES_STATEMENTS: readonly Statement[] = [
	{
		says: "file capabilities clear dumpable; +p clears it, too; prctl sets it again",
		rows: [
			"routes.dumpable_after_ep",
			"routes.dumpable_after_p",
			"routes.dumpable_after_plain",
		],
	},
	{
		says: "what execve, setuid and a new user namespace give or take, seen by what it opens",
		rows: [
			"routes.exec_no_new_privs",
			"routes.exec_traced",
			"routes.exec_shared_fs",
			"routes.exec_ambient",
			"routes.setuid",
			"routes.new_userns_without_sys_admin",
			"routes.traced",
		],
	},
	{
		says: "entering a user namespace gives all capabilities in it, as making one does",
		rows: ["routes.entered_userns"],
	},
	{
		says: "file capabilities of the first format, without bits above 31, can't be written any more",
		rows: ["routes.file_v1"],
	},
	{
		says: "a tracer without CAP_SYS_PTRACE, and a process that shares the working directory (CLONE_FS), keep execve from giving a file's capabilities: subjects of every boundary's deciding row",
		rows: [
			"ns_last_pid.next_pid",
			"set_tid.free_tid",
			"map_files.read_memfd",
			"exe_fd.change",
			"ipc_next_id.msg_next",
			"tty_lock.lock",
		],
	},
	{
		says: "execve is EPERM for +ep outside the bounding set",
		rows: ["routes.exec_bounded_ep", "routes.exec_bounded_p"],
	},
	{
		says: "no_new_privs, nosuid, ambient, unmapped users, revision 3: subjects of every boundary's deciding row",
		rows: [
			"ns_last_pid.next_pid",
			"set_tid.free_tid",
			"map_files.read_memfd",
			"exe_fd.change",
			"ipc_next_id.msg_next",
			"tty_lock.lock",
		],
	},
];
