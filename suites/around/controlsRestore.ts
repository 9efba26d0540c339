/** Controls: what a restorer wants besides, and other capabilities guard. */

import { both, few, type Row } from "../model/row.js";
import { hasCapability } from "../model/subjects.js";
import {
	CAUGHT,
	control,
	own,
	sharingPids,
	takes,
	withoutUid0,
} from "./control.js";

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
