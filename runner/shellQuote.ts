/** One word of a POSIX shell line, quoted only where it needs to be. */
export function shellQuote(word: string): string {
	if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
	return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line to paste into a shell. */
export function shellLine(words: readonly string[]): string {
	return words.map(shellQuote).join(" ");
}
