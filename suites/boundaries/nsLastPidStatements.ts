/** What is known of ns_last_pid, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const NS_LAST_PID_STATEMENTS: readonly Statement[] = [
	{
		says: "anyone may lock the file, as CRIU does; the lock excludes other lockers and no writer",
		rows: ["ns_last_pid.flock"],
	},
	{
		says: "a capability that let somebody through is accounted (PF_SUPERPRIV)",
		rows: ["ns_last_pid.accounted"],
	},
	{
		says: "reading and opening in any mode is free; access(W_OK) says yes to everyone",
		rows: [
			"ns_last_pid.read",
			"ns_last_pid.open_read_write",
			"ns_last_pid.access_says_nothing",
		],
	},
	{
		says: "without the capability every write is EPERM: numbers, garbage, out of range, nothing",
		rows: [
			"ns_last_pid.next_pid",
			"ns_last_pid.garbage",
			"ns_last_pid.too_large",
			"ns_last_pid.empty_write",
		],
	},
	{
		says: "the writer's credentials count, not the opener's, in both directions",
		rows: [
			"ns_last_pid.opened_by_root",
			"ns_last_pid.opened_without_capability",
			"ns_last_pid.dropped_after_open",
		],
	},
	{
		says: "every write is checked, on whatever descriptor and by whatever call it comes",
		rows: [
			"ns_last_pid.dropped_after_write",
			"ns_last_pid.read_write",
			"ns_last_pid.splice",
		],
	},
	{
		says: "permitted but not effective is not enough, nor is inheritable; the bounding set and a filter take nothing away",
		rows: [
			"ns_last_pid.permitted_only",
			"ns_last_pid.inheritable_only",
			"ns_last_pid.out_of_bounding_set",
			"ns_last_pid.filtered",
		],
	},
	{
		says: "credentials are a thread's",
		rows: ["ns_last_pid.thread_without_capability"],
	},
	{
		says: "N, then fork: N+1, in no other namespace; what is read is what was written",
		rows: [
			"ns_last_pid.next_pid",
			"ns_last_pid.refusal_has_no_effect",
			"ns_last_pid.outer_namespace",
			"ns_last_pid.read_back",
		],
	},
	{
		says: "low pids are in reach; pid_max and pid_max-1 wrap to 300",
		rows: [
			"ns_last_pid.from_zero",
			"ns_last_pid.from_ten",
			"ns_last_pid.end",
			"ns_last_pid.last",
		],
	},
	{
		says: "pid_max+1, -1, 2^31, 2^32+9000, letters, spaces are EINVAL",
		rows: [
			"ns_last_pid.too_large",
			"ns_last_pid.negative",
			"ns_last_pid.beyond_int",
			"ns_last_pid.beyond_32_bits",
			"ns_last_pid.garbage",
			"ns_last_pid.trailing_letter",
			"ns_last_pid.spaces",
		],
	},
	{
		says: "hexadecimal, white space and a second number are taken",
		rows: [
			"ns_last_pid.hexadecimal",
			"ns_last_pid.white_space",
			"ns_last_pid.second_number",
		],
	},
	{
		says: "the second write, and one at an offset, is taken and ignored, unless writes are not strict",
		rows: [
			"ns_last_pid.second_write",
			"ns_last_pid.write_at_offset",
			"ns_last_pid.seek_and_write",
			"ns_last_pid.writes_not_strict",
		],
	},
	{
		says: "the writer's active pid namespace is changed, whatever its children's is and wherever the file was opened",
		rows: ["ns_last_pid.active_namespace", "ns_last_pid.opened_by_root"],
	},
	{
		says: "a child user namespace may change the pid namespace that it owns, not its parent's",
		rows: ["ns_last_pid.next_pid"],
	},
	{
		says: "read-only /proc/sys: EROFS for writing, reading is free",
		rows: ["containers.proc_sys_read_only"],
	},
	{
		says: "no such file without CHECKPOINT_RESTORE or PID_NS",
		rows: [],
		unasked:
			"a fact that skips the suite; the fault kernels' configurations try it",
	},
	{
		says: "since 6.14 pid_max is a pid namespace's own, and setting it is not this capability's",
		rows: ["ns_last_pid.pid_max_of_namespace", "controls.set_pid_max"],
	},
	{
		says: "a BPF program on the cgroup may refuse before the capability is asked for",
		rows: [],
		unasked:
			"it takes a BPF loader in the guest; the order is the kernel's, not this check's",
	},
];
