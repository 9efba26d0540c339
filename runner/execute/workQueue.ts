/** The cases that are still to be asked. Guests of one target take them in stretches, so that all of them have work to the end. */

/** Most cases in one stretch: as many as one line of the protocol may ask for. */
const LONGEST = 64;
/** Fewest cases in one stretch, where there are so many. */
const SHORTEST = 8;
/** Fewer cases than this are not worth a guest of their own. */
const CASES_PER_GUEST = 400;

/**
 * How many guests share a plan; at least one.
 * @param cases how many cases are to be asked
 * @param most so many guests are allowed
 */
export function guestsFor(cases: number, most: number): number {
	return Math.max(1, Math.min(most, Math.ceil(cases / CASES_PER_GUEST)));
}

export class WorkQueue {
	/** The numbers of the cases that no guest has taken yet, in plan order. */
	#waiting: number[];
	/** How many guests take from it. */
	readonly #takers: number;

	/** @param waiting indexes of cases in the plan, ascending */
	constructor(waiting: readonly number[], takers: number) {
		this.#waiting = [...waiting];
		this.#takers = takers;
	}

	get length(): number {
		return this.#waiting.length;
	}

	/** The next cases, fewer of them towards the end; none where nothing is left. */
	take(): number[] {
		const share = Math.ceil(this.#waiting.length / (4 * this.#takers));
		const count =
			this.#takers === 1
				? LONGEST
				: Math.min(LONGEST, Math.max(SHORTEST, share));
		return this.#waiting.splice(0, count);
	}

	/** Puts back what was taken and not done. */
	giveBack(indexes: readonly number[]): void {
		if (indexes.length === 0) return;
		this.#waiting = [...this.#waiting, ...indexes].sort((a, b) => a - b);
	}

	/** Takes everything out: nothing more is to be asked. */
	clear(): void {
		this.#waiting = [];
	}
}
