/** Makes results, and a target's head, out of planned cases. */
import { planGroups } from "../../results/model/counts.js";
import type {
	CaseResult,
	TargetHead,
	Verdict,
} from "../../results/model/model.js";
import { shellLine } from "../common/shellQuote.js";
import type { Judgement, PlannedCase } from "../common/suiteApi.js";
import type { Replay, Target } from "../targets/target.js";

const HOST_SKIP =
	"it would touch this machine's own pid namespace or devices: only with --host";

/**
 * The verdict on a case that does not run on this target, and why; undefined for one that does.
 * @param withheld why the target has no answer to it
 */
export function unasked(
	{ skip, broken, touchesHost }: PlannedCase,
	mayTouchHost: boolean,
	withheld?: string,
): { verdict: "skip" | "fail"; reason: string } | undefined {
	if (broken !== undefined) return { verdict: "fail", reason: broken };
	if (skip !== undefined) return { verdict: "skip", reason: skip };
	const reason = touchesHost && !mayTouchHost ? HOST_SKIP : withheld;
	return reason === undefined ? undefined : { verdict: "skip", reason };
}

/** A result without an observation. */
export function unobserved(
	planned: PlannedCase,
	verdict: Verdict,
	reason: string,
	replay: Replay | undefined,
): CaseResult {
	return {
		id: planned.id,
		suite: planned.suite,
		...(planned.boundary === undefined ? {} : { boundary: planned.boundary }),
		probe: planned.probe,
		args: planned.probeProgram,
		subject: planned.subject,
		verdict,
		reason,
		expected: planned.expected,
		observed: "",
		citation: planned.citation,
		durationUs: 0,
		replay: {
			crprobe: shellLine(["crprobe", planned.program]),
			...(replay === undefined ? {} : { qemu: replay(planned.program) }),
		},
	};
}

/** A result as the suites judged it. */
export function judged(
	planned: PlannedCase,
	judgement: Judgement,
	replay: Replay | undefined,
): CaseResult {
	const { verdict, reason, observed, durationUs, readback, boundary } =
		judgement;
	return {
		...unobserved(planned, verdict, reason, replay),
		observed,
		durationUs,
		...(readback === undefined ? {} : { readback }),
		...(boundary === undefined ? {} : { boundary }),
	};
}

/** The same case after the kernel complained in it: what it answered is only evidence now. */
export function overruled(
	result: CaseResult,
	verdict: "crash" | "fail",
	line: string,
): CaseResult {
	const what = verdict === "crash" ? "broke" : "complained";
	return {
		...result,
		verdict,
		reason: `the kernel ${what} while this case ran: ${line} (its answer would have been: ${result.verdict}, ${result.reason})`,
	};
}

/**
 * What is known of a target without its being up.
 * @param savedAt when the state was saved that its guests go on from
 */
export function headOf(
	target: Target,
	cases: readonly PlannedCase[],
	facts: TargetHead["facts"],
	savedAt?: Date,
): TargetHead {
	return {
		name: target.name,
		kind: target.kind,
		kernel: target.kernel,
		accel: "none",
		facts: { ...facts, ...resumedFact(savedAt) },
		tools: { node: process.versions.node },
		planned: cases.length,
		groups: planGroups(cases),
	};
}

/** That the guests were not booted for this run, or only the first of them. */
function resumedFact(savedAt: Date | undefined): TargetHead["facts"] {
	if (savedAt === undefined) return {};
	const age = Math.max(0, Math.round((Date.now() - savedAt.getTime()) / 1000));
	return {
		resumed: `from a state that was saved at ${savedAt.toISOString()}, ${age} s before`,
	};
}
