/** Fitting text into the columns of a mail. */

/** Columns that a mail's reader quotes without breaking. */
export const COLUMNS = 72;

/** Words in lines of at most `width` columns, the first after `first`, the others after `rest`; a longer word is cut. */
export function wrapWords(
	text: string,
	first = "",
	rest: string = first,
	width: number = COLUMNS,
): string[] {
	const lines: string[] = [];
	let line = first;
	let empty = true;
	const next = (): void => {
		lines.push(line.trimEnd());
		line = rest;
		empty = true;
	};
	for (const word of text.split(" ").filter((one) => one !== "")) {
		let left = [...word];
		if (!empty && columns(line) + 1 + left.length > width) next();
		if (!empty) line += " ";
		while (columns(line) + left.length > width) {
			const space = Math.max(1, width - columns(line));
			line += left.slice(0, space).join("");
			left = left.slice(space);
			next();
		}
		line += left.join("");
		if (left.length > 0) empty = false;
	}
	if (!empty || lines.length === 0) next();
	return lines;
}

/** Width on a terminal, taking every character for one column. */
export function columns(text: string): number {
	return [...text].length;
}

/** The text in exactly so many columns, cut with an ellipsis where it is longer. */
export function fit(text: string, width: number): string {
	const chars = [...text];
	if (chars.length <= width) return text + " ".repeat(width - chars.length);
	return `${chars.slice(0, width - 1).join("")}…`;
}

type Quote = "" | "'" | '"';

/**
 * A shell command, without a comment, in lines that a shell reads as the same command when they are pasted together.
 * A line is broken at a blank only: between words, or inside quotes, which are closed before the backslash and opened
 * again behind it, at column 0, for blanks would split the word. A path that is cut can't be copied, so what has no
 * blank stays whole and may be wider than `width`.
 */
export function wrapShell(
	command: string,
	indent: string,
	width: number = COLUMNS,
): string[] {
	const lines: string[] = [];
	let line = indent;
	let empty = true;
	for (const { text, quote } of pieces(command)) {
		const gap = quote === "" && !empty ? " " : "";
		// Two columns are kept for a closing quote or a blank, and the backslash.
		if (!empty && columns(line + gap + text) > width - 2) {
			lines.push(`${line}${quote === "" ? " " : quote}\\`);
			line = (quote === "" ? `${indent}  ` : quote) + text;
		} else {
			line += gap + text;
		}
		empty = false;
	}
	return [...lines, line];
}

/** A command and what stands behind its unquoted ` # `; a backslash would not carry that on to the next line. */
export function splitComment(line: string): {
	command: string;
	comment: string;
} {
	for (const { text, quote, at } of pieces(line)) {
		if (quote === "" && text.startsWith("#")) {
			return {
				command: line.slice(0, at).trimEnd(),
				comment: line.slice(at + 1).trim(),
			};
		}
	}
	return { command: line, comment: "" };
}

/** A part of a command that no line break may stand in. */
interface Piece {
	text: string;
	/** The quotes that it begins in; none where it begins a word. */
	quote: Quote;
	/** The offset at which it stands in the text, characters. */
	at: number;
}

function pieces(command: string): Piece[] {
	const found: Piece[] = [];
	let text = "";
	let start: Quote = "";
	let quote: Quote = "";
	const end = (at: number): void => {
		if (text !== "") found.push({ text, quote: start, at: at - text.length });
		text = "";
		start = quote;
	};
	for (let at = 0; at < command.length; at++) {
		const char = command.charAt(at);
		if (char === " " && quote === "") {
			end(at);
		} else {
			text += char;
			quote = after(quote, char);
			// Inside single quotes a backslash is itself.
			if (char === "\\" && quote !== "'") text += command.charAt(++at);
			else if (char === " ") end(at + 1);
		}
	}
	end(command.length);
	return found;
}

/** The quoting behind a character. */
function after(quote: Quote, char: string): Quote {
	if (char !== "'" && char !== '"') return quote;
	if (quote === "") return char;
	return quote === char ? "" : quote;
}
