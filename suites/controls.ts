/** Controls: what CAP_CHECKPOINT_RESTORE must not unlock. */
import type { Capability } from "./caps.js";
import type { CiteName } from "./citations.js";
import { has } from "./citations.js";
import {
	always,
	at,
	both,
	type ExpectedResult,
	type Row,
	type Suite,
} from "./row.js";
import { hasCapability, pidOwner, type Subject } from "./subjects.js";

const CAUGHT = "CAP_CHECKPOINT_RESTORE unlocks what it should not";
const takes = both(
	at("uid0", "uid1000", "userns", "userns_pidns"),
	(s) => !s.name.endsWith("cap_both"),
);

function control(
	name: string,
	title: string,
	program: string,
	capability: Capability,
	depth: (s: Subject) => number,
	granted: readonly ExpectedResult[],
	denied: readonly ExpectedResult[],
	cite: CiteName,
	needs: Row["needs"] = [],
): Row {
	return {
		name,
		title,
		probe: program.split(" ").at(-1)?.split("=")[0] ?? "",
		program,
		subjects: takes,
		expect: (s) =>
			hasCapability(s, capability, depth(s))
				? {
						results: granted,
						reason: `CAP_${capability.toUpperCase()} allows it`,
						cite,
					}
				: {
						results: denied,
						reason: `this takes CAP_${capability.toUpperCase()}`,
						cite,
					},
		needs,
		catches: CAUGHT,
	};
}

const initial = (): number => 0;
const own = (s: Subject): number => s.userDepth;

const ROWS: readonly Row[] = [
	control(
		"sndbufforce",
		"SO_SNDBUFFORCE",
		"sockopt=sndbufforce",
		"net_admin",
		initial,
		["0:set"],
		["EPERM"],
		"control_net",
		["inet"],
	),
	control(
		"rcvbufforce",
		"SO_RCVBUFFORCE",
		"sockopt=rcvbufforce",
		"net_admin",
		initial,
		["0:set"],
		["EPERM"],
		"control_net",
		["inet"],
	),
	control(
		"tcp_repair",
		"TCP_REPAIR",
		"sockopt=tcp_repair",
		"net_admin",
		initial,
		["0:set"],
		["EPERM"],
		"control_tcp_repair",
		["inet"],
	),
	control(
		"suspend_seccomp",
		"PTRACE_O_SUSPEND_SECCOMP",
		"suspend_seccomp",
		"sys_admin",
		initial,
		["0"],
		["EPERM"],
		"control_suspend_seccomp",
		["seccomp", "mm_map"],
	),
	control(
		"get_filter",
		"PTRACE_SECCOMP_GET_FILTER of a process without a filter",
		"get_filter",
		"sys_admin",
		initial,
		["EINVAL"],
		["EACCES"],
		"control_get_filter",
		["seccomp", "mm_map"],
	),
	control(
		"pagemap",
		"page frame numbers in /proc/self/pagemap",
		"pagemap",
		"sys_admin",
		initial,
		["0:shown"],
		["0:hidden"],
		"control_pagemap",
		["pagemap"],
	),
	control(
		"make_pidns",
		"unshare(CLONE_NEWPID)",
		"unshare?=pid",
		"sys_admin",
		own,
		["0"],
		["EPERM"],
		"control_namespaces",
		["pid_ns"],
	),
	control(
		"make_ipcns",
		"unshare(CLONE_NEWIPC)",
		"unshare?=ipc",
		"sys_admin",
		own,
		["0"],
		["EPERM"],
		"control_namespaces",
		["ipc_ns"],
	),
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
];

export const CONTROLS: Suite = {
	name: "controls",
	description: "what CAP_CHECKPOINT_RESTORE must not unlock",
	needs: [],
	rows: ROWS.map((row) => ({ levels: 0, ...row })),
};
