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
			const room = Math.max(1, width - columns(line));
			line += left.slice(0, room).join("");
			left = left.slice(room);
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
 * A shell command in lines of at most `width` columns that a shell reads as the same command when they are pasted together.
 * Lines are broken with a backslash; where the break is inside a word the next line starts at column 0, for blanks would split the word.
 */
export function wrapShell(
	command: string,
	indent: string,
	width: number = COLUMNS,
): string[] {
	const lines: string[] = [];
	let line = indent;
	let quote: Quote = "";
	for (const token of tokens(command)) {
		// Two columns are kept for a closing quote and the backslash.
		if (token === " " && quote === "" && line.trim() !== "") {
			line += " ";
			continue;
		}
		if (columns(line) + columns(token) > width - 2) {
			const between = quote === "" && line.endsWith(" ");
			lines.push(quote === "'" ? `${line}'\\` : `${line}\\`);
			line = (between ? `${indent}  ` : "") + (quote === "'" ? "'" : "");
		}
		line += token;
		quote = after(quote, token);
	}
	return [...lines, line];
}

/** A command in pieces that a line break may stand between: characters, or an escaped character, or a word's stretch of plain ones. */
function tokens(command: string): string[] {
	const pieces: string[] = [];
	let quote: Quote = "";
	for (const piece of command.match(
		/\\[\s\S]|[A-Za-z0-9_./=:,%+@-]{1,48}|[\s\S]/gu,
	) ?? []) {
		// Inside single quotes a backslash is itself.
		if (quote === "'" && piece.startsWith("\\") && piece.length > 1) {
			pieces.push("\\", piece.slice(1));
			if (piece.slice(1) === "'") quote = "";
			continue;
		}
		pieces.push(piece);
		quote = after(quote, piece);
	}
	return pieces;
}

/** The quoting behind a piece. */
function after(quote: Quote, piece: string): Quote {
	if (piece !== "'" && piece !== '"') return quote;
	if (quote === "") return piece;
	return quote === piece ? "" : quote;
}
