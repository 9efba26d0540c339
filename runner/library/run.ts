/** A run for a program: results as they come, and how it ended. */
import type {
	CaseResult,
	TargetHead,
	TargetTail,
} from "../../results/model/model.js";
import {
	isKnown,
	type Outcome,
	outcomeOf,
	together,
} from "../../results/model/summary.js";
import { followSignal } from "../common/interrupt.js";
import { UsageError } from "../common/usage.js";
import type { TargetSink } from "../execute/sink.js";
import { type Config, checkConfig } from "../request/config.js";
import { type RunOptions, runRequest } from "../request/runRequest.js";
import type { Shard } from "../request/shard.js";
import { type RunDeps, run as runRequested } from "../run/run.js";
import { Feed } from "./feed.js";

/**
 * What is asked for: what `crcap.config.json` may hold, under the same names and with the same checks (docs/configuration.md),
 * and what is of this run alone. Times are in seconds. Paths are relative to the working directory. Nothing is printed
 * unless `reports` says so.
 */
export interface RunInput extends Omit<Config, "$schema"> {
	/** Stops the run in order: what has not run comes as `not_run`, and reports are still written. */
	readonly signal?: AbortSignal;
	/** Takes what the command line would say on standard error, a line at a time, without its end. */
	readonly onMessage?: (line: string) => void;
	/** This machine's share of the plan, the first being 1, for `crcap merge`. */
	readonly shard?: Shard;
	/** The whole plan so often, 1 to 100; a case whose answers differ fails as flaky. */
	readonly repeat?: number;
	/** Another order of the plan, the same for the same number. */
	readonly shuffle?: number;
	/** Makes the subject of each case anew. */
	readonly freshSubjects?: boolean;
	/** A folder that keeps console logs, the initramfs, and a script that boots the same guest by hand. */
	readonly keep?: string;
}

/** A result, and the target that it is of. */
export interface TargetCase {
	readonly target: TargetHead;
	readonly result: CaseResult;
}

/** A target, as it was at the end. */
export interface TargetEnd {
	readonly target: TargetHead;
	readonly tail: TargetTail;
	/** `failed`: a case failed that is not known to; `incomplete`: there is no verdict on everything, or nothing ran. */
	readonly outcome: Outcome;
}

export interface RunEnd {
	/** Of all targets together: what the exit status of the command line says. */
	readonly outcome: Outcome;
	/** True where the caller's signal, or its leaving the iteration, stopped the run. */
	readonly stopped: boolean;
	/** In the order in which they were asked for. Empty where the run was stopped before a target was known. */
	readonly targets: readonly TargetEnd[];
}

/**
 * A run that has begun. Iterating gives every case once, in the order of a report; a target's come when those before it are
 * done. Leaving the loop early stops the run. What nobody takes waits in memory.
 */
export interface Run extends AsyncIterable<TargetCase> {
	/**
	 * Settles when everything is over, guests gone and reports written; whether or not anybody iterates.
	 * Rejects with a UsageError for what can't be run as asked, KernelError among them, with the system's or a file's
	 * error, and with an OwnFault for a fault of crcap's own. Iterating throws the same.
	 */
	readonly finished: Promise<RunEnd>;
}

/** What is of a run alone, and no part of a configuration. */
const OF_THE_RUN = [
	"signal",
	"onMessage",
	"shard",
	"repeat",
	"shuffle",
	"freshSubjects",
	"keep",
] as const satisfies readonly (keyof RunInput)[];

/** Begins a run on these. Nothing is thrown here: what is wrong comes as a rejection. */
export function begin(
	input: RunInput,
	engine: Pick<RunDeps, "suites" | "prepare">,
): Run {
	const stop = new AbortController();
	const feed = new Feed<TargetCase>(() => stop.abort());
	const finished = runToEnd(input, engine, feed, stop);
	finished.then(
		() => feed.close(),
		(error: unknown) => feed.close({ error }),
	);
	return { finished, [Symbol.asyncIterator]: () => feed };
}

async function runToEnd(
	input: RunInput,
	engine: Pick<RunDeps, "suites" | "prepare">,
	feed: Feed<TargetCase>,
	stop: AbortController,
): Promise<RunEnd> {
	const request = requestOf(input);
	const { signal, onMessage = () => {} } = input;
	const follow = (): void => stop.abort(signal?.reason);
	if (signal?.aborted) follow();
	signal?.addEventListener("abort", follow);
	const ends = new Ends(feed);
	try {
		await runRequested(request, {
			...engine,
			watch: () => silent(onMessage),
			stop: (seconds) => followSignal(stop.signal, seconds),
			listener: ends,
		});
	} finally {
		signal?.removeEventListener("abort", follow);
	}
	const { targets } = ends;
	return {
		outcome: together(targets.map(({ outcome }) => outcome)),
		stopped: stop.signal.aborted,
		targets,
	};
}

/** Hands on the results, and keeps how each target ended. */
class Ends implements TargetSink {
	readonly targets: TargetEnd[] = [];
	readonly #feed: Feed<TargetCase>;
	#target: TargetHead | undefined;
	#known = 0;

	constructor(feed: Feed<TargetCase>) {
		this.#feed = feed;
	}

	beginTarget(head: TargetHead): void {
		this.#target = head;
		this.#known = 0;
	}

	caseResult(result: CaseResult): void {
		if (this.#target === undefined) return;
		if (isKnown(result)) this.#known++;
		this.#feed.push({ target: this.#target, result });
	}

	endTarget(tail: TargetTail): void {
		if (this.#target === undefined) return;
		const outcome = outcomeOf({ ...tail, known: this.#known });
		this.targets.push({ target: this.#target, tail, outcome });
	}
}

/** @throws UsageError naming what is wrong */
function requestOf(input: RunInput): ReturnType<typeof runRequest> {
	// It says what is wrong with what is no object.
	if (Object(input) !== input) checkConfig(input, "run()");
	const own = new Set<string>(OF_THE_RUN);
	const config = checkConfig(
		Object.fromEntries(
			Object.entries(input).filter(
				([name, value]) => !own.has(name) && value !== undefined,
			),
		),
		"run()",
	);
	const { shard, repeat, shuffle, freshSubjects, keep } = input;
	if (shard !== undefined) checkShard(shard);
	checkNumber("repeat", repeat, 1, 100);
	checkNumber("shuffle", shuffle, 0, 999_999_999);
	const options: RunOptions = {
		...(shard === undefined ? {} : { shard }),
		...(repeat === undefined ? {} : { repeat }),
		...(shuffle === undefined ? {} : { shuffle }),
		...(freshSubjects === undefined ? {} : { freshSubjects }),
		...(keep === undefined ? {} : { keep }),
	};
	return runRequest(options, { config: { reports: [], ...config } });
}

function checkShard({ index, count }: Shard): void {
	checkNumber("shard.count", count, 1, 9999);
	checkNumber("shard.index", index, 1, count);
}

function checkNumber(
	name: string,
	value: number | undefined,
	least: number,
	most: number,
): void {
	if (value === undefined) return;
	if (Number.isInteger(value) && value >= least && value <= most) return;
	throw new UsageError(
		`run(): ${name}: it is a whole number from ${least} to ${most}`,
	);
}

/** Shows nothing, and hands on what there is to say. */
function silent(
	onMessage: (line: string) => void,
): ReturnType<RunDeps["watch"]> {
	const nothing = (): void => {};
	return {
		say: onMessage,
		boot: nothing,
		head: nothing,
		result: nothing,
		tail: nothing,
		end: nothing,
	};
}
