/** Runs a plan on one target and tells its results in plan order as they complete. */
import { stopText } from "../common/interrupt.js";
import { isForeseen, OwnFault } from "../common/ownFault.js";
import {
	EvidenceError,
	type PlannedCase,
	type RawFacts,
	type Suites,
} from "../common/suiteApi.js";
import { OpenError, type Session, type Target } from "../targets/target.js";
import { headOf, unobserved } from "./caseResults.js";
import { Execution } from "./execution.js";
import { Ledger } from "./ledger.js";
import { RoundsSink, repeated } from "./rounds.js";
import type { Choice, ExecuteOptions, Loaded } from "./sink.js";

/**
 * Brings the target up, runs the chosen cases, and closes it whatever happens.
 * @throws OwnFault once the target's report says that crcap itself failed
 */
export async function execute(
	target: Target,
	options: ExecuteOptions,
): Promise<void> {
	const startedAt = performance.now();
	let session: Session;
	try {
		session = await target.open(options.signal, () => options.late.begin());
	} catch (error) {
		const loaded = await options.late.loaded();
		const unopened = error instanceof OpenError ? error : asUnopened(error);
		reportUnopened(target, unopened, options, loaded, startedAt);
		if (error instanceof OpenError) return;
		throw new OwnFault(error);
	}
	try {
		const loaded = await options.late.loaded();
		const plan = planFor(session, options, loaded);
		if ("unopened" in plan) {
			reportUnopened(target, plan.unopened, options, loaded, startedAt);
			if (plan.fault !== undefined) throw plan.fault;
			return;
		}
		const { cases } = plan;
		const { repeat = 1 } = options;
		const parts = { ...options, ...loaded };
		if (repeat > 1) parts.sink = new RoundsSink(loaded.sink, cases, repeat);
		const rounds = { ...plan, cases: repeated(cases, repeat) };
		await new Execution(target, session, rounds, parts, startedAt).run();
	} finally {
		await session.close();
	}
}

/** Nothing of the plan can run; where that is crcap's own fault, it is thrown once it is reported. */
interface NoPlan {
	readonly unopened: OpenError;
	readonly fault?: OwnFault;
}

/** The cases for this kernel, or why there are none. */
function planFor(
	session: Session,
	{ choose, narrow = false, expect = [] }: ExecuteOptions,
	{ suites }: Loaded,
): Required<Choice> | NoPlan {
	const { notes, accel } = session;
	const evidence = { notes, accel };
	const known = { ...session.facts, expect };
	try {
		const choice = narrow
			? partOf(suites, known, choose)
			: wholeOf(suites, known, choose);
		if (choice.cases.length > 0) return choice;
		const why = "nothing of what was selected is for this kernel";
		return { unopened: new OpenError(why, evidence) };
	} catch (error) {
		if (error instanceof EvidenceError) {
			const why = `there is no plan for this kernel: ${error.message}`;
			return { unopened: new OpenError(why, evidence) };
		}
		if (isForeseen(error)) throw error;
		return {
			unopened: asUnopened(error, evidence),
			fault: new OwnFault(error),
		};
	}
}

/** All cases are made, and the chosen ones taken. */
function wholeOf(
	suites: Suites,
	known: RawFacts,
	choose: ExecuteOptions["choose"],
): Required<Choice> {
	const plan = suites.plan(known);
	const { cases, facts } = choose(plan.cases);
	return { cases, facts: { ...plan.facts, ...facts } };
}

/** The same for a part of the plan: cases are chosen by their names, and only those are made. */
function partOf(
	suites: Suites,
	known: RawFacts,
	choose: ExecuteOptions["choose"],
): Required<Choice> {
	const chosen = choose(suites.outline(known));
	const ids = chosen.cases.map(({ id }) => id);
	const plan = suites.plan(known, new Set(ids));
	const made = new Map(plan.cases.map((planned) => [planned.id, planned]));
	const cases = ids.flatMap((id) => made.get(id) ?? []);
	return { cases, facts: { ...plan.facts, ...chosen.facts } };
}

/** A fault of crcap's own, as the report of a target tells it. */
function asUnopened(
	error: unknown,
	evidence?: ConstructorParameters<typeof OpenError>[1],
): OpenError {
	return new OpenError(new OwnFault(error).message, evidence);
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
