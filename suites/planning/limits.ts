/**
 * Limits that an administrator sets, and what of a program does not fit into them. ENOSPC of a quota, or EPERM of yama's, is no
 * failure of the kernel's: such a case is skipped, with the setting and its value.
 */
import { holds } from "../model/caps.js";
import { type Facts, number } from "../model/facts.js";
import type { Subject } from "../model/subjects.js";
import { beyondPidMax } from "./pids.js";

interface Limit {
	/** The sysctl, and the fact that has its value. */
	readonly sysctl: string;
	readonly fact: string;
	/** Which number of the value counts, from 0. */
	readonly field?: number;
	/** The steps that take from it. */
	readonly steps: RegExp;
	/** What must be left beside what the steps take. */
	readonly margin: number;
	/** Does a namespace of the case's own have another limit? */
	readonly notWith?: RegExp;
}

/** The namespaces of the case before may not be gone yet: the kernel ends them in the background. */
const namespaces = (kind: string, steps: RegExp): Limit => ({
	sysctl: `user.max_${kind}_namespaces`,
	fact: `max_${kind}_namespaces`,
	steps,
	margin: 4,
});

/** A new namespace of System V IPC begins with the usual limits. */
const ipc = (
	name: string,
	steps: RegExp,
	margin: number,
	field = 0,
): Limit => ({
	sysctl: `kernel.${name}`,
	fact: name,
	field,
	steps,
	margin,
	notWith: /(?:^| )unshare=ipc(?: |$)/,
});

const MSG = /(?:^| )(?:ipc_new=msg|msgq=|msg_qbytes)/g;
const SEM = /(?:^| )ipc_new=sem/g;
const SHM = /(?:^| )(?:ipc_new=shm|map=\w,sysv)/g;

const LIMITS: readonly Limit[] = [
	namespaces(
		"user",
		/(?:^| )(?:userns(?==| |$)|unshare\??=user(?= |$)|idmap=)|\bnewuser\b/g,
	),
	namespaces(
		"pid",
		/(?:^| )(?:pidns(?= |$)|unshare\??=pid(?= |$))|\bnewpid\b/g,
	),
	namespaces("ipc", /(?:^| )unshare\??=ipc(?= |$)/g),
	namespaces(
		"mnt",
		/(?:^| )(?:mntns(?==| |$)|cgroups(?==| |$)|scratch(?= |$)|unshare\??=mnt(?= |$))|\bnewns\b/g,
	),
	namespaces("time", /(?:^| )unshare\??=time(?= |$)|\bnewtime\b/g),
	namespaces("net", /(?:^| )unshare\??=net(?= |$)/g),
	namespaces("uts", /(?:^| )unshare\??=uts(?= |$)/g),
	ipc("msgmni", MSG, 4),
	ipc("sem", SEM, 1, 0),
	ipc("sem", SEM, 4, 1),
	ipc("sem", SEM, 4, 3),
	ipc("shmmni", SHM, 4),
	ipc("shmmax", SHM, 65_536),
	ipc("shmall", SHM, 64),
];

/** No program takes more of anything than this. */
const MOST = 64;

/** The limits that some program may meet, each with its value: far ones cost a case nothing. */
function lowLimits(facts: Facts): readonly (Limit & { value: number })[] {
	return LIMITS.flatMap((limit) => {
		const text = facts.reported[limit.fact]?.trim().split(/\s+/)[
			limit.field ?? 0
		];
		const value =
			text !== undefined && /^\d+$/.test(text)
				? Number(text)
				: Number.POSITIVE_INFINITY;
		return value < limit.margin + MOST ? [{ ...limit, value }] : [];
	});
}

/** The steps that attach to a process. */
export const ATTACHES =
	/(?:^| )(?:seize=|suspend_seccomp|get_filter|get_metadata|ptrace_exe|traceme|under_tracer)/;

/** Tells the setting that leaves no space for a case, with its value; null where there is none. */
export type LimitCheck = (program: string, subject: Subject) => string | null;

export function limitsOf(facts: Facts): LimitCheck {
	const low = lowLimits(facts);
	const onlyPtracers = number(facts, "yama_ptrace_scope") === 2;
	return (program, subject) => {
		const pids = beyondPidMax(program, facts);
		if (pids !== null) return pids;
		if (
			onlyPtracers &&
			ATTACHES.test(program) &&
			!holds(subject.caps, "sys_ptrace")
		)
			return "kernel.yama.ptrace_scope is 2: only CAP_SYS_PTRACE attaches";
		for (const { sysctl, fact, steps, margin, notWith, value } of low) {
			if (notWith?.test(program)) continue;
			const taken = program.match(steps)?.length ?? 0;
			if (taken > 0 && value < taken + margin)
				return `${sysctl} is ${facts.reported[fact]?.trim().replace(/\s+/g, " ")}`;
		}
		return null;
	};
}
