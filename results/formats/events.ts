/** Events: one JSON object a line, out as soon as it is known. */
import { EVENTS, type Event } from "../model/events.js";
import type { ReportWriter } from "../model/model.js";
import {
	count,
	newTarget,
	type Outcome,
	outcome,
	sentence,
	type TargetSummary,
	together,
} from "../model/summary.js";
import type { Sink } from "../stream/sink.js";
import { canonical } from "./json.js";

export function eventsWriter(sink: Sink): ReportWriter {
	const outcomes: Outcome[] = [];
	let current: TargetSummary | undefined;
	const tell = (event: Event): void => {
		sink.write(`${JSON.stringify(canonical(EVENTS[event.event], event))}\n`);
		sink.flush();
	};
	return {
		begin: (head) => tell({ event: "run", ...head }),
		beginTarget(head) {
			const { name: target, facts, groups: _, ...known } = head;
			current = newTarget(head);
			tell({ event: "target", target, ...known });
			tell({ event: "facts", target, facts });
		},
		caseResult(result) {
			if (current === undefined) return;
			count(current, result);
			const target = current.head.name;
			const lines = result.console ?? [];
			if (lines.length > 0)
				tell({ event: "console", target, case: result.id, lines });
			tell({ event: "case", target, result });
		},
		endTarget(tail) {
			if (current === undefined) return;
			const { consoleTail: lines = [], ...rest } = tail;
			const target = current.head.name;
			current.tail = tail;
			const came = outcome(current);
			outcomes.push(came);
			if (lines.length > 0) tell({ event: "console", target, lines });
			const summary = sentence(current);
			tell({ event: "target_end", target, outcome: came, summary, ...rest });
			current = undefined;
		},
		async breakOff(reason) {
			tell({ event: "end", outcome: "incomplete", reason });
		},
		async end() {
			tell({ event: "end", outcome: together(outcomes) });
		},
	};
}
