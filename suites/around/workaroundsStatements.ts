/** What is known of workarounds, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const WORKAROUNDS_STATEMENTS: readonly Statement[] = [
	{
		says: "anyone may fork until the wanted pid comes: pids are given out in order",
		rows: ["workarounds.cycle_through_pids"],
	},
	{
		says: "a set-user-id root helper sets the next pid for its caller; another's fork in between takes it",
		rows: ["workarounds.suid_helper", "workarounds.suid_helper_race"],
	},
	{
		says: "without the capability a program can run under another's name in /proc/PID/exe, and under its loader's",
		rows: ["workarounds.ptrace_exe", "workarounds.own_loader"],
	},
	{
		says: "who makes a user namespace has the capability in it: for pids in a pid namespace of its own and for /proc/self/exe",
		rows: [
			"workarounds.userns_pidns_ns_last_pid",
			"workarounds.userns_pidns_set_tid",
			"workarounds.userns_exe_fd",
			"workarounds.userns_unmapped_exe_fd",
		],
	},
	{
		says: "no user namespace of one's own opens map_files",
		rows: ["workarounds.userns_map_files"],
	},
];
