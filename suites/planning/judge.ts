/** Judging: an observation against an expectation. */
import { criuFailure } from "../criu/failure.js";
import {
	formatReadback,
	formatResults,
	type Observation,
	parseObservation,
} from "../model/observation.js";
import type { Boundary } from "../model/row.js";
import { meets } from "./expected.js";
import type { PlannedCase } from "./plannedCase.js";
import { refusedByModule } from "./refusals.js";
import { wrongSubject } from "./shownSubject.js";

export interface Judgement {
	/** `skip` where a control shows that the kernel was not tried. */
	readonly verdict: "pass" | "fail" | "skip" | "error" | "timeout";
	readonly reason: string;
	readonly observed: string;
	readonly durationUs: number;
	readonly readback?: string;
	/** The boundary that the evidence points at, where the case is about several. */
	readonly boundary?: Boundary;
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
	const wrongWho = wrongSubject(planned.subjectProgram, seen.who);
	if (wrongWho !== undefined)
		return { ...base, verdict: "error", reason: wrongWho };
	const { results, operations, alternative } = planned;
	const complete = seen.results.length === results.length;
	const wrong = firstWrong(seen, operations, results);
	const otherwise =
		alternative && firstWrong(seen, operations, alternative.results);
	if (complete && (wrong < 0 || (otherwise ?? 0) < 0))
		return {
			...base,
			verdict: "pass",
			reason: passReason(planned, wrong < 0 ? 0 : 1),
		};
	if (!complete || seen.results[wrong]?.step !== operations[wrong])
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
	const criu = criuFailure(seen, wrong, results[wrong]);
	if (criu?.skip !== undefined)
		return { ...base, verdict: "skip", reason: criu.skip };
	const reason = [planned.reason, refusedByModule(seen), criu?.words]
		.filter(Boolean)
		.join("; ");
	return {
		...base,
		verdict: "fail",
		reason,
		...(criu?.boundary === undefined ? {} : { boundary: criu.boundary }),
	};
}

/** The place of the first result that is another than expected, or of another step; -1 where there is none. */
function firstWrong(
	seen: Observation,
	operations: readonly string[],
	expected: readonly string[],
): number {
	return seen.results.findIndex(
		(result, i) =>
			result.step !== operations[i] ||
			expected[i] === undefined ||
			!meets(result, expected[i]),
	);
}

/** Why this is right: where two outcomes are, the reason of the one that was seen, and that the other would be as well. */
function passReason({ reason, alternative }: PlannedCase, seen: 0 | 1): string {
	if (alternative === undefined) return reason;
	return `${alternative.reasons[seen]}; another answer would be as right, since it can't be told which version of the check this kernel has (${alternative.doubt})`;
}
