/** Making hostile strings harmless: what a guest or a file says is shown, never obeyed. */

/** What a terminal, a parser or a reader could take for more than text: controls, bidi overrides, line separators, lone surrogates. */
const DANGEROUS =
	/[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff]|\p{Cs}/gu;

/** A string on one line, with whatever is not plain text as `\xNN` or `\uNNNN`. */
export function visible(text: string): string {
	return text.replace(DANGEROUS, (char) => {
		const code = char.charCodeAt(0);
		if (code === 0x0a) return "\\n";
		if (code === 0x09) return "\\t";
		const hex = code.toString(16);
		return code < 0x100
			? `\\x${hex.padStart(2, "0")}`
			: `\\u${hex.padStart(4, "0")}`;
	});
}

/** Longest piece of foreign text in a report for people, in UTF-16 units. The JSON report holds everything. */
export const MAX_TEXT = 4096;

/** The text, cut to `max` UTF-16 units with a word on how much is missing; never cut inside a character. */
export function clip(text: string, max: number = MAX_TEXT): string {
	if (text.length <= max) return text;
	const head = text.slice(0, max).replace(/[\ud800-\udbff]$/, "");
	return `${head}… [${text.length - head.length} more characters, see the JSON report]`;
}

/** Foreign text for one line of a report: cut, then made visible. */
export function oneLine(text: string, max: number = MAX_TEXT): string {
	return visible(clip(text, max));
}
