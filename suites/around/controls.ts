/** Controls: what CAP_CHECKPOINT_RESTORE must not unlock. */
import { has } from "../model/citations.js";
import { always, both, few, type Row, type Suite } from "../model/row.js";
import { hasCapability, pidOwner } from "../model/subjects.js";
import { CAUGHT, control, own, takes } from "./control.js";
import { OBJECT_ROWS } from "./controlsObject.js";
import { PROCESS_ROWS } from "./controlsProcess.js";
import { RESTORE_ROWS } from "./controlsRestore.js";
import { CONTROLS_STATEMENTS } from "./controlsStatements.js";

const ROWS: readonly Row[] = [
	control({
		name: "sndbufforce",
		title: "SO_SNDBUFFORCE",
		program: "sockopt=sndbufforce",
		capability: "net_admin",
		granted: ["0:set"],
		denied: ["EPERM"],
		cite: "control_net",
		needs: ["inet"],
	}),
	control({
		name: "rcvbufforce",
		title: "SO_RCVBUFFORCE",
		program: "sockopt=rcvbufforce",
		capability: "net_admin",
		granted: ["0:set"],
		denied: ["EPERM"],
		cite: "control_net",
		needs: ["inet"],
	}),
	control({
		name: "tcp_repair",
		title: "TCP_REPAIR",
		program: "sockopt=tcp_repair",
		capability: "net_admin",
		granted: ["0:set"],
		denied: ["EPERM"],
		cite: "control_tcp_repair",
		needs: ["inet"],
	}),
	control({
		name: "so_mark",
		title: "SO_MARK",
		program: "sockopt=mark",
		capability: "net_admin",
		granted: ["0:set"],
		denied: ["EPERM"],
		cite: "control_so_mark",
		needs: ["inet"],
	}),
	control({
		name: "suspend_seccomp",
		title: "PTRACE_O_SUSPEND_SECCOMP",
		program: "suspend_seccomp",
		capability: "sys_admin",
		granted: ["0"],
		denied: ["EPERM"],
		cite: "control_suspend_seccomp",
		needs: ["seccomp", "mm_map"],
	}),
	control({
		name: "get_filter",
		title: "PTRACE_SECCOMP_GET_FILTER of a process without a filter",
		program: "get_filter",
		capability: "sys_admin",
		granted: ["EINVAL"],
		denied: ["EACCES"],
		cite: "control_get_filter",
		needs: ["seccomp", "mm_map"],
	}),
	control({
		name: "get_metadata",
		title: "PTRACE_SECCOMP_GET_METADATA of a process without a filter",
		program: "get_metadata",
		capability: "sys_admin",
		granted: ["EINVAL"],
		denied: ["EACCES"],
		cite: "control_get_metadata",
		needs: ["seccomp_filter", "mm_map"],
	}),
	control({
		name: "pagemap",
		title: "page frame numbers in /proc/self/pagemap",
		program: "pagemap",
		capability: "sys_admin",
		granted: ["0:shown"],
		denied: ["0:hidden"],
		cite: "control_pagemap",
		needs: ["pagemap"],
	}),
	control({
		name: "make_pidns",
		title: "unshare(CLONE_NEWPID)",
		program: "unshare?=pid",
		capability: "sys_admin",
		depth: own,
		granted: ["0"],
		denied: ["EPERM"],
		cite: "control_namespaces",
		needs: ["pid_ns"],
	}),
	control({
		name: "make_ipcns",
		title: "unshare(CLONE_NEWIPC)",
		program: "unshare?=ipc",
		capability: "sys_admin",
		depth: own,
		granted: ["0"],
		denied: ["EPERM"],
		cite: "control_namespaces",
		needs: ["ipc_ns"],
	}),
	control({
		name: "make_mntns",
		title: "unshare(CLONE_NEWNS)",
		program: "unshare?=mnt",
		capability: "sys_admin",
		depth: own,
		granted: ["0"],
		denied: ["EPERM"],
		cite: "control_namespaces",
	}),
	control({
		name: "make_utsns",
		title: "unshare(CLONE_NEWUTS)",
		program: "unshare?=uts",
		capability: "sys_admin",
		depth: own,
		subjects: both(takes, few),
		granted: ["0"],
		denied: ["EPERM"],
		cite: "control_namespaces",
		needs: ["uts_ns"],
	}),
	control({
		name: "make_netns",
		title: "unshare(CLONE_NEWNET)",
		program: "unshare?=net",
		capability: "sys_admin",
		depth: own,
		subjects: both(takes, few),
		granted: ["0"],
		denied: ["EPERM"],
		cite: "control_namespaces",
		needs: ["net_ns"],
	}),
	{
		name: "enter_pidns",
		title: "setns() into a pid namespace that the initial user namespace owns",
		probe: "setns?",
		program:
			"spawn=t { pidns } open=n,r,/proc/$t/ns/pid_for_children @ setns?=fd,n",
		subjects: takes,
		expect: (s) =>
			hasCapability(s, "sys_admin", 0) && s.pidOwners.length === 1
				? {
						results: ["0"],
						reason: "CAP_SYS_ADMIN allows it",
						cite: "control_setns",
					}
				: hasCapability(s, "sys_admin", 0)
					? {
							results: ["EINVAL"],
							reason:
								"only a descendant of the own pid namespace can be entered",
							cite: "control_setns",
						}
					: {
							results: ["EPERM"],
							reason:
								"this takes CAP_SYS_ADMIN, in the initial user namespace too",
							cite: "control_setns",
						},
		needs: ["pid_ns"],
		catches: CAUGHT,
	},
	{
		name: "set_pid_max",
		title: "write /proc/sys/kernel/pid_max",
		probe: "write",
		program:
			"number=m,/proc/sys/kernel/pid_max open=f,w,/proc/sys/kernel/pid_max write=f,$m",
		subjects: takes,
		expect: (s, facts) => {
			// Root of the initial user namespace may by the file's mode; since 6.14 also who rules the pid namespace.
			const perNamespace = has("pid_max_per_ns", facts.version);
			const rules =
				perNamespace &&
				(hasCapability(s, "sys_admin", pidOwner(s)) ||
					(s.userDepth === 1 && pidOwner(s) === 1));
			const cite = perNamespace ? "pid_max_per_ns" : "control_sysctl";
			return s.kuid === 0 || rules
				? {
						results: ["0", "0"],
						reason: "the pid namespace's root, or CAP_SYS_ADMIN over it, may",
						cite,
					}
				: {
						results: ["EACCES", "-"],
						reason:
							"only root, or since 6.14 CAP_SYS_ADMIN over the pid namespace, may",
						cite,
					};
		},
		catches: CAUGHT,
	},
	{
		name: "read_pid_max",
		title: "read /proc/sys/kernel/pid_max: anyone may",
		probe: "cat",
		program: "cat=/proc/sys/kernel/pid_max",
		subjects: takes,
		expect: always(
			["0:*"],
			"the file's mode lets everyone read",
			"control_sysctl",
		),
		catches: "reading takes a capability",
	},
	...PROCESS_ROWS,
	...OBJECT_ROWS,
	...RESTORE_ROWS,
];

export const CONTROLS: Suite = {
	name: "controls",
	description: "what CAP_CHECKPOINT_RESTORE must not unlock",
	needs: [],
	statements: CONTROLS_STATEMENTS,
	rows: ROWS.map((row) => ({ levels: 0, ...row })),
};
