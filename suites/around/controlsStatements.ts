/** What is known of controls, and the rows that ask a kernel about it. */
import type { Statement } from "../model/statement.js";

export const CONTROLS_STATEMENTS: readonly Statement[] = [
	{
		says: "what stays closed: SO_*BUFFORCE, SO_MARK, TCP_REPAIR, another's pid in SCM_CREDENTIALS",
		rows: [
			"controls.sndbufforce",
			"controls.rcvbufforce",
			"controls.so_mark",
			"controls.tcp_repair",
			"controls.scm_pid",
		],
	},
	{
		says: "ptrace's seccomp options, and other processes: ptrace access, their links, limits, memory, descriptors",
		rows: [
			"controls.suspend_seccomp",
			"controls.get_filter",
			"controls.get_metadata",
			"controls.kcmp",
			"controls.process_vm",
			"controls.getfd",
			"controls.proc_link",
			"controls.hidepid",
			"controls.prlimit",
		],
	},
	{
		says: "limits: hard ones, the OOM score, the sizes of pipes and queues, pid_max, which anyone may read; pagemap",
		rows: [
			"controls.rlimit",
			"controls.oom_adj",
			"controls.pipe_size",
			"controls.msg_qbytes",
			"controls.set_pid_max",
			"controls.pagemap",
			"controls.read_pid_max",
		],
	},
	{
		says: "making and entering namespaces, mapping ids, mounting, the host's name",
		rows: [
			"controls.make_pidns",
			"controls.make_ipcns",
			"controls.make_mntns",
			"controls.make_utsns",
			"controls.make_netns",
			"controls.enter_pidns",
			"controls.enter_ipcns",
			"controls.enter_utsns",
			"controls.idmap",
			"controls.mount",
			"controls.hostname",
		],
	},
	{
		says: "other users' queues; terminals: TIOCSTI, TIOCCONS, TIOCEXCL",
		rows: [
			"controls.ipc_owner",
			"controls.ipc_set",
			"controls.tiocsti",
			"controls.tioccons",
			"controls.exclusive",
		],
	},
	{
		says: "what a restorer wants besides: a seccomp filter without no_new_privs, time namespace offsets (CAP_SYS_TIME over the namespace), processes beyond RLIMIT_NPROC, open_by_handle_at(), userfaultfd's kernel faults",
		rows: [
			"controls.filter",
			"controls.timens_offsets",
			"controls.nproc",
			"controls.by_handle",
			"controls.userfaultfd",
		],
	},
	{
		says: "CLONE_INTO_CGROUP takes the right to write both cgroups' cgroup.procs, whatever is asked of the pid",
		rows: ["controls.into_cgroup"],
	},
	{
		says: "the limits of message queues and shared memory in an ipc namespace of one's own go by user ids; since 6.9 the namespace's user 0 has them",
		rows: [
			"controls.own_msgmni",
			"controls.own_shmmni",
			"controls.own_mqueues",
		],
	},
];
