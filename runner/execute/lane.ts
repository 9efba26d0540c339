/** What one guest was asked, and how far it has come. */
import type { WorkQueue } from "./workQueue.js";

export class Lane {
	readonly #queue: WorkQueue;
	/** Indexes of the cases that were handed to this guest, in order. */
	readonly #asked: number[] = [];
	/** How many of them are answered. */
	#answered = 0;

	constructor(queue: WorkQueue) {
		this.#queue = queue;
	}

	/** The cases for this guest, taken from the queue as the guest gets to them. */
	*cases(): Iterable<number> {
		for (;;) {
			const stretch = this.#queue.take();
			if (stretch.length === 0) return;
			this.#asked.push(...stretch);
			yield* stretch;
		}
	}

	/** The case that is answered next: a guest obeys in order. Undefined where none is due. */
	get due(): number | undefined {
		return this.#asked[this.#answered];
	}

	/** The case that was answered last. */
	get latest(): number | undefined {
		return this.#asked[this.#answered - 1];
	}

	/** The case that is due was answered. */
	answered(): void {
		this.#answered++;
	}

	/** Every case that was handed out and not answered, in order. */
	get open(): readonly number[] {
		return this.#asked.slice(this.#answered);
	}
}
