/** The plan: every row as every subject that it takes, with what this kernel must answer. */

import { CONTAINER_SUBJECTS, CONTAINERS } from "../around/containers.js";
import { CONTROLS } from "../around/controls.js";
import { LSM } from "../around/lsm.js";
import { LSM_SUBJECTS } from "../around/lsmSubjects.js";
import { ROUTES } from "../around/routes.js";
import { sweep } from "../around/sweep.js";
import { WORKAROUNDS } from "../around/workarounds.js";
import { EXE_FD } from "../boundaries/exeFd.js";
import { IPC_NEXT_ID } from "../boundaries/ipcNextId.js";
import { MAP_FILES } from "../boundaries/mapFiles.js";
import { NS_LAST_PID } from "../boundaries/nsLastPid.js";
import { SET_TID } from "../boundaries/setTid.js";
import { TTY_LOCK } from "../boundaries/ttyLock.js";
import { CRIU } from "../criu/criu.js";
import { CRIU_SUBJECTS } from "../criu/subjects.js";
import { capBits } from "../model/caps.js";
import {
	CITATIONS,
	type CitationEntry,
	type CiteName,
} from "../model/citations.js";
import { FACTS_OF_ANY, type Facts } from "../model/facts.js";
import { GAINED_SUBJECTS } from "../model/gainedSubjects.js";
import { manualNotes } from "../model/manuals.js";
import { LOOKERS, NAMESPACE_SUBJECTS } from "../model/namespaces.js";
import { missing, type NeedName, unexcused } from "../model/needs.js";
import {
	boundariesOf,
	type Expectation,
	type Row,
	type Suite,
} from "../model/row.js";
import { unmadeSetting } from "../model/settings.js";
import { STEP_KINDS } from "../model/steps.js";
import { CORE, type Subject } from "../model/subjects.js";
import { formatExpected } from "./expected.js";
import { ATTACHES, type LimitCheck, limitsOf } from "./limits.js";
import { fitPids, fitResults } from "./pids.js";
import type { Alternative, Citation, PlannedCase } from "./plannedCase.js";

export const SUITES: readonly Suite[] = [
	NS_LAST_PID,
	SET_TID,
	MAP_FILES,
	EXE_FD,
	IPC_NEXT_ID,
	TTY_LOCK,
	CONTROLS,
	ROUTES,
	CONTAINERS,
	WORKAROUNDS,
	LSM,
	CRIU,
];

/** The operations of a program that are reported: those behind the point where the subject stands. */
export function operationsOf(program: string): string[] {
	const words = program.split(" ");
	const mark = words.indexOf("@");
	let quiet = 0;
	const found: string[] = [];
	const blocks: boolean[] = [];
	for (const word of words.slice(mark + 1)) {
		const name = word.split("=")[0] ?? "";
		if (word === "}") {
			if (blocks.pop()) quiet--;
		} else if (word === "{") {
			// Belongs to the block's name, which is counted already.
		} else if (STEP_KINDS[name] === "block") {
			blocks.push(name === "spawn");
			if (name === "spawn") quiet++;
		} else if (STEP_KINDS[name] === "op" && quiet === 0) {
			found.push(name);
		}
	}
	return found;
}

/** `@` in a program is replaced by the subject's steps; without it they come first. The agent does the same. */
export function compose(subjectProgram: string, probeProgram: string): string {
	const marked = ` ${probeProgram} `;
	const mark = marked.indexOf(" @ ");
	if (mark < 0) return `${subjectProgram} ${probeProgram}`;
	return `${marked.slice(0, mark)} ${subjectProgram} ${marked.slice(mark + 3)}`.trim();
}

function citationOf(name: CiteName): Citation {
	const { ref, since, note }: CitationEntry = CITATIONS[name];
	return {
		ref,
		...(since === undefined ? {} : { since }),
		...(note === undefined ? {} : { note }),
	};
}

/** A helper that is not all-powerful can't become every subject of its own user namespace. */
function beyondHelper(subject: Subject, facts: Facts): string | null {
	const every = (1n << BigInt(facts.capLastCap + 1)) - 1n;
	if ((facts.caps & every) === every) return null;
	const lacking = capBits(subject.caps, facts.capLastCap) & ~facts.caps;
	return subject.userDepth === 0 && lacking !== 0n
		? `crprobe runs without capabilities that the subject has (0x${lacking.toString(16)})`
		: null;
}

/** Steps that only some kernels can take: whoever writes a row need not think of each. */
const STEP_NEEDS: readonly (readonly [RegExp, NeedName])[] = [
	[
		/(?:^| )(?:uid|euid|setuid|group|caps|drop|eff|prm|inh)=(?!all(?: |$))/,
		"multiuser",
	],
	[/(?:^| )(?:userns(?:=\S*)?|unshare=user)(?: |$)/, "user_ns"],
	[/(?:^| )(?:pidns|unshare=pid)(?: |$)/, "pid_ns"],
	[/(?:^| )unshare=ipc(?: |$)/, "ipc_ns"],
	[
		/(?:^| )(?:memfd=\w+(?!,)\b|\w+=\w+,(?:memfd|sealed|hugetlb)\b)/,
		"memfd_exec",
	],
	[ATTACHES, "attach"],
	[/[=,]dumpable:0(?:,| |$)/, "dumpable_lost"],
];

const stepNeeds = remembered((program: string): readonly NeedName[] =>
	STEP_NEEDS.flatMap(([steps, need]) => (steps.test(program) ? [need] : [])),
);

/** Thousands of cases are made of a few hundred texts: what is found in one is found once. */
function remembered<T>(find: (text: string) => T): (text: string) => T {
	const found = new Map<string, T>();
	return (text) => {
		const before = found.get(text);
		if (before !== undefined) return before;
		const now = find(text);
		found.set(text, now);
		return now;
	};
}

const operationsIn = remembered(operationsOf);
const notesOn = remembered(manualNotes);

const programOf = (row: Row, subject: Subject): string =>
	typeof row.program === "string" ? row.program : row.program(subject);

/** What the row expects, with the pids that its program asks for on this kernel. */
function expectedOf(row: Row, subject: Subject, facts: Facts): Expectation {
	const expectation = row.expect(subject, facts);
	const results = fitResults(
		expectation.results,
		programOf(row, subject),
		facts,
	);
	return results === expectation.results
		? expectation
		: { ...expectation, results };
}

/** What else would be right, where the kernel may have changes that are newer than its version. */
function alternativeTo(
	{ results, reason }: Expectation,
	row: Row,
	subject: Subject,
	facts: Facts,
): Alternative | undefined {
	const { newest, doubt } = facts.identity;
	if (doubt === undefined) return undefined;
	const other = expectedOf(row, subject, { ...facts, version: newest });
	if (other.results.join() === results.join()) return undefined;
	return { results: other.results, reasons: [reason, other.reason], doubt };
}

function plannedCase(
	{ id, suite, row, subject }: Crossing,
	facts: Facts,
	beyondLimits: LimitCheck,
): PlannedCase {
	const probeProgram = fitPids(programOf(row, subject), facts);
	const subjectProgram = [subject.steps, `--=${subject.ready}`]
		.filter((part) => part !== "")
		.join(" ");
	const expectation = expectedOf(row, subject, facts);
	const alternative = alternativeTo(expectation, row, subject, facts);
	const operations = operationsIn(probeProgram);
	const program = compose(subjectProgram, probeProgram);
	const needs = [
		...[...suite.needs, ...subject.needs, ...(row.needs ?? [])],
		...stepNeeds(subjectProgram),
		...stepNeeds(probeProgram),
	];
	const [boundary, ...more] = boundariesOf(suite, row);
	const reason =
		missing(needs, facts) ??
		beyondHelper(subject, facts) ??
		beyondLimits(program, subject);
	const missed = reason === null ? unexcused(needs, facts) : null;
	const broken = reason === null ? null : unmadeSetting(reason, facts);
	// The namespaces that see the process, less those that the operation leaves alone.
	const untouched = subject.pidOwners.length - (row.levels ?? 0);
	return {
		id,
		suite: suite.name,
		...(boundary === undefined || more.length > 0 ? {} : { boundary }),
		probe: row.probe,
		subject: subject.name,
		subjectProgram,
		probeProgram,
		program,
		touchesHost:
			row.touchesHost === true || ((row.levels ?? 0) > 0 && untouched <= 0),
		operations,
		results: expectation.results,
		...(alternative === undefined ? {} : { alternative }),
		expected: [expectation, ...(alternative === undefined ? [] : [alternative])]
			.map(({ results }) => formatExpected(operations, results))
			.join("; or "),
		citation: citationOf(expectation.cite),
		reason:
			(alternative === undefined
				? expectation.reason
				: `${alternative.reasons.join("; or ")}: either is right (${alternative.doubt})`) +
			(missed === null ? "" : ` (${missed})`),
		catches: row.catches,
		title: row.title,
		manual: notesOn(`${suite.name}.${row.name}`),
		...(row.deadlineMs === undefined ? {} : { deadlineMs: row.deadlineMs }),
		...(broken !== null ? { broken } : reason !== null && { skip: reason }),
	};
}

/** Everyone who tries, on a kernel with these facts. */
export function subjectsFor(facts: Facts): Subject[] {
	return [
		...CORE,
		...NAMESPACE_SUBJECTS,
		...GAINED_SUBJECTS,
		...LOOKERS,
		...CONTAINER_SUBJECTS,
		...LSM_SUBJECTS,
		...CRIU_SUBJECTS,
		...sweep(facts.capLastCap),
	];
}

/** A case before it is known what a kernel must answer. */
interface Crossing {
	readonly id: string;
	readonly suite: Suite;
	readonly row: Row;
	readonly subject: Subject;
}

/** All that a kernel has to do with them is its last capability, which the sweep ends with. */
const crossed = new Map<number, readonly Crossing[]>();

/** Each row with each of its subjects, in report order: the same for every kernel. */
function crossings(facts: Facts): readonly Crossing[] {
	const before = crossed.get(facts.capLastCap);
	if (before !== undefined) return before;
	const subjects = subjectsFor(facts);
	// Many rows take the same subjects, by the same function.
	const taken = new Map<Row["subjects"], readonly Subject[]>();
	const takers = ({ subjects: takes }: Row): readonly Subject[] => {
		const of = taken.get(takes) ?? subjects.filter((one) => takes(one));
		taken.set(takes, of);
		return of;
	};
	const found: Crossing[] = [];
	for (const suite of SUITES)
		for (const row of suite.rows)
			for (const subject of takers(row)) {
				const id = `${suite.name}.${row.name}.${subject.name}`;
				found.push({ id, suite, row, subject });
			}
	crossed.set(facts.capLastCap, found);
	return found;
}

/**
 * All cases in report order, the same ids for every kernel, or those of them that are wanted. Without facts: what a
 * current kernel must answer.
 */
export function plan(
	facts: Facts | null,
	wanted?: ReadonlySet<string>,
): PlannedCase[] {
	const known = facts ?? FACTS_OF_ANY;
	const beyondLimits = limitsOf(known);
	const planned: PlannedCase[] = [];
	for (const crossing of crossings(known))
		if (wanted?.has(crossing.id) ?? true)
			planned.push(plannedCase(crossing, known, beyondLimits));
	return planned;
}

/** The names in the plan: a small part of the work. */
export function outline(
	facts: Facts | null = null,
): Pick<PlannedCase, "id" | "suite" | "subject">[] {
	return crossings(facts ?? FACTS_OF_ANY).map(({ id, suite, subject }) => ({
		id,
		suite: suite.name,
		subject: subject.name,
	}));
}

const CONCERNS = new Map<string, readonly string[]>(
	SUITES.flatMap((suite) =>
		suite.rows.map((row): [string, readonly string[]] => {
			const boundaries = boundariesOf(suite, row);
			return [
				`${suite.name}.${row.name}`,
				boundaries.length > 0 ? boundaries : [suite.name],
			];
		}),
	),
);

/** The boundaries that a case is about, or its suite where it is about none. */
export function concerns(id: string): readonly string[] {
	return CONCERNS.get(id.split(".").slice(0, 2).join(".")) ?? [];
}
