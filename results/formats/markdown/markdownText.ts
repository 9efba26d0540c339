/** Foreign text in Markdown. */
import { oneLine } from "../../text/escape.js";

/** Longest piece of foreign text here. */
const MAX = 1000;

/** ASCII punctuation that Markdown or HTML could take for more than text; `_` only where it is not inside a word. */
const SPECIAL = /[!-/:-@[-^`{-~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g;
const HARMLESS = /[.,:;'()/%=+?-]/;

/** Foreign text as text. */
export function plain(text: string): string {
	return oneLine(text, MAX).replace(SPECIAL, (char) =>
		HARMLESS.test(char) ? char : `&#${char.charCodeAt(0)};`,
	);
}

/** Foreign text inside an HTML element. */
export function html(text: string): string {
	return oneLine(text, MAX).replace(
		/[&<>"']/g,
		(char) => `&#${char.charCodeAt(0)};`,
	);
}

/** Foreign text as code on one line. */
export function code(text: string): string {
	return `<code>${plain(text)}</code>`;
}

/** A block of code whose fence is longer than any inside. */
export function fence(rows: readonly string[], language: string): string {
	const shown = rows.map((row) => oneLine(row)).join("\n");
	const longest = Math.max(
		2,
		...[...shown.matchAll(/`+/g)].map(([run]) => run.length),
	);
	const mark = "`".repeat(longest + 1);
	return `${mark}${language}\n${shown}\n${mark}\n`;
}
