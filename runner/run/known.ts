/** Failures that the user knows of: they stay failures in the report, and don't make the run one. */
import type {
	CaseResult,
	TargetHead,
	TargetTail,
} from "../../results/model/model.js";
import type { TargetSink } from "../execute/sink.js";
import type { KnownFailure } from "../request/runRequest.js";
import { matcher } from "../request/select.js";

const FAILURES: readonly CaseResult["verdict"][] = ["fail", "crash", "timeout"];

/** Passes results on, marks the known failures among them, and notes those that passed or have expired. */
export class KnownFailures implements TargetSink {
	/** Failures found that are known. */
	count = 0;
	readonly #sink: TargetSink;
	readonly #known: readonly KnownFailure[];
	readonly #today: string;
	#here: readonly {
		known: KnownFailure;
		matches: (id: string) => boolean;
	}[] = [];
	readonly #notes: string[] = [];

	constructor(
		sink: TargetSink,
		known: readonly KnownFailure[],
		now = new Date(),
	) {
		this.#sink = sink;
		this.#known = known;
		this.#today = now.toISOString().slice(0, 10);
	}

	beginTarget(head: TargetHead): void {
		this.#here = this.#known
			.filter((known) => concerns(known, head))
			.map((known) => ({ known, matches: matcher([known.case]) }));
		this.#sink.beginTarget(head);
	}

	caseResult(result: CaseResult): void {
		this.#sink.caseResult(this.#mark(result));
	}

	endTarget(tail: TargetTail): void {
		this.#sink.endTarget({ ...tail, notes: [...tail.notes, ...this.#notes] });
	}

	#mark(result: CaseResult): CaseResult {
		const found = this.#here.find(({ matches }) => matches(result.id));
		if (found === undefined) return result;
		const { reason, expires } = found.known;
		if (result.verdict === "pass") {
			this.#notes.push(
				`${result.id} passes, though it is listed as a known failure (${reason}): take it off the list`,
			);
			return result;
		}
		if (!FAILURES.includes(result.verdict)) return result;
		if (expires < this.#today) {
			this.#notes.push(
				`${result.id} fails, and its entry as a known failure (${reason}) expired on ${expires}`,
			);
			return result;
		}
		this.count++;
		return { ...result, known: { reason, until: expires } };
	}
}

function concerns(known: KnownFailure, head: TargetHead): boolean {
	if (known.kernel === undefined) return true;
	const matches = matcher([known.kernel]);
	return matches(head.name) || matches(head.kernel.release);
}
