/** One run: every target, every report, one exit status. */
import type { Progress } from "../../results/index.js";
import type { Tally } from "../../results/model/summary.js";
import { EXIT, exitStatus } from "../common/exitStatus.js";
import { listenForStop, type Stop } from "../common/interrupt.js";
import { defaultJobs, runLimited } from "../common/jobs.js";
import { OwnFault } from "../common/ownFault.js";
import type { Suites } from "../common/suiteApi.js";
import { execute } from "../execute/execute.js";
import type { TargetSink } from "../execute/sink.js";
import { checkReports } from "../reports/reports.js";
import type { RunRequest, TargetSpec } from "../request/runRequest.js";
import type { PrepareContext } from "../targets/prepare.js";
import type { Target } from "../targets/target.js";
import { FailureLimit } from "./failureLimit.js";
import { RunResources, tallyOf } from "./resources.js";
import {
	chooser,
	extrasIn,
	findWanted,
	isNarrow,
	tellNothing,
} from "./wanted.js";

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
	/** What stops it early; this process's signals where absent. */
	readonly stop?: (
		timeoutSeconds: number | undefined,
		say: (line: string) => void,
	) => Stop;
	/** Gets every result as the reports get it. */
	readonly listener?: TargetSink;
}

/**
 * Runs it and returns the exit status.
 * @throws what no kernel and no user can cause, after the reports are written: they say that the fault is crcap's own
 */
export async function run(request: RunRequest, deps: RunDeps): Promise<number> {
	checkReports(request.reports);
	const wanted = await findWanted(request, deps);
	if (tellNothing(wanted)) return EXIT.incomplete;
	const progress = deps.watch(request);
	const say = (line: string): void => progress.say(line);
	for (const note of wanted?.notes ?? []) say(note);
	const stop =
		deps.stop?.(request.timeout, say) ??
		listenForStop(EXIT.interrupted, request.timeout, say);
	let resources: RunResources | undefined;
	try {
		const extras = await extrasIn(request, deps, wanted);
		const context = { signal: stop.signal, say, extras };
		const targets: Target[] = [];
		for (const spec of request.targets) {
			targets.push(...(await deps.prepare(spec, request, context)));
		}
		resources = new RunResources(
			request,
			deps.suites,
			targets.length,
			progress,
			new FailureLimit(request.maxFailures, stop),
			deps.listener,
		);
		const { tallies, fault } = await runTargets(targets, {
			request,
			...(wanted === undefined ? {} : { wanted: wanted.ids }),
			resources,
			progress,
			stop,
		});
		await resources.end();
		progress.end(storedFiles(request));
		if (fault !== undefined) throw fault;
		return exitStatus(tallies, stop.interrupted());
	} catch (error) {
		await resources?.discard();
		if (stop.interrupted() && !(error instanceof OwnFault))
			return EXIT.interrupted;
		throw error;
	} finally {
		stop.dispose();
	}
}

/** The number of guests of one target that may die before the rest of its plan is left unrun. */
const MAX_CRASHES = 5;

/** Percent of a guest's plan that may be skipped. */
const MAX_SKIPPED = 60;

interface Running {
	readonly request: RunRequest;
	/** The only cases that are wanted, where not all are. */
	readonly wanted?: ReadonlySet<string>;
	readonly resources: RunResources;
	readonly progress: Progress;
	readonly stop: Stop;
}

async function runTargets(
	targets: readonly Target[],
	{ request, wanted, resources, progress, stop }: Running,
): Promise<{ tallies: Tally[]; fault?: OwnFault }> {
	const { caseTimeoutMs } = request;
	const jobs = request.jobs ?? defaultJobs();
	const sideBySide = Math.max(1, Math.min(jobs, targets.length));
	const guests = request.guests ?? Math.floor(defaultJobs() / sideBySide);
	const tallies: Tally[] = [];
	let fault: OwnFault | undefined;
	const tasks = targets.map((target, index) => async () => {
		const late = resources.forTarget(index, target.name);
		progress.boot(target.name);
		try {
			await execute(target, {
				late,
				choose: chooser(request, wanted),
				narrow: isNarrow(request),
				...(caseTimeoutMs === undefined ? {} : { caseTimeoutMs }),
				guests,
				maxCrashes: request.maxCrashes ?? MAX_CRASHES,
				...(target.kind === "qemu"
					? { maxSkipped: request.maxSkipped ?? MAX_SKIPPED }
					: {}),
				...(request.repeat === undefined ? {} : { repeat: request.repeat }),
				expect: request.expect,
				signal: stop.signal,
			});
		} catch (error) {
			if (!(error instanceof OwnFault)) throw error;
			// The other targets are reported as not run: what a broken program finds there is worth nothing.
			fault ??= error;
			stop.abort({ kind: "fault" });
		}
		tallies[index] = await tallyOf(late);
	});
	await runLimited(tasks, jobs);
	return { tallies, ...(fault === undefined ? {} : { fault }) };
}

/** The reports that a person can open afterwards. */
function storedFiles({
	reports,
}: RunRequest): { format: string; file: string }[] {
	return reports.flatMap(({ format, file }) =>
		file === undefined ? [] : [{ format, file }],
	);
}
