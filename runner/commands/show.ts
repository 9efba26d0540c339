import type { Command } from "commander";
import { FORMATS } from "../../results/index.js";
import { formatHelp } from "../formatHelp.js";
import type { CommandContext } from "../program.js";
import {
	checkReports,
	DEFAULT_REPORT,
	type OpenReports,
	openReports,
	type ReportSpec,
	readReportSpec,
} from "../reports.js";
import { streamStored } from "../stored.js";
import { again, text } from "../values.js";

/** `crcap show` */
export function addShow(program: Command, _context: CommandContext): void {
	program
		.command("show")
		.description("write a stored JSON report in other formats")
		.argument("<file>", "a stored JSON report; - is standard input")
		.option(
			"-r, --report <format[=file]>",
			"repeatable (default: tap on standard output)",
			again(text),
		)
		.addHelpText("after", `\n${formatHelp(FORMATS)}`)
		.action(async (file: string, options: { report?: string[] }) => {
			const specs = options.report?.map((one) => readReportSpec(one)) ?? [
				DEFAULT_REPORT,
			];
			await rewrite(specs, (reports) => streamStored(file, reports));
		});
}

/** Fills reports from what was stored, as the run itself would have. */
export async function rewrite(
	specs: readonly ReportSpec[],
	fill: (reports: OpenReports) => Promise<void>,
): Promise<void> {
	checkReports(specs);
	const reports = await openReports(specs);
	try {
		await fill(reports);
	} catch (error) {
		reports.discard();
		throw error;
	}
}
