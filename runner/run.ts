/** One run: every target, every report, one exit status. */
import type { CaseResult, TargetHead, TargetTail } from "../results/model.js";
import { type Choice, execute, type TargetSink } from "./execute.js";
import { EXIT, exitStatus, type Outcome } from "./exitStatus.js";
import { listenForStop } from "./interrupt.js";
import { defaultJobs, runLimited } from "./jobs.js";
import { KnownFailures } from "./known.js";
import { inOrder } from "./ordered.js";
import {
	checkReports,
	type OpenReports,
	openReports,
	reportHead,
} from "./reports.js";
import type { RunRequest, TargetSpec } from "./runRequest.js";
import { select } from "./select.js";
import { shardFacts, share } from "./shard.js";
import type { PlannedCase, Suites } from "./suitePort.js";
import type { Target } from "./target.js";

/** What people watch while it runs; never a part of the report. */
export interface Watcher {
	/** A line about the run as a whole. */
	say(line: string): void;
	boot(target: string): void;
	head(target: string, head: TargetHead): void;
	result(target: string, result: CaseResult): void;
	tail(target: string, tail: TargetTail): void;
	end(): void;
}

export interface RunDeps {
	readonly suites: Suites;
	/**
	 * Makes targets of what was asked for, without booting anything.
	 * @throws UsageError when there can be none.
	 */
	readonly prepare: (
		spec: TargetSpec,
		request: RunRequest,
		signal: AbortSignal,
	) => Promise<readonly Target[]>;
	readonly watcher: Watcher;
}

/** Runs it and returns the exit status. */
export async function run(request: RunRequest, deps: RunDeps): Promise<number> {
	checkReports(request.reports);
	// What can't work is refused before a boot is spent on it.
	chooser(request)(deps.suites.plan(null).cases);
	const stop = listenForStop(EXIT.interrupted, request.timeout, (line) =>
		deps.watcher.say(line),
	);
	let reports: OpenReports | undefined;
	try {
		const targets: Target[] = [];
		for (const spec of request.targets) {
			targets.push(...(await deps.prepare(spec, request, stop.signal)));
		}
		reports = openReports(request.reports);
		const outcomes = await runTargets(
			targets,
			request,
			deps,
			reports,
			stop.signal,
		);
		deps.watcher.end();
		await reports.end();
		return exitStatus(outcomes, stop.interrupted());
	} catch (error) {
		reports?.discard();
		if (stop.interrupted()) return EXIT.interrupted;
		throw error;
	} finally {
		deps.watcher.end();
		stop.dispose();
	}
}

async function runTargets(
	targets: readonly Target[],
	request: RunRequest,
	deps: RunDeps,
	reports: OpenReports,
	signal: AbortSignal,
): Promise<Outcome[]> {
	reports.begin(reportHead(targets.length));
	const outcomes: Outcome[] = [];
	const sinks = inOrder(targets.length, reports);
	const tasks = targets.map((target, index) => async () => {
		const counted = new Counted(
			sinks[index] as TargetSink,
			target.name,
			deps.watcher,
		);
		const known = new KnownFailures(counted, request.known);
		deps.watcher.boot(target.name);
		await execute(target, {
			suites: deps.suites,
			choose: chooser(request),
			...(request.caseTimeoutMs === undefined
				? {}
				: { caseTimeoutMs: request.caseTimeoutMs }),
			signal,
			sink: known,
		});
		outcomes[index] = counted.outcome(known.count);
	});
	await runLimited(tasks, request.jobs ?? defaultJobs());
	return outcomes;
}

/** Selection first, then the share of what was selected. */
function chooser(
	request: RunRequest,
): (cases: readonly PlannedCase[]) => Choice {
	return (all) => {
		const cases = select(all, request.selection);
		const { shard } = request;
		if (shard === undefined) return { cases };
		const ids = cases.map((planned) => planned.id);
		return { cases: share(cases, shard), facts: shardFacts(shard, ids) };
	};
}

/** Tells the watcher, and keeps what the exit status depends on. */
class Counted implements TargetSink {
	#tail: TargetTail | undefined;
	readonly #sink: TargetSink;
	readonly #name: string;
	readonly #watcher: Watcher;

	constructor(sink: TargetSink, name: string, watcher: Watcher) {
		this.#sink = sink;
		this.#name = name;
		this.#watcher = watcher;
	}

	beginTarget(head: TargetHead): void {
		this.#watcher.head(this.#name, head);
		this.#sink.beginTarget(head);
	}

	caseResult(result: CaseResult): void {
		this.#watcher.result(this.#name, result);
		this.#sink.caseResult(result);
	}

	endTarget(tail: TargetTail): void {
		this.#tail = tail;
		this.#watcher.tail(this.#name, tail);
		this.#sink.endTarget(tail);
	}

	outcome(known: number): Outcome {
		const tail = this.#tail;
		if (tail === undefined) throw new Error(`${this.#name} was never finished`);
		return { totals: tail.totals, complete: tail.complete, known };
	}
}
