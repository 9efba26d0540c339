/** Keeping Markdown within what GitHub takes of a comment. */

/** GitHub refuses a comment of more than 65,536 characters; who posts it may add a few of their own. */
export const MAX_CHARS = 60_000;

/** How to see what a run's summary leaves out. */
export const SHOW_ALL =
	"`crcap show FILE --report text` shows all of it, FILE being the run's `--report json=FILE`";

/** The pieces while there is space, then a word on how to see the rest. */
export function* bounded(
	pieces: Iterable<string>,
	how: string,
): Generator<string> {
	const last = `\nThe rest is left out here: ${how}.\n`;
	let left = MAX_CHARS - last.length;
	for (const piece of pieces) {
		left -= piece.length;
		if (left < 0) {
			yield last;
			return;
		}
		yield piece;
	}
}
