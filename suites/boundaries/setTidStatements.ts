/** What is known of set_tid, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const SET_TID_STATEMENTS: readonly Statement[] = [
	{
		says: "without the capability free, taken and own pids are EPERM",
		rows: ["set_tid.free_tid", "set_tid.own_pid", "set_tid.pid_1"],
	},
	{
		says: "out of range is EINVAL before EPERM; so are too many levels",
		rows: [
			"set_tid.tid_0",
			"set_tid.tid_negative",
			"set_tid.tid_pid_max",
			"set_tid.size_33",
			"set_tid.too_many_levels",
			"set_tid.tid_int_max",
		],
	},
	{
		says: "bad pointer EFAULT; pointer and size that do not match EINVAL",
		rows: [
			"set_tid.bad_pointer",
			"set_tid.size_without_array",
			"set_tid.array_without_size",
		],
	},
	{
		says: "bad pointer and bad exit signal: EINVAL, since 7.1 EFAULT",
		rows: ["set_tid.bad_pointer_bad_signal", "set_tid.bad_signal"],
	},
	{
		says: "with it a free pid is had exactly, low ones and pid_max-1 too; a taken one is EEXIST",
		rows: [
			"set_tid.free_tid",
			"set_tid.last_tid",
			"set_tid.own_pid",
			"set_tid.pid_1",
			"set_tid.same_pid_twice",
			"set_tid.low_tid",
		],
	},
	{
		says: "sizes of the struct: 63, 64, 72, 80, 88, a page, more",
		rows: [
			"set_tid.size_63",
			"set_tid.size_64",
			"set_tid.size_72",
			"set_tid.size_80",
			"set_tid.size_88",
			"set_tid.size_4096",
			"set_tid.size_beyond_page",
			"set_tid.tail_not_zero",
		],
	},
	{
		says: "a thread's id can be chosen, and that of a process that borrows memory",
		rows: [
			"set_tid.thread",
			"set_tid.thread_without_capability",
			"set_tid.vfork",
		],
	},
	{
		says: "every call is checked; a refusal keeps no pid and moves no counter",
		rows: [
			"set_tid.dropped_after_first",
			"set_tid.refused_inner_freed",
			"set_tid.counter_stays",
		],
	},
	{
		says: "CLONE_NEWPID takes CAP_SYS_ADMIN first; then [1], [2], [1,N], [1,1]",
		rows: [
			"set_tid.newpid_1",
			"set_tid.newpid_2",
			"set_tid.newpid_1_free",
			"set_tid.newpid_1_taken",
		],
	},
	{
		says: "no reaper yet: [5] EINVAL, since 7.0 EPERM without the capability; [1]",
		rows: [
			"set_tid.no_reaper_5_dropped",
			"set_tid.no_reaper_1_dropped",
			"set_tid.no_reaper_5",
			"set_tid.no_reaper_1",
			"set_tid.no_reaper_5_free",
		],
	},
	{
		says: "each level needs the capability over its own namespace",
		rows: [
			"set_tid.two_levels",
			"set_tid.three_levels",
			"set_tid.four_levels",
			"set_tid.newuser_newpid_1_free",
		],
	},
	{
		says: "the 7.x reordering: all levels are checked before any is allocated",
		rows: [
			"set_tid.taken_then_refused",
			"set_tid.taken_then_out_of_range",
			"set_tid.free_then_out_of_range",
		],
	},
	{
		says: "the owner of a user namespace has the capability in it, seen from its parent",
		rows: ["set_tid.newuser_newpid_1", "set_tid.free_tid"],
	},
	{
		says: "ENOSYS under a seccomp filter",
		rows: ["containers.clone3_filtered"],
	},
	{
		says: "CLONE_PARENT, CLONE_PIDFD, CLONE_CLEAR_SIGHAND, CLONE_NEWTIME and CLONE_INTO_CGROUP change nothing about the check, and lose nothing by it",
		rows: [
			"set_tid.with_parent",
			"set_tid.with_pidfd",
			"set_tid.with_clear_sighand",
			"set_tid.with_newtime",
			"set_tid.with_into_cgroup",
			"set_tid.foreign_cgroup",
		],
	},
	{
		says: "a capability that let somebody through is accounted (PF_SUPERPRIV); which of the two it was shows in audit, and in the trace event cap_capable, which is not asked: few kernels have it, and suite lsm reads the audit records",
		rows: ["set_tid.accounted"],
	},
	{
		says: "the first version of capset() leaves and gives nothing above bit 31",
		rows: ["set_tid.capset_v1"],
	},
	{
		says: "since 6.14 each level has the pid_max of its own namespace",
		rows: ["set_tid.outer_pid_max", "set_tid.inner_pid_max"],
	},
	{
		says: "a namespace whose first process has ended is ENOMEM, behind range and capability; the outer pid is free again",
		rows: ["set_tid.dead_namespace"],
	},
	{
		says: "without set_tid anyone may use clone3",
		rows: ["set_tid.no_set_tid", "set_tid.size_64"],
	},
	{
		says: "permitted but not effective is not enough",
		rows: ["set_tid.permitted_only"],
	},
];
