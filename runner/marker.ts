/** The line `crcap: case N` that the agent writes to the kernel's log before each case. */

const MARKER = /(?:^|\] ?)crcap: case (\d{1,9})$/;

/** The case that this console line begins, if it begins one. */
export function markedCase(line: string): number | undefined {
	const n = MARKER.exec(line)?.[1];
	return n === undefined ? undefined : Number(n);
}

/** The lines from the one that begins case `n` on; all of them where it is not among them. */
export function sinceCase(lines: readonly string[], n: number): string[] {
	const from = lines.findIndex((line) => markedCase(line) === n);
	return lines.slice(Math.max(0, from));
}
