/** What can be said of a run in little memory: totals by target, suite and subject. */

import { VERDICTS } from "./basics.js";
import { counted, noTotals } from "./counts.js";
import type {
	CaseResult,
	ReportHead,
	TargetHead,
	TargetTail,
	Totals,
	Verdict,
} from "./model.js";

export interface TargetSummary {
	head: TargetHead;
	/** Absent when the report broke off inside this target. */
	tail?: TargetTail;
	/** Counted from the cases themselves. */
	totals: Totals;
	/** Failures, crashes and timeouts that are known and expected for now, a part of `totals`. */
	known: Totals;
	/** Why cases were skipped, with how many of each. */
	skips: Map<string, number>;
	/** By suite, then by subject, in the order of the plan. */
	groups: Map<string, Map<string, Totals>>;
}

export interface ReportSummary {
	head: ReportHead;
	targets: TargetSummary[];
}

/** Verdicts from the worst to the best: what a group shows of its cases. */
const WORST: readonly Verdict[] = [
	"crash",
	"fail",
	"timeout",
	"error",
	"not_run",
	"pass",
	"skip",
];

/** Verdicts that are not what one hopes for. */
export const BAD: readonly Verdict[] = WORST.slice(0, 5);

export function isBad(verdict: Verdict): boolean {
	return BAD.includes(verdict);
}

/** Verdicts on the kernel that one can know of; an `error` or a case that never ran says nothing of it. */
const KNOWABLE: readonly Verdict[] = ["fail", "crash", "timeout"];

/** True when the case asked the kernel, and there is a verdict on it. */
export function hasRun({ verdict }: CaseResult): boolean {
	return verdict === "pass" || KNOWABLE.includes(verdict);
}

/** True for a failure that is known and expected for now. */
export function isKnown(result: CaseResult): boolean {
	return KNOWABLE.includes(result.verdict) && result.known !== undefined;
}

/** True when a case makes its group fail. */
export function isUnexpected(result: CaseResult): boolean {
	return isBad(result.verdict) && !isKnown(result);
}

/** A target of which nothing is known but its head. */
export function newTarget(head: TargetHead): TargetSummary {
	return {
		head,
		totals: noTotals(),
		known: noTotals(),
		skips: new Map(),
		groups: new Map(),
	};
}

/** Different reasons to skip that are counted. */
const MOST_SKIPS = 100;
/** Percent of a plan: where more was skipped, the summary says why. */
const MANY_SKIPS = 5;
/** The summary shows no more reasons than this. */
const SHOWN_SKIPS = 2;

/** The most frequent reasons why cases were skipped, for a run of nothing else. */
function skipReasons({ skips }: TargetSummary): string {
	const sorted = [...skips].sort(([, a], [, b]) => b - a);
	const shown = sorted
		.slice(0, SHOWN_SKIPS)
		.map(([reason, times]) => `${reason} (${times})`);
	return shown.length === 0 ? "" : `: ${shown.join("; ")}`;
}

/** Counts one case. */
export function count(target: TargetSummary, result: CaseResult): void {
	target.totals[result.verdict] += 1;
	if (isKnown(result)) target.known[result.verdict] += 1;
	if (result.verdict === "skip") {
		const { skips } = target;
		// A stored report may give each case a reason of its own.
		if (skips.has(result.reason) || skips.size < MOST_SKIPS)
			skips.set(result.reason, (skips.get(result.reason) ?? 0) + 1);
	}
	let subjects = target.groups.get(result.suite);
	if (subjects === undefined) {
		subjects = new Map();
		target.groups.set(result.suite, subjects);
	}
	let totals = subjects.get(result.subject);
	if (totals === undefined) {
		totals = noTotals();
		subjects.set(result.subject, totals);
	}
	totals[result.verdict] += 1;
}

/** The worst verdict there is, null where there is none at all. */
export function worst(totals: Totals): Verdict | null {
	return WORST.find((verdict) => totals[verdict] > 0) ?? null;
}

/** The sum of several totals. */
export function sum(all: Iterable<Totals>): Totals {
	const total = noTotals();
	for (const one of all)
		for (const verdict of VERDICTS) total[verdict] += one[verdict];
	return total;
}

/** Counts the cases, whatever their verdicts. */
export function size(totals: Totals): number {
	return VERDICTS.reduce((total, verdict) => total + totals[verdict], 0);
}

/** How many of them are bad. */
export function bad(totals: Totals): number {
	return BAD.reduce((total, verdict) => total + totals[verdict], 0);
}

/** All subjects of a target, in the order in which they first come. */
export function subjects(target: TargetSummary): string[] {
	return [
		...new Set(
			[...target.groups.values()].flatMap((group) => [...group.keys()]),
		),
	];
}

/** How many are bad and not known to be. */
export function unexpected(target: TargetSummary): number {
	return bad(target.totals) - size(target.known);
}

/** `3 fail, 1 timeout`, or an empty string. */
export function badWords(totals: Totals): string {
	return BAD.filter((verdict) => totals[verdict] > 0)
		.map((verdict) => `${totals[verdict]} ${words(verdict)}`)
		.join(", ");
}

/** A verdict as people write it. */
export function words(verdict: Verdict): string {
	return verdict === "not_run" ? "not run" : verdict;
}

/** True when the target ran whole. A report that broke off inside it did not. */
export function isComplete(target: TargetSummary): boolean {
	return target.tail?.complete === true;
}

/** `incomplete`: there is no verdict on everything, or nothing ran at all. */
export type Outcome = "passed" | "failed" | "incomplete";

/** What decides the outcome of a target. */
export interface Tally {
	readonly totals: Totals;
	/** How many of the failures are known; they don't count. */
	readonly known: number;
	readonly complete: boolean;
}

/**
 * What a target comes to. The exit status and every format's mark hang on this alone, so that no two can differ.
 * A failure is news even where other cases could not run, so it outranks the rest.
 */
export function outcomeOf({ totals, known, complete }: Tally): Outcome {
	if (totals.fail + totals.crash + totals.timeout > known) return "failed";
	const whole = complete && totals.error === 0 && totals.not_run === 0;
	return whole && totals.pass + known > 0 ? "passed" : "incomplete";
}

/** The outcome of a target, from its summary. */
export function outcome(target: TargetSummary): Outcome {
	const { totals, known } = target;
	return outcomeOf({
		totals,
		known: size(known),
		complete: isComplete(target),
	});
}

/** What several targets come to; none at all are no pass. */
export function together(outcomes: readonly Outcome[]): Outcome {
	if (outcomes.includes("failed")) return "failed";
	const passed = outcomes.every((one) => one === "passed");
	return passed && outcomes.length > 0 ? "passed" : "incomplete";
}

/** The word that people read for each outcome. */
export const OUTCOME_WORDS = {
	passed: "PASS",
	failed: "FAIL",
	incomplete: "INCOMPLETE",
} as const satisfies Record<Outcome, string>;

/** Why a target is incomplete that no case of it tells; undefined where there is nothing of the kind. */
export function untold({
	totals,
	tail,
}: Pick<TargetSummary, "totals" | "tail">): string | undefined {
	if (tail?.complete !== true)
		return tail?.incompleteReason ?? "the report broke off";
	if (size(totals) > totals.skip) return undefined;
	return totals.skip === 0
		? "no case was planned"
		: `no case ran: ${totals.skip} of ${totals.skip} ${totals.skip === 1 ? "was" : "were"} skipped`;
}

/** The verdict on a target in one sentence. */
export function sentence(target: TargetSummary): string {
	const { totals, tail } = target;
	const known = size(target.known);
	const all = size(totals);
	const ran = all - totals.skip - totals.not_run;
	const reason = isComplete(target)
		? ""
		: ` The run is incomplete: ${tail?.incompleteReason ?? "it broke off"}.`;
	const noted =
		known === 0
			? ""
			: ` ${known} of these ${known === 1 ? "is" : "are"} known and expected for now.`;
	const skipped =
		totals.skip === 0
			? ""
			: `${totals.skip} could not apply here and ${totals.skip === 1 ? "was" : "were"} skipped${totals.skip * 100 > all * MANY_SKIPS ? skipReasons(target) : ""}`;
	if (all === 0) return `No case was planned.${reason}`;
	if (bad(totals) > 0) {
		return `${bad(totals)} of ${counted(all, "case")} did not pass: ${badWords(totals)}.${noted}${skipped === "" ? "" : ` ${skipped}.`}${reason}`;
	}
	if (ran === 0)
		return `No case ran: ${totals.skip} of ${all} ${totals.skip === 1 ? "was" : "were"} skipped${skipReasons(target)}.${reason}`;
	return `${ran === 1 ? "The" : "All"} ${counted(ran, "case")} that ran passed${skipped === "" ? "" : `, ${skipped}`}.${reason}`;
}
