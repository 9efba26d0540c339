/** Keeps the results of one target and hands them on in plan order, each exactly once. */

import { noTotals } from "../../results/model/counts.js";
import type { CaseResult, Totals } from "../../results/model/model.js";

export class Ledger {
	readonly totals: Totals = noTotals();
	readonly #results: (CaseResult | undefined)[];
	readonly #emit: (result: CaseResult) => void;
	#emitted = 0;
	/** Results from here on may still change, so they are held back. */
	#held = 0;

	constructor(planned: number, emit: (result: CaseResult) => void) {
		this.#results = new Array(planned);
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

	/** Sets or, while it is held back, replaces the result of case `n`. */
	set(n: number, result: CaseResult): void {
		if (this.isOut(n)) throw new Error(`case ${n} is out already`);
		this.#results[n] = result;
	}

	/** Cases before `n` are final: they go out as far as they are known. */
	release(n: number): void {
		this.#held = Math.max(this.#held, n);
		while (this.#emitted < this.#held) {
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
		}
		this.release(this.#results.length);
	}
}
