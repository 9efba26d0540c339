import type { Command } from "commander";
import { FORMATS, type Report, writeReport } from "../../../results/index.js";
import { isKnown, type Tally } from "../../../results/model/summary.js";
import { exitStatus } from "../../common/exitStatus.js";
import { mergeReports } from "../../reports/mergeReports.js";
import { keepInputs } from "../../reports/reports.js";
import { loadReport } from "../../reports/stored.js";
import { type KcidbOptions, kcidbWriter } from "../../request/kcidbOptions.js";
import { DEFAULT_REPORT, readReportSpec } from "../../request/reportSpec.js";
import { again, text } from "../../request/values.js";
import type { CommandContext } from "./context.js";
import { formatHelp } from "./formatHelp.js";
import { kcidbOptions } from "./kcidb.js";
import { rewrite } from "./show.js";

const MORE = `
Shares come from \`crcap run --shard I/N\`, one file each; reports of different targets may be joined as well.
Refused: shares that are missing or there twice, and shares of different plans, kernels or versions.
The exit status is that of the run as a whole.

${formatHelp(FORMATS)}

  crcap merge shard1.json shard2.json --report json=all.json --report tap`;

interface MergeOptions extends KcidbOptions {
	report?: string[];
}

/** `crcap merge` */
export function addMerge(program: Command, context: CommandContext): void {
	kcidbOptions(
		program.command("merge").description("join the reports of shards into one"),
	)
		.argument("<file...>", "stored JSON reports; - is standard input")
		.option(
			"-r, --report <format[=file]>",
			"repeatable (default: tap on standard output)",
			again(text),
		)
		.addHelpText("after", MORE)
		.action(async (files: string[], options: MergeOptions) => {
			const specs = options.report?.map((one) => readReportSpec(one)) ?? [
				DEFAULT_REPORT,
			];
			keepInputs(files, specs);
			const reports = [];
			for (const file of files) {
				reports.push({ file, report: await loadReport(file) });
			}
			const merged = mergeReports(reports);
			await rewrite(
				specs,
				(reports) => writeReport(merged, reports),
				kcidbWriter(options),
			);
			context.status = exitStatus(tallies(merged));
		});
}

/** What the exit status of a stored report depends on. */
function tallies(report: Report): Tally[] {
	return report.targets.map(({ totals, complete, cases }) => ({
		totals,
		complete,
		known: cases.filter(isKnown).length,
	}));
}
