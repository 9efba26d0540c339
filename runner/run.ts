/** One run: every target, every report, one exit status. */
import type {
	CaseResult,
	Progress,
	TargetHead,
	TargetTail,
} from "../results/index.js";
import {
	type Choice,
	type ExecuteOptions,
	execute,
	type TargetSink,
} from "./execute.js";
import { EXIT, exitStatus, type Outcome } from "./exitStatus.js";
import { listenForStop } from "./interrupt.js";
import { defaultJobs, runLimited } from "./jobs.js";
import { KnownFailures } from "./known.js";
import { inOrder } from "./ordered.js";
import type { PrepareContext } from "./prepare.js";
import {
	checkReports,
	type OpenReports,
	openReports,
	reportHead,
} from "./reports.js";
import type { RunRequest, TargetSpec } from "./runRequest.js";
import { filter, select } from "./select.js";
import { shardFacts, share } from "./shard.js";
import type { PlannedCase, Suites } from "./suitePort.js";
import type { Target } from "./target.js";

export interface RunDeps {
	readonly suites: Suites;
	/**
	 * Makes targets of what was asked for, without booting anything.
	 * @throws UsageError when there can be none.
	 */
	readonly prepare: (
		spec: TargetSpec,
		request: RunRequest,
		context: PrepareContext,
	) => Promise<readonly Target[]>;
	/** What people watch while it runs; never a part of the report. */
	readonly watch: (request: RunRequest) => Progress;
}

/** Runs it and returns the exit status. */
export async function run(request: RunRequest, deps: RunDeps): Promise<number> {
	checkReports(request.reports);
	// What can't work is refused before a boot is spent on it.
	const { cases } = deps.suites.plan(null);
	select(cases, request.selection);
	chooser(request)(cases);
	const progress = deps.watch(request);
	const say = (line: string): void => progress.say(line);
	const stop = listenForStop(EXIT.interrupted, request.timeout, say);
	let reports: OpenReports | undefined;
	try {
		const context = { signal: stop.signal, say };
		const targets: Target[] = [];
		for (const spec of request.targets) {
			targets.push(...(await deps.prepare(spec, request, context)));
		}
		reports = openReports(request.reports);
		const outcomes = await runTargets(targets, {
			request,
			deps,
			reports,
			progress,
			signal: stop.signal,
		});
		await reports.end();
		progress.end(storedFiles(request));
		return exitStatus(outcomes, stop.interrupted());
	} catch (error) {
		reports?.discard();
		if (stop.interrupted()) return EXIT.interrupted;
		throw error;
	} finally {
		stop.dispose();
	}
}

interface Running {
	readonly request: RunRequest;
	readonly deps: RunDeps;
	readonly reports: OpenReports;
	readonly progress: Progress;
	readonly signal: AbortSignal;
}

async function runTargets(
	targets: readonly Target[],
	running: Running,
): Promise<Outcome[]> {
	const { request, reports, progress } = running;
	reports.begin(reportHead(targets.length));
	const outcomes: Outcome[] = [];
	const sinks = inOrder(targets.length, reports);
	const tasks = targets.map((target, index) => async () => {
		const sink = sinks[index] as TargetSink;
		const watched = new Watched(sink, target.name, progress);
		const known = new KnownFailures(watched, request.known);
		progress.boot(target.name);
		await execute(target, executeOptions(running, known));
		outcomes[index] = watched.outcome(known.count);
	});
	await runLimited(tasks, request.jobs ?? defaultJobs());
	return outcomes;
}

function executeOptions(
	{ request, deps, signal }: Running,
	sink: TargetSink,
): ExecuteOptions {
	const { caseTimeoutMs } = request;
	return {
		suites: deps.suites,
		choose: chooser(request),
		...(caseTimeoutMs === undefined ? {} : { caseTimeoutMs }),
		signal,
		sink,
	};
}

/** The reports that a person can open afterwards. */
function storedFiles({
	reports,
}: RunRequest): { format: string; file: string }[] {
	return reports.flatMap(({ format, file }) =>
		file === undefined ? [] : [{ format, file }],
	);
}

/** Selection first, then the share of what was selected. A kernel that lacks a subject has the rest. */
function chooser(
	request: RunRequest,
): (cases: readonly PlannedCase[]) => Choice {
	return (all) => {
		const cases = filter(all, request.selection);
		const { shard } = request;
		if (shard === undefined) return { cases };
		const ids = cases.map((planned) => planned.id);
		return { cases: share(cases, shard), facts: shardFacts(shard, ids) };
	};
}

/** Tells the progress, and keeps what the exit status depends on. */
class Watched implements TargetSink {
	#tail: TargetTail | undefined;
	readonly #sink: TargetSink;
	readonly #name: string;
	readonly #progress: Progress;

	constructor(sink: TargetSink, name: string, progress: Progress) {
		this.#sink = sink;
		this.#name = name;
		this.#progress = progress;
	}

	beginTarget(head: TargetHead): void {
		this.#progress.head(this.#name, head);
		this.#sink.beginTarget(head);
	}

	caseResult(result: CaseResult): void {
		this.#progress.result(this.#name, result);
		this.#sink.caseResult(result);
	}

	endTarget(tail: TargetTail): void {
		this.#tail = tail;
		this.#progress.tail(this.#name, tail);
		this.#sink.endTarget(tail);
	}

	outcome(known: number): Outcome {
		const tail = this.#tail;
		if (tail === undefined) throw new Error(`${this.#name} was never finished`);
		return { totals: tail.totals, complete: tail.complete, known };
	}
}
