/** The plan, and the judge, without a kernel. */
import type { Judgement, PlannedCase, RawFacts } from "../common/suiteApi.js";
import { EVERYTHING, type Selection, select } from "../request/select.js";
import { suiteApi } from "./suites.js";

/** Which cases: globs by suite, subject and id, as `crcap run` takes them; several of one kind are alternatives. */
export interface PlanInput extends Partial<Selection> {
	/** What the agent reported of a kernel; without it the plan is for a current kernel with everything built in. */
	readonly facts?: RawFacts;
}

/**
 * The cases in the order of a report, each with its program, what the kernel must answer, why, and since when.
 * @throws UsageError for a glob that matches nothing
 * @throws EvidenceError for facts that no kernel tells
 */
export function plan({
	facts,
	...selection
}: PlanInput = {}): readonly PlannedCase[] {
	const { cases } = suiteApi.plan(facts ?? null);
	return select(
		cases,
		{ ...EVERYTHING, ...selection },
		(aspect) => `${aspect} `,
	);
}

/**
 * Judges what the helper printed for a case: `obs 0 us=… end=…`, the one line of `crprobe PROGRAM`.
 * @throws EvidenceError for a text that is no observation
 */
export function judge(planned: PlannedCase, observation: string): Judgement {
	return suiteApi.judge(planned, observation.trimEnd());
}
