/** Judging: an observation against an expectation. */
import {
	formatReadback,
	formatResults,
	type Observation,
	parseObservation,
	type StepResult,
	takenValues,
} from "../model/observation.js";
import type { ExpectedResult } from "../model/row.js";
import type { PlannedCase } from "./plan.js";

export interface Judgement {
	readonly verdict: "pass" | "fail" | "error" | "timeout";
	readonly reason: string;
	readonly observed: string;
	readonly durationUs: number;
	readonly readback?: string;
}

/** `*` stands for digits, the rest for itself. */
function matches(pattern: string, value: string): boolean {
	const source = pattern
		.split("*")
		.map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
		.join("\\d+");
	return new RegExp(`^${source}$`).test(value);
}

/**
 * Is the result what was expected of this step? A pid that another process has can't be given, so the next free one is as
 * good: the helper tells which were taken, and neither may be the one that must not come.
 */
export function meets(result: StepResult, expected: ExpectedResult): boolean {
	const cut = expected.indexOf(":");
	if (cut < 0) return result.result === expected;
	const pattern = expected.slice(cut + 1);
	if (result.result !== expected.slice(0, cut)) return false;
	// No evidence is no evidence of anything, nor of the absence of something.
	if (result.value === undefined) return false;
	const values = [result.value, ...takenValues(result)];
	return pattern.startsWith("!")
		? !values.some((value) => matches(pattern.slice(1), value))
		: values.some((value) => matches(pattern, value));
}

/** For people: `open ok, write EPERM, fork ok (not 21001)`. */
export function formatExpected(
	steps: readonly string[],
	expected: readonly ExpectedResult[],
): string {
	return expected
		.map((result, index) => {
			const step = steps[index] ?? "?";
			if (result === "-") return `${step} not tried`;
			if (!result.startsWith("0")) return `${step} ${result}`;
			if (result === "0") return `${step} ok`;
			const pattern = result.slice(2);
			return pattern.startsWith("!")
				? `${step} ok (not ${pattern.slice(1)})`
				: `${step} ok (${pattern})`;
		})
		.join(", ");
}

const ENDS: Readonly<Record<string, string>> = {
	subject: "the subject could not be made",
	setup: "a preparing step failed",
	parse: "the helper does not understand the program",
	died: "the case ended without a word",
};

/**
 * Judges the payload of an `obs` frame.
 * @throws Error for a payload that is no observation.
 */
export function judge(planned: PlannedCase, payload: string): Judgement {
	return judgeObservation(planned, parseObservation(payload));
}

export function judgeObservation(
	planned: PlannedCase,
	seen: Observation,
): Judgement {
	const told = formatResults(seen.results);
	const base = {
		observed: told === "" ? `nothing (${seen.end})` : told,
		durationUs: seen.us,
		...(seen.who === undefined ? {} : { readback: formatReadback(seen.who) }),
	};
	if (seen.end === "deadline")
		return {
			...base,
			verdict: "timeout",
			reason: "the case did not end in its time",
		};
	if (seen.end !== "ok") {
		const what =
			ENDS[seen.end] ?? `the case was killed by a signal (${seen.end})`;
		return {
			...base,
			verdict: "error",
			reason: [what, seen.why].filter(Boolean).join(": "),
		};
	}
	if (seen.kids < 0)
		return {
			...base,
			verdict: "error",
			reason: "a process of the case could not be killed",
		};
	const { results } = planned;
	const wrong = seen.results.findIndex(
		(result, i) =>
			result.step !== planned.operations[i] ||
			results[i] === undefined ||
			!meets(result, results[i]),
	);
	if (wrong < 0 && seen.results.length === results.length)
		return { ...base, verdict: "pass", reason: planned.reason };
	if (
		seen.results.length !== results.length ||
		seen.results[wrong]?.step !== planned.operations[wrong]
	)
		return {
			...base,
			verdict: "error",
			reason: "the helper reported other steps than were asked for",
		};
	if (seen.taken !== undefined && seen.results[wrong]?.result === "EEXIST")
		return {
			...base,
			verdict: "error",
			reason: `another process has pid ${seen.taken}: run again, or where fewer processes are`,
		};
	return { ...base, verdict: "fail", reason: planned.reason };
}
