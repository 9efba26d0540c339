/** `--max-failures`: after so many of them the rest of the run is worth nothing to whoever asked. */
import type { CaseResult } from "../../results/model/model.js";
import { isKnown } from "../../results/model/summary.js";
import type { Stop } from "../common/interrupt.js";
import type { TargetSink } from "../execute/sink.js";

const FAILURES: readonly CaseResult["verdict"][] = ["fail", "crash", "timeout"];

/** Counts the failures of all targets of a run, known ones left out, and stops it at the limit. */
export class FailureLimit {
	readonly #most: number | undefined;
	readonly #stop: Pick<Stop, "abort">;
	#found = 0;

	/** @param most without it there is no limit */
	constructor(most: number | undefined, stop: Pick<Stop, "abort">) {
		this.#most = most;
		this.#stop = stop;
	}

	/** A sink that passes everything on, and looks at the results. */
	watch(sink: TargetSink): TargetSink {
		return {
			beginTarget: (head) => sink.beginTarget(head),
			caseResult: (result) => {
				sink.caseResult(result);
				this.#count(result);
			},
			endTarget: (tail) => sink.endTarget(tail),
		};
	}

	#count(result: CaseResult): void {
		if (!FAILURES.includes(result.verdict) || isKnown(result)) return;
		this.#found++;
		if (this.#found !== this.#most) return;
		this.#stop.abort({ kind: "failures", count: this.#most });
	}
}
