/** Writers for formats that say their totals first: cases are set aside, and the document is made at the end. */
import type { CaseResult, ReportHead, ReportWriter } from "../model/model.js";
import { count, newTarget, type ReportSummary } from "../model/summary.js";
import type { Sink } from "./sink.js";
import { type Ref, TextStore } from "./store.js";

/** All cases of a run, each as often and in whatever order it is asked for. */
export class CaseStore {
	readonly #text = new TextStore();
	readonly #targets: Ref[][] = [];
	/** By target: the cases' numbers by suite and subject. */
	readonly #groups: Map<string, Map<string, number[]>>[] = [];

	beginTarget(): void {
		this.#targets.push([]);
		this.#groups.push(new Map());
	}

	/** Sets a case of the latest target aside. */
	add(result: CaseResult): void {
		const refs = this.#targets.at(-1);
		const groups = this.#groups.at(-1);
		if (refs === undefined || groups === undefined)
			throw new Error("a case came before its target");
		const suite = groups.get(result.suite) ?? new Map<string, number[]>();
		groups.set(result.suite, suite);
		const numbers = suite.get(result.subject) ?? [];
		suite.set(result.subject, numbers);
		numbers.push(refs.length);
		refs.push(this.#text.add(JSON.stringify(result)));
	}

	/** A target's cases in the plan's order. */
	*all(target: number): Generator<CaseResult> {
		for (const ref of this.#targets[target] ?? []) yield this.#read(ref);
	}

	/** The cases of one subject in one suite of a target. */
	*group(
		target: number,
		suite: string,
		subject: string,
	): Generator<CaseResult> {
		const refs = this.#targets[target] ?? [];
		for (const number of this.#groups[target]?.get(suite)?.get(subject) ?? []) {
			yield this.#read(refs[number] ?? "");
		}
	}

	close(): void {
		this.#text.close();
	}

	#read(ref: Ref): CaseResult {
		return JSON.parse(this.#text.get(ref)) as CaseResult;
	}
}

/** A document in pieces, from a summary and the cases behind it. */
export type Render = (
	summary: ReportSummary,
	cases: CaseStore,
) => Iterable<string>;

export function documentWriter(sink: Sink, render: Render): ReportWriter {
	const cases = new CaseStore();
	let head: ReportHead | undefined;
	const targets: ReportSummary["targets"] = [];
	return {
		begin(begun) {
			head = begun;
		},
		beginTarget(target) {
			targets.push(newTarget(target));
			cases.beginTarget();
		},
		caseResult(result) {
			cases.add(result);
			const target = targets.at(-1);
			if (target !== undefined) count(target, result);
		},
		endTarget(tail) {
			const target = targets.at(-1);
			if (target !== undefined) target.tail = tail;
		},
		async breakOff() {
			// Nothing was written yet, and nothing will be.
			cases.close();
		},
		async end() {
			if (head === undefined) return;
			try {
				for (const piece of render({ head, targets }, cases)) {
					sink.write(piece);
					await sink.ready();
					if (sink.gone) break;
				}
			} finally {
				cases.close();
			}
		},
	};
}
