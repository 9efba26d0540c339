/** One run: every target, every report, one exit status. */
import type {
	CaseResult,
	Progress,
	TargetHead,
	TargetTail,
} from "../../results/index.js";
import type { Tally } from "../../results/model/summary.js";
import { EXIT, exitStatus } from "../common/exitStatus.js";
import { listenForStop } from "../common/interrupt.js";
import { defaultJobs, runLimited } from "../common/jobs.js";
import type { PlannedCase, Suites } from "../common/suiteApi.js";
import {
	checkReports,
	type OpenReports,
	openReports,
	reportHead,
} from "../reports/reports.js";
import type { RunRequest, TargetSpec } from "../request/runRequest.js";
import { filter, select } from "../request/select.js";
import { shardFacts, share } from "../request/shard.js";
import type { PrepareContext } from "../targets/prepare.js";
import type { Target } from "../targets/target.js";
import { type Choice, execute, type TargetSink } from "./execute.js";
import { KnownFailures } from "./known.js";
import { inOrder } from "./ordered.js";

export interface RunDeps {
	/** The suites, loaded when they are wanted. */
	readonly suites: () => Promise<Suites>;
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
	await refuseImpossible(request, deps);
	const progress = deps.watch(request);
	const say = (line: string): void => progress.say(line);
	const stop = listenForStop(EXIT.interrupted, request.timeout, say);
	let begun: Promise<Begun> | undefined;
	try {
		const context = { signal: stop.signal, say };
		const targets: Target[] = [];
		for (const spec of request.targets) {
			targets.push(...(await deps.prepare(spec, request, context)));
		}
		const begin = (): Promise<Begun> => {
			begun ??= beginRun(request, deps, targets.length);
			return begun;
		};
		const { signal } = stop;
		const running = { request, begin, progress, signal };
		const tallies = await runTargets(targets, running);
		await (await begin()).reports.end();
		progress.end(storedFiles(request));
		return exitStatus(tallies, stop.interrupted());
	} catch (error) {
		await begun?.then(
			({ reports }) => reports.discard(),
			() => {},
		);
		if (stop.interrupted()) return EXIT.interrupted;
		throw error;
	} finally {
		stop.dispose();
	}
}

/** Every plan has more cases than this: so many shards need no look at the suites, which takes time, before the boot. */
const FEW_SHARDS = 100;

/** What can't work is refused before a kernel is fetched or booted for it. */
async function refuseImpossible(
	{ selection, shard }: RunRequest,
	deps: RunDeps,
): Promise<void> {
	const globs = Object.values(selection).flat();
	if (globs.length === 0 && (shard?.count ?? 1) <= FEW_SHARDS) return;
	const chosen = select((await deps.suites()).outline(), selection);
	if (shard !== undefined) share(chosen, shard);
}

/** What the first target that is under way finds or makes, for all of them. */
interface Begun {
	readonly suites: Suites;
	readonly reports: OpenReports;
	/** A sink for each target. */
	readonly sinks: readonly TargetSink[];
}

/** Everything that can wait until a kernel boots, which takes longer. */
async function beginRun(
	request: RunRequest,
	deps: RunDeps,
	targets: number,
): Promise<Begun> {
	const suites = await deps.suites();
	// The plan that a guest waits for is the second, which takes little more than half the time of the first.
	suites.plan(null);
	const reports = await openReports(request.reports);
	reports.begin(reportHead(targets));
	return { suites, reports, sinks: inOrder(targets, reports) };
}

/** Makes it when it is first asked for, and the same from then on. */
function once<T>(make: () => T): () => T {
	let made: { value: T } | undefined;
	return () => {
		made ??= { value: make() };
		return made.value;
	};
}

interface Running {
	readonly request: RunRequest;
	readonly begin: () => Promise<Begun>;
	readonly progress: Progress;
	readonly signal: AbortSignal;
}

async function runTargets(
	targets: readonly Target[],
	{ request, begin, progress, signal }: Running,
): Promise<Tally[]> {
	const { caseTimeoutMs } = request;
	const tallies: Tally[] = [];
	const tasks = targets.map((target, index) => async () => {
		const load = once(async () => {
			const { suites, sinks } = await begin();
			const sink = sinks[index] as TargetSink;
			const watched = new Watched(sink, target.name, progress);
			const known = new KnownFailures(watched, request.known);
			return { suites, sink: known, watched };
		});
		progress.boot(target.name);
		await execute(target, {
			load,
			choose: chooser(request),
			...(caseTimeoutMs === undefined ? {} : { caseTimeoutMs }),
			signal,
		});
		const { watched, sink } = await load();
		tallies[index] = watched.tally(sink.count);
	});
	await runLimited(tasks, request.jobs ?? defaultJobs());
	return tallies;
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

	tally(known: number): Tally {
		const tail = this.#tail;
		if (tail === undefined) throw new Error(`${this.#name} was never finished`);
		return { totals: tail.totals, complete: tail.complete, known };
	}
}
