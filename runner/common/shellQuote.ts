/** Command lines for a shell. */
import { shellQuote } from "../../vm/index.js";

/** A command line to paste into a shell. */
export function shellLine(words: readonly string[]): string {
	return words.map(shellQuote).join(" ");
}
