import type { Command } from "commander";
import type { Report } from "../../results/index.js";
import { writeReport } from "../../results/replay.js";
import type { CommandContext } from "../program.js";
import {
	checkReports,
	DEFAULT_REPORT,
	openReports,
	type ReportSpec,
	readReportSpec,
} from "../reports.js";
import { loadReport } from "../stored.js";
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
		.action(async (file: string, options: { report?: string[] }) => {
			const specs = options.report?.map(readReportSpec) ?? [DEFAULT_REPORT];
			await rewrite(await loadReport(file), specs);
		});
}

/** Writes a report as the run itself would have. */
export async function rewrite(
	report: Report,
	specs: readonly ReportSpec[],
): Promise<void> {
	checkReports(specs);
	const open = openReports(specs);
	try {
		await writeReport(report, open);
	} catch (error) {
		open.discard();
		throw error;
	}
}
