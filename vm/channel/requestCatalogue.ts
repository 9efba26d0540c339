/**
 * The requests that every initramfs carries: the names of subjects and operations, and the cases that are made of them. A
 * serial port is slow, so those are asked for by their indexes.
 */

/** One line never asks for more answers: until they are there it is unanswered, and would be sent again whole. */
const MAX_ANSWERS = 64;
/** The agent knows names by numbers below this, of either kind. */
const MAX_NAMES = 2048;

/** What has names: a case's two programs. */
export type NameKind = "subject" | "program";

/** A case, by its programs' steps. */
export interface Pair {
	readonly subject: string;
	readonly program: string;
}

/** What goes out as one line, and the requests that it stands for. */
export interface Batch {
	text: string;
	requests: string[];
}

/** The catalogue's text, which `new RequestCatalogue` reads: a line for each name and each case that can be made of names. */
export function writeRequestCatalogue(pairs: Iterable<Pair>): string {
	const keys = {
		subject: new Map<string, number>(),
		program: new Map<string, number>(),
	};
	const cases = new Set<string>();
	for (const { subject, program } of pairs) {
		const numbers = [
			numberOf(keys.subject, subject),
			numberOf(keys.program, program),
		];
		if (subject !== "" && numbers.every((number) => number < MAX_NAMES))
			cases.add(`case ${numbers.join(" ")}`);
	}
	const names = Object.entries(keys).flatMap(([kind, known]) =>
		[...known]
			.filter(([steps, number]) => steps !== "" && number < MAX_NAMES)
			.map(([steps, number]) => `${kind} ${number} ${steps}`),
	);
	return [...names, ...cases, ""].join("\n");
}

function numberOf(known: Map<string, number>, steps: string): number {
	const number = known.get(steps) ?? known.size;
	known.set(steps, number);
	return number;
}

export class RequestCatalogue {
	readonly #names: string[] = [];
	readonly #keys = {
		subject: new Map<string, number>(),
		program: new Map<string, number>(),
	};
	/** Indexes of cases by the numbers of their two programs. */
	readonly #indexes = new Map<string, number>();

	/** @param text as writeRequestCatalogue() made it; none is a catalogue without entries */
	constructor(text = "") {
		for (const line of text.split("\n")) {
			// Not a regular expression: there are thousands of lines, and a boot waits for them.
			const first = line.indexOf(" ");
			const second = line.indexOf(" ", first + 1);
			if (first < 0 || second < 0) continue;
			const kind = line.slice(0, first);
			const number = Number(line.slice(first + 1, second));
			if (!(number >= 0 && number < MAX_NAMES)) continue;
			if (kind === "case") {
				const pair = line.slice(first + 1);
				if (!this.#indexes.has(pair))
					this.#indexes.set(pair, this.#indexes.size);
			} else if (kind === "subject" || kind === "program") {
				this.#names.push(line);
				this.#keys[kind].set(line.slice(second + 1), number);
			}
		}
	}

	/** The numbers that the agent knows programs of this kind by, from the start. */
	names(kind: NameKind): ReadonlyMap<string, number> {
		return this.#keys[kind];
	}

	/** The files that hold it. */
	get entries(): { type: "file"; path: string; data: Buffer }[] {
		if (this.#names.length === 0) return [];
		const four = (number: string) => number.padStart(4, "0");
		const records = [...this.#indexes.keys()].map(
			(pair) => `${pair.split(" ").map(four).join(" ")}\n`,
		);
		const names = this.#names.map((line) => `${line}\n`);
		return [
			{ type: "file", path: "crcap/names", data: Buffer.from(names.join("")) },
			{
				type: "file",
				path: "crcap/cases",
				data: Buffer.from(records.join("")),
			},
		];
	}

	/** Cuts requests into lines: runs of cases that stand in the catalogue become one, the others stay as they are. */
	*batches(requests: Iterable<string>): Iterable<Batch> {
		let run: Run | undefined;
		for (const text of requests) {
			const found = this.#look(text);
			if (run && !(found && run.take(found, text))) {
				yield run.batch;
				run = undefined;
			}
			if (found) run ??= new Run(found, text);
			else yield { text, requests: [text] };
		}
		if (run) yield run.batch;
	}

	/** A request as a case of the catalogue, where it is one. */
	#look(text: string): CatalogueCase | undefined {
		const [, n, deadline, subject, program] =
			/^case (\d+) (\d+) (\d+) =(\d+)$/.exec(text) ?? [];
		const index = this.#indexes.get(`${subject} ${program}`);
		return n === undefined || deadline === undefined || index === undefined
			? undefined
			: { n: Number(n), deadline, index };
	}
}

/** A case that stands in the catalogue. */
interface CatalogueCase {
	n: number;
	deadline: string;
	index: number;
}

/** Cases of the catalogue with numbers in a row and one deadline. */
class Run {
	readonly #first: CatalogueCase;
	readonly #requests: string[];
	readonly #stretches: { first: number; last: number }[];

	constructor(first: CatalogueCase, text: string) {
		this.#first = first;
		this.#requests = [text];
		this.#stretches = [{ first: first.index, last: first.index }];
	}

	/** Adds a case; false where it does not belong to this run. */
	take({ n, deadline, index }: CatalogueCase, text: string): boolean {
		const count = this.#requests.length;
		if (
			count >= MAX_ANSWERS ||
			deadline !== this.#first.deadline ||
			n !== this.#first.n + count
		)
			return false;
		const last = this.#stretches.at(-1);
		if (last?.last === index - 1) last.last = index;
		else this.#stretches.push({ first: index, last: index });
		this.#requests.push(text);
		return true;
	}

	get batch(): Batch {
		const { n, deadline } = this.#first;
		const indexes = this.#stretches.map(({ first, last }) =>
			first === last ? first : `${first}-${last}`,
		);
		return {
			text: `cases ${n} ${deadline} ${indexes.join(",")}`,
			requests: this.#requests,
		};
	}
}
