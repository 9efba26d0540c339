/** A whole report through a writer. */
import {
	type Report,
	ReportHead,
	type ReportWriter,
	TargetHead,
	TargetTail,
} from "../model/model.js";

/** Writes a report that is in memory already. */
export async function writeReport(
	report: Report,
	writer: ReportWriter,
): Promise<void> {
	await tellReport(report, writer);
	await writer.end();
}

/** Tells a writer all of a report but its end. */
export async function tellReport(
	report: Report,
	writer: ReportWriter,
): Promise<void> {
	writer.begin(ReportHead.strip().parse(report));
	for (const target of report.targets) {
		writer.beginTarget(TargetHead.strip().parse(target));
		for (const result of target.cases) {
			writer.caseResult(result);
			await writer.ready?.();
		}
		writer.endTarget(TargetTail.strip().parse(target));
	}
}
