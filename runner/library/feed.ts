/** Values that are pushed on one side and iterated on the other, in order; what is not yet taken waits. */
export class Feed<T> implements AsyncIterableIterator<T> {
	readonly #waiting: T[] = [];
	#wake: (() => void) | undefined;
	/** Who asks before others were answered waits for their turn to be over. */
	#turn: Promise<unknown> = Promise.resolve();
	#end: { readonly error?: unknown } | undefined;
	readonly #onBreak: () => void;

	/** @param onBreak called where the reader leaves before the end */
	constructor(onBreak: () => void) {
		this.#onBreak = onBreak;
	}

	push(value: T): void {
		if (this.#end !== undefined) return;
		this.#waiting.push(value);
		this.#wake?.();
	}

	/** No more comes. With an error, the reader gets it after what waits. */
	close(end: { readonly error?: unknown } = {}): void {
		this.#end ??= end;
		this.#wake?.();
	}

	next(): Promise<IteratorResult<T>> {
		const mine = this.#turn.then(() => this.#take());
		this.#turn = mine.catch(() => {});
		return mine;
	}

	async #take(): Promise<IteratorResult<T>> {
		while (this.#waiting.length === 0) {
			const end = this.#end;
			if (end !== undefined) {
				// Also to who asks a second time.
				if ("error" in end) throw end.error;
				return { done: true, value: undefined };
			}
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
		return { done: false, value: this.#waiting.shift() as T };
	}

	async return(): Promise<IteratorResult<T>> {
		const early = this.#end === undefined;
		this.#waiting.length = 0;
		this.close();
		if (early) this.#onBreak();
		return { done: true, value: undefined };
	}

	[Symbol.asyncIterator](): this {
		return this;
	}
}
