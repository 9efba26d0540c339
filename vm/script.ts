/** The requests that the initramfs carries: a serial port is slow, so those are asked for by their places there. */

/** One line never asks for more answers: until they are there it is unanswered, and would be sent again whole. */
const MAX_ANSWERS = 64;

/** What goes out as one line, and the requests that it stands for. */
export interface Batch {
	text: string;
	requests: string[];
}

export class Script {
	readonly #places: ReadonlyMap<string, number>;

	constructor(lines: readonly string[]) {
		this.#places = new Map(lines.map((line, place) => [line, place]));
	}

	/** Cuts requests into lines: runs of those that stand in the initramfs become one, the others stay as they are. */
	*batches(requests: Iterable<string>): Iterable<Batch> {
		let run: { from: number; requests: string[]; answers: number } | undefined;
		for (const text of requests) {
			const place = this.#places.get(text);
			const next = run && run.from + run.requests.length;
			if (run && (place !== next || run.answers >= MAX_ANSWERS)) {
				yield batchOf(run);
				run = undefined;
			}
			if (place === undefined) {
				yield { text, requests: [text] };
				continue;
			}
			run ??= { from: place, requests: [], answers: 0 };
			run.requests.push(text);
			if (text.startsWith("case ")) run.answers++;
		}
		if (run) yield batchOf(run);
	}
}

function batchOf(run: { from: number; requests: string[] }): Batch {
	const { from, requests } = run;
	return { text: `file ${from} ${from + requests.length}`, requests };
}
