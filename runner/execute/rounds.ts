/** `--repeat`: the plan several times in the same session, and its rounds as one result a case. */
import { counted, noTotals, planGroups } from "../../results/model/counts.js";
import type {
	CaseResult,
	TargetHead,
	TargetTail,
	Verdict,
} from "../../results/model/model.js";
import { hasRun } from "../../results/model/summary.js";
import { matchesPattern, type PlannedCase } from "../common/suiteApi.js";
import type { TargetSink } from "./sink.js";

/** The plan as often as it is to run, round after round. */
export function repeated(
	cases: readonly PlannedCase[],
	rounds: number,
): readonly PlannedCase[] {
	return Array.from({ length: rounds }, () => cases).flat();
}

/** From the worst to the best; the worst round speaks for its case. */
const WORST: readonly Verdict[] = [
	...(["crash", "fail", "timeout", "error", "not_run", "pass"] as const),
	"skip",
];

/** A note names no more ids than this. */
const NAMED = 20;

/** Takes the results of all rounds in their order, and hands on one for each case once its last round is in. */
export class RoundsSink implements TargetSink {
	readonly #sink: TargetSink;
	readonly #cases: readonly PlannedCase[];
	readonly #rounds: number;
	readonly #held: CaseResult[][];
	readonly #totals = noTotals();
	readonly #flaky: string[] = [];
	#next = 0;

	constructor(sink: TargetSink, cases: readonly PlannedCase[], rounds: number) {
		this.#sink = sink;
		this.#cases = cases;
		this.#rounds = rounds;
		this.#held = cases.map(() => []);
	}

	beginTarget(head: TargetHead): void {
		this.#sink.beginTarget({
			...head,
			planned: this.#cases.length,
			groups: planGroups(this.#cases),
			facts: { ...head.facts, "plan.rounds": this.#rounds },
		});
	}

	caseResult(result: CaseResult): void {
		const n = this.#next++ % this.#cases.length;
		const held = this.#held[n] as CaseResult[];
		held.push(result);
		if (held.length < this.#rounds) return;
		const merged = mergeRounds(held);
		this.#held[n] = [];
		this.#totals[merged.verdict]++;
		if (isFlaky(held)) this.#flaky.push(merged.id);
		this.#sink.caseResult(merged);
	}

	endTarget(tail: TargetTail): void {
		const totals = this.#totals;
		const each = `every case was asked ${this.#rounds} times`;
		const flaky = this.#flaky;
		const named = flaky.slice(0, NAMED).join(", ");
		const more =
			flaky.length > NAMED ? ` and ${flaky.length - NAMED} more` : "";
		const note =
			flaky.length === 0
				? `${each}, and none was flaky`
				: `${each}; ${counted(flaky.length, "case")} flaky: ${named}${more}`;
		this.#sink.endTarget({ ...tail, totals, notes: [...tail.notes, note] });
	}
}

/** Pids and the like, which the kernel picks: where a case cares for one, its verdict does. */
const PICKED = /(?<=[(/])\d+(?=[,/)])/g;
/** That another process had a pid already. */
const TAKEN = /(?:, [\d/]+(?: to [\d/]+)? (?:was|were) taken)+/g;

/**
 * What a round came to, as far as rounds are to be alike: where the case says `*` of a number, such as a rate, it differs
 * from round to round.
 */
export function comesTo({ verdict, expected, observed }: CaseResult): string {
	const seen = observed.replace(TAKEN, "");
	const as =
		expected.split("; or ").find((one) => matchesPattern(one, seen)) ??
		seen.replace(PICKED, "*");
	return `${verdict} ${as}`;
}

const sameAs = (a: CaseResult): ((b: CaseResult) => boolean) => {
	const wanted = comesTo(a);
	return (b) => comesTo(b) === wanted;
};

/** True where the rounds in which the case ran were not all answered alike. An error, or a round that never was, says nothing of that. */
function isFlaky(rounds: readonly CaseResult[]): boolean {
	const [first, ...others] = rounds.filter(hasRun);
	return first !== undefined && !others.every(sameAs(first));
}

/** What the rounds of one case come to. A case that is not always the same has failed, whatever it answered. */
export function mergeRounds(rounds: readonly CaseResult[]): CaseResult {
	const worst = worstOf(rounds);
	if (rounds.every(sameAs(worst))) return worst;
	const outcomes = outcomesOf(rounds);
	const words = outcomes
		.map(
			({ times, verdict, observed }) =>
				`${times} × ${verdict}${observed === "" ? "" : ` (${observed})`}`,
		)
		.join(", ");
	const told = { ...worst, outcomes };
	if (!isFlaky(rounds))
		return {
			...told,
			reason: `${worst.reason} (in ${rounds.length} rounds: ${words})`,
		};
	const ran = worstOf(rounds.filter(hasRun));
	return {
		...ran,
		outcomes,
		verdict: ran.verdict === "pass" ? "fail" : ran.verdict,
		reason: `flaky, in ${rounds.length} rounds: ${words}; expected since ${ran.reason}`,
	};
}

function worstOf(rounds: readonly CaseResult[]): CaseResult {
	return rounds.reduce((a, b) =>
		WORST.indexOf(b.verdict) < WORST.indexOf(a.verdict) ? b : a,
	);
}

function outcomesOf(
	rounds: readonly CaseResult[],
): NonNullable<CaseResult["outcomes"]> {
	const outcomes: NonNullable<CaseResult["outcomes"]> = [];
	const positions = new Map<string, number>();
	for (const round of rounds) {
		const key = comesTo(round);
		const known = outcomes[positions.get(key) ?? -1];
		if (known !== undefined) {
			known.times++;
			continue;
		}
		positions.set(key, outcomes.length);
		const { verdict, observed } = round;
		outcomes.push({ verdict, observed, times: 1 });
	}
	return outcomes;
}
