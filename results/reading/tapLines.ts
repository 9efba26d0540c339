/** The lines of a TAP report that stands in a longer text: a log whose lines begin with a time, a mail that quotes it. */

/** Characters of the longest line; crcap cuts foreign text, and writes none of this length. */
const MOST_LINE = 64 * 1024;

/** Characters of the longest prefix that is looked for. */
const MOST_PREFIX = 100;

/** The first line, with whatever stands before it. */
const VERSION = new RegExp(`^(.{0,${MOST_PREFIX}}?)TAP version 1[34]\\s*$`);

/** The second line, which tells crcap's TAP from that of others. */
const SIGNATURE = /^# crcap \S+, started \S+$/;

export class TapLines {
	readonly #take: (line: string) => void;
	#rest = "";
	/** True while a line is passed over that is too long for a report's. */
	#tooLong = false;
	/** What may turn out to be the first line, until the second is there. */
	#first: { line: string; prefix: RegExp } | undefined;
	#begun = false;

	/** `take` gets each line of the report, without what stands before it in the text. */
	constructor(take: (line: string) => void) {
		this.#take = take;
	}

	/** True when the report's first lines were found. */
	get begun(): boolean {
		return this.#begun;
	}

	/** Takes the next piece of the text. Throws for a line that is too long, and for a second report. */
	text(text: string): void {
		const [first = "", ...more] = text.split("\n");
		this.#grow(first);
		for (const piece of more) {
			this.#endLine();
			this.#grow(piece);
		}
	}

	/** The text is at its end; so is its last line. */
	end(): void {
		this.#endLine();
	}

	#grow(piece: string): void {
		if (this.#tooLong) return;
		this.#rest += piece;
		if (this.#rest.length <= MOST_LINE) return;
		if (this.#begun)
			throw new Error(`a line of it is longer than ${MOST_LINE} characters`);
		this.#tooLong = true;
		this.#rest = "";
	}

	#endLine(): void {
		const line = this.#rest.replace(/\r$/, "");
		this.#rest = "";
		if (this.#tooLong) this.#tooLong = false;
		else this.#line(line);
	}

	#line(line: string): void {
		const text = this.#first && withoutPrefix(line, this.#first.prefix);
		if (this.#begun) {
			if (text === undefined) return;
			if (VERSION.exec(text)?.[1] === "")
				throw new Error("it holds more than one report: cut one of them out");
			this.#take(text);
		} else if (this.#first && text !== undefined && SIGNATURE.test(text)) {
			this.#begun = true;
			this.#take(this.#first.line);
			this.#take(text);
		} else {
			const prefix = VERSION.exec(line)?.[1];
			this.#first =
				prefix === undefined
					? undefined
					: {
							line: line.slice(prefix.length).trimEnd(),
							prefix: prefixPattern(prefix),
						};
		}
	}
}

/** A prefix like this one: the same but for its digits, and for blanks that give way to digits. */
function prefixPattern(prefix: string): RegExp {
	const text = prefix
		.replace(/[^\w\s]/g, "\\$&")
		.replace(/[\d ](?=.*\d)|\d/g, "[\\d ]");
	return new RegExp(`^${text}`);
}

/** The rest of a line; undefined where it does not begin that way. */
function withoutPrefix(line: string, prefix: RegExp): string | undefined {
	const found = prefix.exec(line);
	return found === null ? undefined : line.slice(found[0].length);
}
