import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import {
	anyRan,
	type TrendRun,
	trendPage,
	trendRuns,
} from "../../../results/index.js";
import { EXIT } from "../../common/exitStatus.js";
import { tell } from "../../common/tell.js";
import { writeOutputs } from "../../reports/outputs.js";
import { checkReports, keepInputs } from "../../reports/reports.js";
import { loadReport } from "../../reports/stored.js";
import { readOutput } from "../../request/reportSpec.js";
import { text } from "../../request/values.js";
import type { CommandContext } from "./context.js";

const MORE = `
Runs of one kernel are those whose targets have the same name and architecture, in the order of their dates.

Exit status: 0 written, whatever the reports say; 3 written, but no case of them ran; 2 usage.

  crcap trend nightly/*.json --report html=trend.html`;

/** `crcap trend` */
export function addTrend(program: Command, context: CommandContext): void {
	program
		.command("trend")
		.description("draw the runs of each kernel, from stored reports")
		.argument("<file...>", "stored reports, JSON or TAP")
		.option(
			"-r, --report <html[=file]>",
			"where the page goes (default: standard output)",
			text,
		)
		.addHelpText("after", MORE)
		.action(async (files: string[], { report }: { report?: string }) => {
			const outputs = [readOutput(report ?? "html", ["html"])];
			checkReports(outputs);
			keepInputs(files, outputs);
			const runs: TrendRun[] = [];
			let ran = false;
			for (const file of files) {
				const stored = await loadReport(file);
				ran ||= anyRan(stored);
				runs.push(...trendRuns(file, stored));
			}
			await writeOutputs(outputs, (_, out) =>
				pipeline(trendPage(runs), out, { end: false }),
			);
			if (ran) return;
			tell("trend: no case of these reports ran");
			context.status = EXIT.incomplete;
		});
}
