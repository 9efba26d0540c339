/** Controls: what a restorer wants besides, and other capabilities guard. */

import { has } from "../model/citations.js";
import type { NeedName } from "../model/needs.js";
import { both, few, pidsAt, type Row } from "../model/row.js";
import { hasCapability, mayUseCgroup } from "../model/subjects.js";
import {
	CAUGHT,
	control,
	own,
	sharingPids,
	takes,
	withoutUid0,
} from "./control.js";

/** A limit of an ipc namespace of the subject's own. */
function ownLimit(
	name: string,
	what: string,
	file: string,
	need: NeedName,
): Row {
	const path = `/proc/sys/${file}`;
	return {
		name,
		title: `set ${what} in an ipc namespace of one's own`,
		probe: "open",
		program: `open=f,w,${path} write=f,1234 cat=${path}`,
		subjects: (s) =>
			/^(userns_)?ipcns-(none|cap_checkpoint_restore)$/.test(s.name),
		expect: (s, facts) =>
			s.userDepth > 0 && has("ipc_ownership", facts.version)
				? {
						results: ["0", "0:4", "0:1234"],
						reason: "the file is the namespace's user 0's, who the subject is",
						cite: "ipc_ownership",
					}
				: {
						results: ["EACCES", "-", "0:!1234"],
						reason:
							"the file has mode 0644 and is another user's: no capability counts",
						cite: "ipc_limits_own",
					},
		needs: ["ipc_ns", need],
		catches: CAUGHT,
	};
}

export const RESTORE_ROWS: readonly Row[] = [
	control({
		name: "filter",
		title: "a seccomp filter without no_new_privs",
		program: "filter",
		capability: "sys_admin",
		depth: own,
		granted: ["0:filtered"],
		denied: ["EACCES"],
		cite: "control_filter",
		needs: ["seccomp_filter"],
	}),
	control({
		name: "timens_offsets",
		title:
			"write /proc/self/timens_offsets of a time namespace that the initial user namespace owns",
		program: "unshare=time @ timens",
		capability: "sys_time",
		subjects: sharingPids,
		granted: ["0:ahead"],
		denied: ["EPERM"],
		cite: "control_timens",
		needs: ["time_ns"],
	}),
	{
		name: "nproc",
		title: "make a process beyond RLIMIT_NPROC",
		probe: "nproc",
		program: "nproc",
		subjects: withoutUid0,
		expect: (s) =>
			hasCapability(s, "sys_resource", 0) || hasCapability(s, "sys_admin", 0)
				? {
						results: ["0:made"],
						reason: "CAP_SYS_RESOURCE or CAP_SYS_ADMIN allows it",
						cite: "control_nproc",
					}
				: {
						results: ["EAGAIN"],
						reason: "this takes CAP_SYS_RESOURCE or CAP_SYS_ADMIN",
						cite: "control_nproc",
					},
		catches: CAUGHT,
	},
	control({
		name: "by_handle",
		title: "open_by_handle_at()",
		program:
			"scratch mkfile=/tmp/crcap-h,0644,0,handled handle=/tmp/crcap-h @ by_handle=/tmp,7",
		capability: "dac_read_search",
		granted: ["0:handled"],
		denied: ["EPERM"],
		cite: "control_by_handle",
		needs: ["fhandle"],
	}),
	{
		name: "into_cgroup",
		title:
			"make a process in a control group that is root's (CLONE_INTO_CGROUP)",
		probe: "clone3",
		program: "cgroups @ clone3=flags:into_cgroup",
		subjects: both(takes, few),
		expect: (s) =>
			mayUseCgroup(s)
				? {
						results: [`0:${pidsAt(s, "*")}`],
						reason: "user 0 or CAP_DAC_OVERRIDE may write its cgroup.procs",
						cite: "into_cgroup",
					}
				: {
						results: ["EACCES"],
						reason: "this takes the right to write its cgroup.procs",
						cite: "into_cgroup",
					},
		needs: ["cgroup2"],
		touchesHost: true,
		catches: CAUGHT,
	},
	ownLimit(
		"own_msgmni",
		"the number of message queues",
		"kernel/msgmni",
		"sysvipc",
	),
	ownLimit(
		"own_shmmni",
		"the number of shared memory segments",
		"kernel/shmmni",
		"sysvipc",
	),
	ownLimit(
		"own_mqueues",
		"the number of POSIX message queues",
		"fs/mqueue/queues_max",
		"mqueue",
	),
	{
		...control({
			name: "userfaultfd",
			title:
				"a userfaultfd for the kernel's faults, where vm.unprivileged_userfaultfd is 0",
			program: "put=/proc/sys/vm/unprivileged_userfaultfd,0 @ userfaultfd",
			capability: "sys_ptrace",
			subjects: both(takes, few),
			granted: ["0:filled"],
			denied: ["EPERM"],
			cite: "control_userfaultfd",
			needs: ["userfaultfd"],
		}),
		touchesHost: true,
	},
];
