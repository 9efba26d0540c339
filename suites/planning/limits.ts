/**
 * Limits that an administrator sets, and what of a program does not fit into them. ENOSPC of a quota, or EPERM of yama's, is no
 * failure of the kernel's: such a case is skipped, with the setting and its value.
 */
import { holds } from "../model/caps.js";
import { type Facts, number } from "../model/facts.js";
import { missing } from "../model/needs.js";
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
	readonly room: number;
	/** Does a namespace of the case's own have another limit? */
	readonly notWith?: RegExp;
}

/** The namespaces of the case before may not be gone yet: the kernel ends them in the background. */
const namespaces = (kind: string, steps: RegExp): Limit => ({
	sysctl: `user.max_${kind}_namespaces`,
	fact: `max_${kind}_namespaces`,
	steps,
	room: 4,
});

/** A new namespace of System V IPC begins with the usual limits. */
const ipc = (name: string, steps: RegExp, room: number, field = 0): Limit => ({
	sysctl: `kernel.${name}`,
	fact: name,
	field,
	steps,
	room,
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
		/(?:^| )(?:mntns(?==| |$)|scratch(?= |$)|unshare\??=mnt(?= |$))|\bnewns\b/g,
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

/** The value of a limit: one number of several. */
function limitIn({ fact, field = 0 }: Limit, facts: Facts): number | undefined {
	const text = facts.reported[fact]?.trim().split(/\s+/)[field];
	return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

function beyond(limit: Limit, program: string, facts: Facts): string | null {
	const value = limitIn(limit, facts);
	if (value === undefined || limit.notWith?.test(program)) return null;
	const taken = program.match(limit.steps)?.length ?? 0;
	return taken > 0 && value < taken + limit.room
		? `${limit.sysctl} is ${facts.reported[limit.fact]?.trim().replace(/\s+/g, " ")}`
		: null;
}

/** The steps that attach to a process. */
const ATTACHES =
	/(?:^| )(?:seize=|suspend_seccomp|get_filter|get_metadata|ptrace_exe|traceme|under_tracer)/;

/** Yama's ptrace_scope 2 leaves attaching to CAP_SYS_PTRACE, and 3 to nobody. */
function yama(program: string, subject: Subject, facts: Facts): string | null {
	const scope = number(facts, "yama_ptrace_scope") ?? 0;
	if (scope < 2 || !ATTACHES.test(program)) return null;
	if (scope === 2 && holds(subject.caps, "sys_ptrace")) return null;
	return `kernel.yama.ptrace_scope is ${scope}: ${scope === 2 ? "only CAP_SYS_PTRACE attaches" : "nobody attaches"}`;
}

/** A subject that lost its being dumpable by what it gained. */
const staysDumpable = (subject: Subject, facts: Facts): string | null =>
	/dumpable:0/.test(subject.ready) ? missing(["dumpable_lost"], facts) : null;

/** The setting that leaves no room for this case, with its value; null where there is none. */
export const beyondLimits = (
	program: string,
	subject: Subject,
	facts: Facts,
): string | null =>
	beyondPidMax(program, facts) ??
	yama(program, subject, facts) ??
	staysDumpable(subject, facts) ??
	LIMITS.reduce<string | null>(
		(reason, limit) => reason ?? beyond(limit, program, facts),
		null,
	);
