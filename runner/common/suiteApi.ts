/** What the runner needs of the suites; tests put fakes in their place. */
import type { Judgement, PlannedCase, RawFacts } from "../../suites/index.js";

export { EvidenceError } from "../../suites/model/errors.js";
export { matchesPattern } from "../../suites/model/observation.js";
export type { Judgement, PlannedCase, RawFacts };

/** As much of a case as a selection looks at. */
export type Outlined = Pick<PlannedCase, "id" | "suite" | "subject">;

export interface PlanWithFacts {
	/** All cases in report order. */
	readonly cases: readonly PlannedCase[];
	/** The facts that the report shows, by name. */
	readonly facts: Readonly<Record<string, string | number | boolean>>;
}

export interface Suites {
	/** Without facts, when the kernel never came up: the same ids, with nothing skipped. Of all cases or of those wanted. */
	plan(facts: RawFacts | null, wanted?: ReadonlySet<string>): PlanWithFacts;
	/** What can be chosen of that plan: as much of each case as a selection looks at, in its order. */
	outline(facts?: RawFacts): readonly Outlined[];
	/**
	 * Judges the payload of an `obs` frame.
	 * @throws EvidenceError for a payload that is no observation.
	 */
	judge(planned: PlannedCase, payload: string): Judgement;
}

/** A suite or a subject, for people. */
export interface Named {
	readonly name: string;
	readonly description: string;
}

/** What the commands that run nothing need as well. */
export interface SuiteApi extends Suites {
	suites(): readonly Named[];
	subjects(): readonly Named[];
}

/** What `--expect` may say; the suites check it against their own list. */
export const EXPECTATIONS = [
	"no-cap-checkpoint-restore",
	"changed-settings",
] as const;
