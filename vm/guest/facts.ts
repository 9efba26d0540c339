/** The agent's first words: `hello`, `fact`s, `ready`. */

export interface Hello {
	proto: number;
	/** The agent's version. */
	crprobe: string;
	/** The architecture that the agent was built for. */
	arch: string;
}

const MAX_FACTS = 2000;

/** `%XX` escapes undone; what is not UTF-8 shows as U+FFFD. */
export function unescapeValue(text: string): string {
	if (!text.includes("%")) return text;
	const bytes: number[] = [];
	for (let i = 0; i < text.length; i++) {
		const hex = /^%([0-9a-fA-F]{2})/.exec(text.slice(i, i + 3))?.[1];
		if (hex === undefined) bytes.push(text.charCodeAt(i));
		else {
			bytes.push(Number.parseInt(hex, 16));
			i += 2;
		}
	}
	return Buffer.from(bytes).toString("utf8");
}

/** Reads `hello proto=1 crprobe=VERSION arch=ARCH`; undefined when it is not that. */
export function parseHello(payload: string): Hello | undefined {
	const match =
		/^hello proto=(\d{1,4}) crprobe=(\S{1,100}) arch=(\S{1,40})(?: .*)?$/.exec(
			payload,
		);
	if (!match) return undefined;
	return {
		proto: Number(match[1]),
		crprobe: unescapeValue(match[2] as string),
		arch: unescapeValue(match[3] as string),
	};
}

/** Collects facts by name. Names that are no identifiers, and facts beyond a bound, are refused (false). */
export class FactReader {
	#facts = new Map<string, string>();

	add(payload: string): boolean {
		const match = /^fact ([A-Za-z][\w.-]{0,99})=(.*)$/.exec(payload);
		if (!match || this.#facts.size >= MAX_FACTS) return false;
		this.#facts.set(match[1] as string, unescapeValue(match[2] as string));
		return true;
	}

	/** A record without a prototype: no name can reach one. */
	toRecord(): Record<string, string> {
		return Object.assign(Object.create(null), Object.fromEntries(this.#facts));
	}
}
