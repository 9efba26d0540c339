/** Read-backs that came before: the agent sends their number (`who=*N`), here they become text again. */

/** The agent and this cache number no more read-backs than this, in the order in which they first came. */
const MOST = 512;
/** The numbered read-backs have no more bytes of text than this together. */
const MOST_BYTES = 64 * 1024;

export class ReadBackCache {
	#numbered: string[] = [];
	#bytes = 0;

	/** The payload in full; undefined where it names a read-back that was never told. */
	expand(payload: string): string | undefined {
		const who = / who=([^ ]*)/.exec(payload);
		if (!payload.startsWith("obs ") || who === null) return payload;
		const [found, text = ""] = who;
		if (!text.startsWith("*")) {
			if (
				this.#numbered.length < MOST &&
				this.#bytes + text.length <= MOST_BYTES &&
				!this.#numbered.includes(text)
			) {
				this.#numbered.push(text);
				this.#bytes += text.length;
			}
			return payload;
		}
		const before = /^\*(0|[1-9]\d{0,3})$/.exec(text)?.[1];
		const whole =
			before === undefined ? undefined : this.#numbered[Number(before)];
		return whole === undefined
			? undefined
			: payload.replace(found, () => ` who=${whole}`);
	}
}
