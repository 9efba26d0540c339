/** Runs a plan on one target and tells its results in plan order as they complete. */
import type {
	CaseResult,
	TargetHead,
	TargetTail,
} from "../../results/model/model.js";
import { stopText } from "../common/interrupt.js";
import type { PlannedCase, Suites } from "../common/suiteApi.js";
import { OpenError, type Session, type Target } from "../targets/target.js";
import { headOf, unobserved } from "./caseResults.js";
import { Execution } from "./execution.js";
import { Ledger } from "./ledger.js";

/** Takes what one target found: its head, its cases in plan order, its tail. */
export interface TargetSink {
	beginTarget(head: TargetHead): void;
	caseResult(result: CaseResult): void;
	endTarget(tail: TargetTail): void;
}

/** The cases to run, and what the report shall say about the choice. */
export interface Choice {
	readonly cases: readonly PlannedCase[];
	readonly facts?: TargetHead["facts"];
}

/** What is needed once the kernel is up. */
export interface Loaded {
	readonly suites: Suites;
	readonly sink: TargetSink;
}

export interface ExecuteOptions {
	/** Called while the kernel boots, when there is time for it, and again when it is up: the same every time. */
	readonly load: () => Promise<Loaded>;
	/** Which of the planned cases to run: selection, shard. */
	readonly choose: (cases: readonly PlannedCase[]) => Choice;
	/** Overrides every case's deadline, milliseconds. */
	readonly caseTimeoutMs?: number;
	readonly signal: AbortSignal;
}

/** Brings the target up, runs the chosen cases, and closes it whatever happens. */
export async function execute(
	target: Target,
	options: ExecuteOptions,
): Promise<void> {
	const startedAt = performance.now();
	// Its errors are met below.
	const prepare = () => void options.load().catch(() => {});
	let session: Session;
	try {
		session = await target.open(options.signal, prepare);
	} catch (error) {
		if (!(error instanceof OpenError)) throw error;
		reportUnopened(target, error, options, await options.load(), startedAt);
		return;
	}
	try {
		const loaded = await options.load();
		const plan = planFor(session, options, loaded);
		if (plan instanceof OpenError) {
			reportUnopened(target, plan, options, loaded, startedAt);
			return;
		}
		const parts = { ...options, ...loaded };
		await new Execution(target, session, plan, parts, startedAt).run();
	} finally {
		await session.close();
	}
}

/** The cases for this kernel, or why what it told of itself allows none. */
function planFor(
	session: Session,
	{ choose }: ExecuteOptions,
	{ suites }: Loaded,
): Required<Choice> | OpenError {
	const { notes, accel } = session;
	try {
		const plan = suites.plan(session.facts);
		const choice = choose(plan.cases);
		if (choice.cases.length === 0) {
			return new OpenError("nothing of what was selected is for this kernel", {
				notes,
				accel,
			});
		}
		return {
			cases: choice.cases,
			facts: { ...plan.facts, ...choice.facts },
		};
	} catch (error) {
		const why = (error as Error).message;
		return new OpenError(`there is no plan for this kernel: ${why}`, {
			notes,
			accel,
		});
	}
}

/** The plan is reported even where nothing of it could run. */
function reportUnopened(
	target: Target,
	error: OpenError,
	options: ExecuteOptions,
	{ suites, sink }: Loaded,
	startedAt: number,
): void {
	const { cases, facts } = suites.plan(null);
	const choice = options.choose(cases);
	const chosen = choice.cases;
	const why = options.signal.aborted
		? `${stopText(options.signal.reason)} before the first case`
		: error.message;
	sink.beginTarget({
		...headOf(target, chosen, { ...facts, ...choice.facts }),
		accel: error.accel,
	});
	const ledger = new Ledger(chosen.length, (r) => sink.caseResult(r));
	ledger.close((n) =>
		unobserved(
			chosen[n] as PlannedCase,
			"not_run",
			"the guest did not come up",
			undefined,
		),
	);
	sink.endTarget({
		complete: false,
		incompleteReason: why,
		notes: [...error.notes],
		totals: ledger.totals,
		durationMs: Math.round(performance.now() - startedAt),
		...(error.consoleTail.length === 0
			? {}
			: { consoleTail: [...error.consoleTail] }),
	});
}
