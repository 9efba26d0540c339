/** What the runner needs of the suites; tests put fakes in their place. */
import type { Citation, Verdict } from "../results/model.js";

/** One row of the plan. */
export interface PlannedCase {
	readonly id: string;
	readonly boundary: string;
	readonly probe: string;
	readonly args: string;
	/** The subject's name, and the steps that make it. */
	readonly subject: string;
	readonly subjectProgram: string;
	/** The steps of the operation. */
	readonly probeProgram: string;
	/** The whole program, as `crprobe` takes it by hand. */
	readonly program: string;
	/** Time the case may take, milliseconds, where it needs another limit than most. */
	readonly deadlineMs?: number;
	/** Would it, without a guest, change this machine's own pid namespace? */
	readonly touchesHost: boolean;
	/** The fact that keeps it from running. */
	readonly skip?: string;
	readonly expected: string;
	readonly citation: Citation | null;
	readonly reason: string;
	/** What is tried, in a sentence. */
	readonly title: string;
	/** The kernel fault that it would catch. */
	readonly catches: string;
	/** What manual pages say of it, a sentence each. */
	readonly manual?: readonly string[];
}

/** What a reply means. */
export interface Judgement {
	readonly verdict: Extract<Verdict, "pass" | "fail" | "error" | "timeout">;
	readonly reason: string;
	readonly observed: string;
	readonly durationUs: number;
	readonly readback?: string;
}

/** What is known of a kernel before it is asked: from the guest, and from the package its image came in. */
export interface RawFacts {
	/** As the agent told them. */
	readonly told: Readonly<Record<string, string>>;
	readonly arch: string;
	/** The kernel's .config, where it is known. */
	readonly config?: string;
}

export interface PlanWithFacts {
	/** All cases in report order. */
	readonly cases: readonly PlannedCase[];
	/** For the report. */
	readonly facts: Readonly<Record<string, string | number | boolean>>;
}

export interface Suites {
	/** Without facts, when the kernel never came up: the same ids, with nothing skipped. */
	plan(facts: RawFacts | null): PlanWithFacts;
	/** What can be chosen of that plan without facts: as much of each case as a selection looks at, in its order. */
	outline(): readonly Pick<PlannedCase, "id" | "boundary" | "subject">[];
	/**
	 * Judges the payload of an `obs` frame.
	 * @throws Error for a payload that is no observation.
	 */
	judge(planned: PlannedCase, payload: string): Judgement;
}

/** A suite or a subject, for people. */
export interface Named {
	readonly name: string;
	readonly description: string;
}

/** What the commands that run nothing need as well. */
export interface SuiteBook extends Suites {
	suites(): readonly Named[];
	subjects(): readonly Named[];
}
