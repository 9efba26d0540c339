/** What a run needs while its kernels are up: the suites, the first plan, the reports' writers. A boot takes longer than loading them, so they are loaded during the first one. */
import type { Progress } from "../../results/index.js";
import type {
	CaseResult,
	TargetHead,
	TargetTail,
} from "../../results/model/model.js";
import type { Tally } from "../../results/model/summary.js";
import type { Suites } from "../common/suiteApi.js";
import { Late } from "../execute/late.js";
import type { Loaded, TargetSink } from "../execute/sink.js";
import {
	type OpenReports,
	openReports,
	reportHead,
} from "../reports/reports.js";
import type { RunRequest } from "../request/runRequest.js";
import type { FailureLimit } from "./failureLimit.js";
import { KnownFailures } from "./known.js";
import { inOrder } from "./ordered.js";
import { isNarrow } from "./wanted.js";

interface Opened {
	readonly suites: Suites;
	readonly reports: OpenReports;
	/** A sink for each target. */
	readonly sinks: readonly TargetSink[];
}

/** What the targets of one run share. Nothing is loaded before the first of them asks for it, and everything is loaded once. */
export class RunResources {
	readonly #request: RunRequest;
	readonly #loadSuites: () => Promise<Suites>;
	readonly #targets: number;
	readonly #progress: Progress;
	readonly #limit: FailureLimit;
	readonly #listener: TargetSink | undefined;
	#opening: Promise<Opened> | undefined;

	/**
	 * @param targets how many targets the run has
	 * @param listener gets what the reports get
	 */
	constructor(
		request: RunRequest,
		loadSuites: () => Promise<Suites>,
		targets: number,
		progress: Progress,
		limit: FailureLimit,
		listener?: TargetSink,
	) {
		this.#listener = listener;
		this.#limit = limit;
		this.#request = request;
		this.#loadSuites = loadSuites;
		this.#targets = targets;
		this.#progress = progress;
	}

	/** The part of the target with this index. */
	forTarget(index: number, name: string): Late<TargetLoaded> {
		return new Late(async () => {
			const { suites, sinks } = await this.#opened();
			const sink = sinks[index] as TargetSink;
			const limited = this.#limit.watch(sink);
			const watched = new Watched(limited, name, this.#progress);
			const known = new KnownFailures(watched, this.#request.known);
			return { suites, sink: known, watched, known };
		});
	}

	/** Resolves when every report is whole and in its place. Rejects naming those that could not be written. */
	async end(): Promise<void> {
		await (await this.#opened()).reports.end();
	}

	/** Forgets the files begun, where there are any. Never rejects. */
	async discard(): Promise<void> {
		await this.#opening?.then(
			({ reports }) => reports.discard(),
			() => {},
		);
	}

	#opened(): Promise<Opened> {
		this.#opening ??= this.#open();
		return this.#opening;
	}

	async #open(): Promise<Opened> {
		const suites = await this.#loadSuites();
		// The plan that a guest waits for is the second, which takes little more than half the time of the first. A part of it takes
		// little, once it is known who tries what.
		if (isNarrow(this.#request)) suites.outline();
		else suites.plan(null);
		const reports = await openReports(
			this.#request.reports,
			this.#request.kcidb,
		);
		reports.begin(reportHead(this.#targets));
		const told =
			this.#listener === undefined ? reports : both(reports, this.#listener);
		return { suites, reports, sinks: inOrder(this.#targets, told) };
	}
}

/** Makes a sink that passes everything to the one, then to the other. */
const both = (one: TargetSink, other: TargetSink): TargetSink => ({
	beginTarget(head) {
		one.beginTarget(head);
		other.beginTarget(head);
	},
	caseResult(result) {
		one.caseResult(result);
		other.caseResult(result);
	},
	endTarget(tail) {
		one.endTarget(tail);
		other.endTarget(tail);
	},
});

interface TargetLoaded extends Loaded {
	readonly watched: Watched;
	readonly known: KnownFailures;
}

/**
 * What the exit status depends on.
 * @throws Error where the target was never finished
 */
export async function tallyOf(late: Late<TargetLoaded>): Promise<Tally> {
	const { watched, known } = await late.loaded();
	return watched.tally(known.count);
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
