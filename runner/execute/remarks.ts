/** Sentences for a report. A guest decides how many there would be, so only the first are kept. */
export class Remarks {
	readonly #kept: string[] = [];
	#more = 0;

	add(...remarks: readonly string[]): void {
		for (const remark of remarks) {
			if (this.#kept.length < 50) this.#kept.push(remark);
			else this.#more++;
		}
	}

	get isEmpty(): boolean {
		return this.#kept.length === 0;
	}

	list(): string[] {
		return this.#more === 0
			? [...this.#kept]
			: [...this.#kept, `and ${this.#more} more like these`];
	}
}

/** Enough of a line to know it again. */
export function excerpt(text: string): string {
	return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
