/** TAP 13 with one test point a case, each as it comes: for Perl's prove, Jenkins and others that know no subtests. */
import type { ReportWriter } from "../../model/model.js";
import {
	count as addTo,
	newTarget,
	type TargetSummary,
	untold,
} from "../../model/summary.js";
import type { Sink } from "../../stream/sink.js";
import {
	bailOut,
	comment,
	headComments,
	tailComments,
	testPoint,
} from "./tapText.js";

export function tapFlatWriter(sink: Sink): ReportWriter {
	let count = 0;
	let planned: number | undefined;
	let single = false;
	let summary: TargetSummary | undefined;
	let lost: string | undefined;
	return {
		begin(head) {
			single = head.plannedTargets === 1;
			sink.write(
				`TAP version 13\n${comment(`${head.tool.name} ${head.tool.version}, started ${head.startedAt}`)}`,
			);
			sink.flush();
		},
		beginTarget(head) {
			summary = newTarget(head);
			sink.write(headComments(head));
			if (single) {
				planned = head.planned;
				sink.write(`1..${planned}\n`);
			}
			sink.flush();
		},
		caseResult(result) {
			count += 1;
			if (summary !== undefined) addTo(summary, result);
			sink.write(
				testPoint(
					count,
					result,
					single ? result.id : `${summary?.head.name}: ${result.id}`,
				),
			);
			sink.flush();
		},
		endTarget(tail) {
			if (summary !== undefined) sink.write(tailComments(summary, tail));
			const why = untold({ totals: tail.totals, tail });
			if (why !== undefined) lost ??= `${summary?.head.name}: ${why}`;
			sink.flush();
		},
		async breakOff(reason) {
			sink.write(bailOut(reason));
		},
		async end() {
			// What follows a bail-out is ignored, and a bail-out after a last plan would be.
			if (lost !== undefined) sink.write(bailOut(lost));
			else if (planned === undefined) sink.write(`1..${count}\n`);
		},
	};
}
