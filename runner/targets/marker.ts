/** Console lines by the case that the agent marks in them. */
import { markedCase } from "../../vm/index.js";

/** The lines from the one that begins case `n` on; all of them where it is not among them. */
export function sinceCase(lines: readonly string[], n: number): string[] {
	const from = lines.findIndex((line) => markedCase(line) === n);
	return lines.slice(Math.max(0, from));
}
