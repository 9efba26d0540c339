import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import {
	anyRan,
	type Report,
	type TrendRun,
	trendPage,
	trendRuns,
} from "../../../results/index.js";
import { EXIT } from "../../common/exitStatus.js";
import { tell } from "../../common/tell.js";
import { UsageError } from "../../common/usage.js";
import { writeOutputs } from "../../reports/outputs.js";
import { checkReports, keepInputs } from "../../reports/reports.js";
import { filesOfFolder, loadReport } from "../../reports/stored.js";
import { readOutput } from "../../request/reportSpec.js";
import { text } from "../../request/values.js";
import type { CommandContext } from "./context.js";

const MORE = `
Runs of one kernel are those whose targets have the same name and architecture, in the order of their dates.
A directory stands for the *.json in it, not for what its own directories hold. What is no report among them is passed over, and named on standard error;
a file that is no report is refused.

Exit status: 0 written, whatever the reports say; 3 written, but no case of them ran; 2 usage.

  crcap trend nightly --report html=trend.html
  crcap trend monday.json mail.txt --report html=trend.html`;

/** `crcap trend` */
export function addTrend(program: Command, context: CommandContext): void {
	program
		.command("trend")
		.description("draw the runs of each kernel, from stored reports")
		.argument(
			"<path...>",
			"stored reports, JSON or TAP, and directories of JSON reports",
		)
		.option(
			"-r, --report <html[=file]>",
			"where the page goes (default: standard output)",
			text,
		)
		.addHelpText("after", MORE)
		.action(async (paths: string[], { report }: { report?: string }) => {
			const outputs = [readOutput(report ?? "html", ["html"])];
			checkReports(outputs);
			const inputs = paths.flatMap(inputsOf);
			keepInputs(
				inputs.map(({ file }) => file),
				outputs,
			);
			const runs: TrendRun[] = [];
			let [read, ran] = [0, false];
			for (const input of inputs) {
				const stored = await load(input);
				if (stored === undefined) continue;
				read += 1;
				ran ||= anyRan(stored);
				runs.push(...trendRuns(input.file, stored));
			}
			if (read === 0)
				throw new UsageError(`${paths.join(", ")}: no report of crcap`);
			await writeOutputs(outputs, (_, out) =>
				pipeline(trendPage(runs), out, { end: false }),
			);
			if (ran) return;
			tell("trend: no case of these reports ran");
			context.status = EXIT.incomplete;
		});
}

interface Input {
	readonly file: string;
	/** Named by itself, not by its directory. */
	readonly named: boolean;
}

function inputsOf(path: string): Input[] {
	const files = filesOfFolder(path);
	if (files === undefined) return [{ file: path, named: true }];
	return files.map((file) => ({ file, named: false }));
}

/**
 * Undefined where the file is no report, and only its directory was named.
 * @throws UsageError
 */
async function load({ file, named }: Input): Promise<Report | undefined> {
	try {
		return await loadReport(file);
	} catch (error) {
		if (named || !(error instanceof UsageError)) throw error;
		tell(`trend: passed over: ${error.message}`);
		return undefined;
	}
}
