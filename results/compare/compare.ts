/** What changed between results: of two kernels, architectures, configurations, accelerators, or two days. */

import type {
	CaseResult,
	Report,
	TargetResult,
	Verdict,
} from "../model/model.js";
import { hasRun, isBad, isKnown } from "../model/summary.js";
import { differences, pairUp } from "./comparePairs.js";

/** A report and what to call it. */
export interface NamedReport {
	name: string;
	report: Report;
}

/** What one case was, without what a comparison does not need. */
export interface Outcome {
	verdict: Verdict;
	expected: string;
	observed: string;
	reason: string;
	known: boolean;
}

export interface Change {
	id: string;
	/** Absent on one side where the case is on the other only. */
	old?: Outcome;
	new?: Outcome;
	/** The new result's line that tries it by hand. */
	replay?: string;
}

/** Kinds of change, the gravest first. */
export const CHANGES = {
	regressions: "Regressions",
	lost: "No longer tried",
	fixes: "Fixes",
	reasons: "Other outcome, no worse",
	appeared: "New cases",
	vanished: "Vanished cases",
} as const;
export type ChangeKind = keyof typeof CHANGES;

export interface TargetComparison {
	/** `FILE: TARGET` on either side. */
	old: string;
	new: string;
	/** What differs between the targets themselves, as `NAME: OLD -> NEW`. */
	differences: string[];
	changes: Record<ChangeKind, Change[]>;
	/** How many cases are on both sides with the same outcome. */
	same: number;
}

export interface Comparison {
	pairs: TargetComparison[];
	/** Targets with none to compare with, as `FILE: TARGET`. */
	onlyOld: string[];
	onlyNew: string[];
	/** Cases that are new, and fail without its being known: in pairs, and in targets that only the new results have. */
	newFailures: number;
	/** What a reader has to know before believing the rest. */
	warnings: string[];
	/** 1: something got worse, or what is new fails; 3: neither, but cases that had a verdict on the kernel have none now, or there was nothing to compare; 0: none of these. */
	exitCode: 0 | 1 | 3;
}

/** Compares each of the newer reports with the old one, target by target. */
export function compare(old: NamedReport, ...newer: NamedReport[]): Comparison {
	const result: Comparison = {
		pairs: [],
		onlyOld: [],
		onlyNew: [],
		newFailures: 0,
		warnings: [],
		exitCode: 0,
	};
	let comparable = true;
	for (const other of newer) {
		const mine: TargetComparison[] = [];
		const { pairs, onlyOld, onlyNew } = pairUp(
			old.report.targets,
			other.report.targets,
		);
		for (const [before, after] of pairs) {
			const label = (report: NamedReport, target: TargetResult): string =>
				`${report.name}: ${target.name}`;
			const pair = comparePair(
				before,
				after,
				label(old, before),
				label(other, after),
			);
			mine.push(pair);
			result.warnings.push(
				...trouble(before, pair.old),
				...trouble(after, pair.new),
			);
			result.newFailures += pair.changes.appeared.filter(isNewFailure).length;
			comparable &&= before.cases.some(hasRun) && after.cases.some(hasRun);
		}
		result.onlyOld.push(
			...onlyOld.map(
				(target) => `${old.name}: ${target.name}, not in ${other.name}`,
			),
		);
		for (const target of onlyNew) {
			const failures = target.cases.filter(speaksAgainst).length;
			result.newFailures += failures;
			result.onlyNew.push(
				`${other.name}: ${target.name}${failures === 0 ? "" : `, failures: ${failures}`}`,
			);
		}
		result.pairs.push(...mine);
		result.warnings.push(...versionWarning(old, other, mine));
	}
	result.warnings = [...new Set(result.warnings)];
	result.exitCode = exitCode(result, comparable);
	return result;
}

function comparePair(
	before: TargetResult,
	after: TargetResult,
	old: string,
	newer: string,
): TargetComparison {
	const changes: Record<ChangeKind, Change[]> = {
		regressions: [],
		lost: [],
		fixes: [],
		reasons: [],
		appeared: [],
		vanished: [],
	};
	const earlier = new Map(before.cases.map((one) => [one.id, one]));
	let same = 0;
	for (const one of after.cases) {
		const was = earlier.get(one.id);
		earlier.delete(one.id);
		const kind = was === undefined ? "appeared" : kindOf(was, one);
		if (kind === null) same += 1;
		else changes[kind].push(change(one.id, was, one));
	}
	for (const was of earlier.values())
		changes.vanished.push(change(was.id, was, undefined));
	return {
		old,
		new: newer,
		differences: differences(before, after),
		changes,
		same,
	};
}

/** Verdicts that say something of the kernel, the worse the higher; the others say nothing of it. */
const RANK: Partial<Record<Verdict, number>> = {
	pass: 0,
	fail: 1,
	timeout: 1,
	crash: 2,
};

/** What became of a case; null where nothing did. */
function kindOf(was: CaseResult, is: CaseResult): ChangeKind | null {
	const before = RANK[was.verdict];
	const after = RANK[is.verdict];
	if (after !== undefined && after > (before ?? 0))
		return isKnown(is) ? "reasons" : "regressions";
	if (before !== undefined && after === undefined) return "lost";
	if (before !== undefined && after !== undefined && after < before)
		return "fixes";
	// A case that is tried now, and passes, where before it was not.
	if (before === undefined && after === 0 && isBad(was.verdict)) return "fixes";
	if (was.verdict !== is.verdict) return "reasons";
	// TAP tells neither what was expected of a case that passed or was skipped, nor why one passed.
	const whole = was.expected !== "" && is.expected !== "";
	const moved =
		(whole && (was.observed !== is.observed || was.expected !== is.expected)) ||
		(was.reason !== is.reason && was.reason !== "" && is.reason !== "");
	return moved ? "reasons" : null;
}

function change(
	id: string,
	was: CaseResult | undefined,
	is: CaseResult | undefined,
): Change {
	return {
		id,
		...(was !== undefined && { old: outcome(was) }),
		...(is !== undefined && { new: outcome(is), replay: is.replay.crprobe }),
	};
}

function outcome(result: CaseResult): Outcome {
	const { verdict, expected, observed, reason } = result;
	return { verdict, expected, observed, reason, known: isKnown(result) };
}

/** True for a failure on which the exit status of a run would hang. */
function speaksAgainst(result: CaseResult): boolean {
	return (RANK[result.verdict] ?? 0) > 0 && !isKnown(result);
}

/** True for a case that was not there before, and fails without its being known. */
export function isNewFailure({ old, new: now }: Change): boolean {
	if (old !== undefined || now === undefined) return false;
	return (RANK[now.verdict] ?? 0) > 0 && !now.known;
}

function trouble(target: TargetResult, label: string): string[] {
	return [
		...(target.complete
			? []
			: [
					`${label} is incomplete: ${target.incompleteReason ?? "no reason was given"}`,
				]),
		...(target.cases.some(hasRun)
			? []
			: [`${label} has no case with a verdict`]),
	];
}

/** A word on ids where the tools differ: a renamed case looks like one that vanished and one that is new. */
function versionWarning(
	old: NamedReport,
	other: NamedReport,
	pairs: readonly TargetComparison[],
): string[] {
	const [a, b] = [old.report.tool.version, other.report.tool.version];
	if (a === b) return [];
	const appeared = pairs.reduce(
		(total, { changes }) => total + changes.appeared.length,
		0,
	);
	const vanished = pairs.reduce(
		(total, { changes }) => total + changes.vanished.length,
		0,
	);
	const ids =
		appeared + vanished === 0
			? "their cases have the same ids"
			: `ids in the old results only: ${vanished}, in the new only: ${appeared}; these cases were added, removed or renamed`;
	return [
		`${old.name} is of crcap ${a}, ${other.name} of ${b}; cases are compared by id: ${ids}`,
	];
}

function exitCode(
	{ pairs, onlyOld, newFailures }: Comparison,
	comparable: boolean,
): 0 | 1 | 3 {
	if (newFailures > 0) return 1;
	if (pairs.some(({ changes }) => changes.regressions.length > 0)) return 1;
	// A fact says why a skipped case can't apply; of one that is not there any more nothing says so, not even another version.
	const lost = pairs.some(
		({ changes }) =>
			changes.lost.some((one) => one.new?.verdict !== "skip") ||
			changes.vanished.some(
				(one) => one.old && RANK[one.old.verdict] !== undefined,
			),
	);
	const whole = comparable && pairs.length > 0 && onlyOld.length === 0;
	return lost || !whole ? 3 : 0;
}
