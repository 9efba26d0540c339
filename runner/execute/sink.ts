/** What takes the results of one target, and what chooses its cases. */
import type {
	CaseResult,
	TargetHead,
	TargetTail,
} from "../../results/model/model.js";
import type { Outlined, PlannedCase, Suites } from "../common/suiteApi.js";

/** Takes what one target found: its head, its cases in plan order, its tail. */
export interface TargetSink {
	beginTarget(head: TargetHead): void;
	caseResult(result: CaseResult): void;
	endTarget(tail: TargetTail): void;
}

/** The cases to run, and what the report shall say about the choice. */
export interface Choice<T = PlannedCase> {
	readonly cases: readonly T[];
	readonly facts?: TargetHead["facts"];
}

/** What a target needs once its kernel is up, and not before. */
export interface Loaded {
	readonly suites: Suites;
	readonly sink: TargetSink;
}

/** Loads that while the kernel boots, which takes longer. */
export interface LateLoad {
	/** Begins to load, where that has not begun, and returns at once. An error shows in `loaded`. */
	begin(): void;
	/** Resolves when everything is there: the same objects every time. */
	loaded(): Promise<Loaded>;
}

export interface ExecuteOptions {
	readonly late: LateLoad;
	/** Which of the planned cases to run: selection, shard. */
	readonly choose: <T extends Outlined>(cases: readonly T[]) => Choice<T>;
	/** It chooses a part: the rest of the plan need not be made. */
	readonly narrow?: boolean;
	/** Overrides every case's deadline, milliseconds. */
	readonly caseTimeoutMs?: number;
	/** Guests at a time for this target; one where absent. */
	readonly guests?: number;
	/** The number of guests that may die before the rest is left unrun; none may where it is absent. */
	readonly maxCrashes?: number;
	/** Percent of the plan that may be skipped for what the kernel lacks; all of it where absent. */
	readonly maxSkipped?: number;
	/** How often the whole plan is asked; once where absent. */
	readonly repeat?: number;
	/** What the user says of the kernel (`--expect`). */
	readonly expect?: readonly string[];
	readonly signal: AbortSignal;
}
