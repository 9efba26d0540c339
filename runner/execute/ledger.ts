/** Keeps the results of one target and hands them on in plan order, each exactly once. */

import { noTotals } from "../../results/model/counts.js";
import type { CaseResult, Totals } from "../../results/model/model.js";

export class Ledger {
	readonly totals: Totals = noTotals();
	readonly #results: (CaseResult | undefined)[];
	/** Cases whose result won't change any more. */
	readonly #final: boolean[];
	readonly #emit: (result: CaseResult) => void;
	#emitted = 0;

	constructor(planned: number, emit: (result: CaseResult) => void) {
		this.#results = new Array(planned);
		this.#final = new Array(planned).fill(false);
		this.#emit = emit;
	}

	/** The result of case `n`, unless it has none yet. */
	get(n: number): CaseResult | undefined {
		return this.#results[n];
	}

	/** True once case `n` can't be changed any more. */
	isOut(n: number): boolean {
		return n < this.#emitted;
	}

	/** Sets the result of case `n`, or replaces it until it is out. */
	set(n: number, result: CaseResult): void {
		if (this.isOut(n)) throw new Error(`case ${n} is out already`);
		this.#results[n] = result;
	}

	/** Case `n` has its last result: it goes out once everything before it has gone out. */
	finish(n: number): void {
		this.#final[n] = true;
		while (this.#final[this.#emitted]) {
			const result = this.#results[this.#emitted];
			if (result === undefined) return;
			this.#emitted++;
			this.totals[result.verdict]++;
			this.#emit(result);
		}
	}

	/** Gives every case without a result the one that `make` makes, and lets all go out. */
	close(make: (n: number) => CaseResult): void {
		for (let n = 0; n < this.#results.length; n++) {
			this.#results[n] ??= make(n);
			this.finish(n);
		}
	}
}
