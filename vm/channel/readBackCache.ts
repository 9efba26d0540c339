/** Read-backs that were told before: the agent sends their number (`who=*N`), here they become text again. */

/** So many are numbered, in the order in which they were first told. */
const TOLD = 512;
/** And so many bytes of text. */
const TOLD_BYTES = 64 * 1024;

export class ReadBackCache {
	#told: string[] = [];
	#bytes = 0;

	/** The payload in full; undefined where it names a read-back that was never told. */
	expand(payload: string): string | undefined {
		const who = / who=([^ ]*)/.exec(payload);
		if (!payload.startsWith("obs ") || who === null) return payload;
		const [found, text = ""] = who;
		if (!text.startsWith("*")) {
			if (
				this.#told.length < TOLD &&
				this.#bytes + text.length <= TOLD_BYTES &&
				!this.#told.includes(text)
			) {
				this.#told.push(text);
				this.#bytes += text.length;
			}
			return payload;
		}
		const before = /^\*(0|[1-9]\d{0,3})$/.exec(text)?.[1];
		const whole = before === undefined ? undefined : this.#told[Number(before)];
		return whole === undefined
			? undefined
			: payload.replace(found, () => ` who=${whole}`);
	}
}
