import type { Command } from "commander";
import { FORMATS, type WriterOptions } from "../../../results/index.js";
import { hasRun } from "../../../results/model/summary.js";
import { EXIT } from "../../common/exitStatus.js";
import { tell } from "../../common/tell.js";
import {
	checkReports,
	type OpenReports,
	openReports,
} from "../../reports/reports.js";
import { streamStored } from "../../reports/stored.js";
import { type KcidbOptions, kcidbWriter } from "../../request/kcidbOptions.js";
import {
	DEFAULT_REPORT,
	type ReportSpec,
	readReportSpec,
} from "../../request/reportSpec.js";
import { again, text } from "../../request/values.js";
import type { CommandContext } from "./context.js";
import { formatHelp } from "./formatHelp.js";
import { kcidbOptions } from "./kcidb.js";

const MORE = `
${formatHelp(FORMATS)}

TAP may stand in a log or be quoted in a mail. Of a case that passed it has the name only, where JSON has everything.

Exit status: 0 written, whatever the report says; 3 written, but no case of the report ran; 2 usage.`;

interface ShowOptions extends KcidbOptions {
	report?: string[];
}

/** `crcap show` */
export function addShow(program: Command, context: CommandContext): void {
	kcidbOptions(
		program
			.command("show")
			.description("write a stored report in other formats"),
	)
		.argument("<file>", "a stored report, JSON or TAP; - is standard input")
		.option(
			"-r, --report <format[=file]>",
			"repeatable (default: tap on standard output)",
			again(text),
		)
		.addHelpText("after", MORE)
		.action(async (file: string, options: ShowOptions) => {
			const specs = options.report?.map((one) => readReportSpec(one)) ?? [
				DEFAULT_REPORT,
			];
			let ran = false;
			const write = (reports: OpenReports): Promise<void> =>
				streamStored(file, {
					...reports,
					caseResult(result) {
						ran ||= hasRun(result);
						reports.caseResult(result);
					},
				});
			await rewrite(specs, write, kcidbWriter(options));
			if (ran) return;
			tell(`${file}: no case of it ran`);
			context.status = EXIT.incomplete;
		});
}

/** Fills reports from what was stored, as the run itself would have. */
export async function rewrite(
	specs: readonly ReportSpec[],
	fill: (reports: OpenReports) => Promise<void>,
	options: WriterOptions = {},
): Promise<void> {
	checkReports(specs);
	const reports = await openReports(specs, options);
	try {
		await fill(reports);
	} catch (error) {
		reports.discard();
		throw error;
	}
}
