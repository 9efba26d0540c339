/** Rows: what is asked of a kernel. A row and a subject make a case. */
import type { CiteName } from "./citations.js";
import type { Facts } from "./facts.js";
import type { NeedName } from "./needs.js";
import type { Statement } from "./statement.js";
import { mayCheckpointRestore, type Subject } from "./subjects.js";

/** The permission checks of the kernel, each the name of a suite as well. */
export const BOUNDARIES = [
	"ns_last_pid",
	"set_tid",
	"map_files",
	"exe_fd",
	"ipc_next_id",
	"tty_lock",
] as const;

export type Boundary = (typeof BOUNDARIES)[number];

/**
 * What a step must give: `0` (success), `0:PATTERN` (and that evidence; `*` stands for digits), `0:!PATTERN` (and any
 * other evidence), an errno's name, or `-` (not tried, since a step that it builds on was refused).
 */
export type ExpectedResult = string;

export interface Expectation {
	/** One for each operation behind the step `--`, in order. */
	readonly results: readonly ExpectedResult[];
	readonly reason: string;
	readonly cite: CiteName;
}

export interface Row {
	/** Part of case ids, after the suite. */
	readonly name: string;
	/** What is tried, in a sentence. */
	readonly title: string;
	/** The deciding operation. */
	readonly probe: string;
	/** The steps; `@` stands where the subject is made, else it is made first. */
	readonly program: string | ((subject: Subject) => string);
	readonly subjects: (subject: Subject) => boolean;
	readonly expect: (subject: Subject, facts: Facts) => Expectation;
	/** The kernel fault that this would catch. */
	readonly catches: string;
	readonly needs?: readonly NeedName[];
	/** How many pid namespaces, the innermost first, the operation writes to (or would, on a broken kernel). */
	readonly levels?: number;
	/** Its steps reach something of the machine's own besides. */
	readonly touchesHost?: true;
	/** The boundaries that it is about, where its suite is not a boundary's or it is about others as well. */
	readonly boundaries?: readonly Boundary[];
	/** Milliseconds, where it needs longer than most. */
	readonly deadlineMs?: number;
}

export interface Suite {
	/** The first part of case ids; a boundary's name where the suite is about that one. */
	readonly name: string;
	readonly description: string;
	/** What every row of it needs. */
	readonly needs: readonly NeedName[];
	/** What is known of its subject. Every row stands in one of them. */
	readonly statements: readonly Statement[];
	readonly rows: readonly Row[];
}

/** The boundaries that a row is about: what it says, or its suite's. Empty where it is about none. */
export function boundariesOf(suite: Suite, row: Row): readonly Boundary[] {
	return (
		row.boundaries ?? BOUNDARIES.filter((boundary) => boundary === suite.name)
	);
}

/* Which subjects a row takes. */

export const core = (subject: Subject): boolean =>
	subject.groups.includes("core");

/** The deciding row of each boundary takes everyone: the core, the sweep, all routes and all namespaces. */
export const swept = (subject: Subject): boolean =>
	core(subject) ||
	["sweep", "route", "namespace"].some((group) =>
		subject.groups.includes(group),
	);

/** The same where only the initial user namespace counts: there is no sweep below it. */
export const sweptInitial = (subject: Subject): boolean =>
	swept(subject) &&
	!(subject.groups.includes("sweep") && subject.userDepth > 0);

/** Those for whom namespaces matter. */
export const acrossNamespaces = (subject: Subject): boolean =>
	core(subject) || subject.groups.includes("namespace");

/** Every placement with the sets that make a difference: none, either capability, all but both. */
export const wide = (subject: Subject): boolean =>
	core(subject) && !/-(cap_both|all)$/.test(subject.name);

const FEW = new Set([
	"uid0-none",
	"uid0-cap_checkpoint_restore",
	"uid1000-none",
	"uid1000-cap_checkpoint_restore",
	"uid1000-cap_sys_admin",
	"uid1000-all_but_both",
	"userns-cap_checkpoint_restore",
	"userns_pidns-none",
	"userns_pidns-cap_checkpoint_restore",
]);

/** For the order of checks: some who pass and some who do not, here and there. */
export const few = (subject: Subject): boolean => FEW.has(subject.name);

export const at =
	(...placements: string[]) =>
	(subject: Subject): boolean =>
		core(subject) && placements.some((name) => subject.groups.includes(name));

export const named =
	(...names: string[]) =>
	(subject: Subject): boolean =>
		names.includes(subject.name);

export const both =
	(...tests: ((subject: Subject) => boolean)[]) =>
	(subject: Subject): boolean =>
		tests.every((test) => test(subject));

/* How a row's expectation depends on who tries. */

interface Outcome {
	readonly results: readonly ExpectedResult[];
	readonly reason: string;
	readonly cite: CiteName;
}

/** One outcome for the subjects that have either capability at the depth that counts, another for the rest. */
export function gate(
	depth: (subject: Subject) => number,
	granted: Outcome,
	denied: Outcome,
): (subject: Subject, facts: Facts) => Expectation {
	return (subject, facts) =>
		mayCheckpointRestore(subject, depth(subject), facts) ? granted : denied;
}

/** An expectation that is the same for every subject and kernel. */
export function always(
	results: readonly ExpectedResult[],
	reason: string,
	cite: CiteName,
): () => Expectation {
	return () => ({ results, reason, cite });
}

/** Evidence of a new process's pids: `pid` in the innermost namespace, whatever it is in those outside. */
export function pidsAt(subject: Subject, pid: number | string): string {
	return `${"*/".repeat(subject.pidOwners.length - 1)}${pid}`;
}
