/** Judging: an observation against an expectation. */
import {
	formatReadback,
	formatResults,
	type Observation,
	parseObservation,
} from "../model/observation.js";
import { meets } from "./expected.js";
import type { PlannedCase } from "./plannedCase.js";

export interface Judgement {
	readonly verdict: "pass" | "fail" | "error" | "timeout";
	readonly reason: string;
	readonly observed: string;
	readonly durationUs: number;
	readonly readback?: string;
}

const ENDS: Readonly<Record<string, string>> = {
	subject: "the subject could not be made",
	setup: "a preparing step failed",
	parse: "the helper does not understand the program",
	died: "the case ended without a word",
};

/**
 * Judges the payload of an `obs` frame.
 * @throws EvidenceError for a payload that is no observation.
 */
export function judge(planned: PlannedCase, payload: string): Judgement {
	return judgeObservation(planned, parseObservation(payload));
}

export function judgeObservation(
	planned: PlannedCase,
	seen: Observation,
): Judgement {
	const observed = formatResults(seen.results);
	const base = {
		observed: observed === "" ? `nothing (${seen.end})` : observed,
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
