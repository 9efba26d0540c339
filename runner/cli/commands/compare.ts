import { basename } from "node:path";
import type { Command } from "commander";
import {
	COMPARE_FORMATS,
	compare,
	type NamedReport,
	writeComparison,
} from "../../../results/index.js";
import { UsageError } from "../../common/usage.js";
import { writeOutputs } from "../../reports/outputs.js";
import { checkReports, keepInputs } from "../../reports/reports.js";
import { loadReport } from "../../reports/stored.js";
import { readOutput } from "../../request/reportSpec.js";
import { again, text } from "../../request/values.js";
import type { CommandContext } from "./context.js";
import { formatHelp } from "./formatHelp.js";

const MORE = `
${formatHelp(COMPARE_FORMATS)}

Exit status: 0 nothing got worse; 1 a regression, or a new case that fails; 3 neither, but cases that had a verdict have
none now or are not there any more, whatever the versions of crcap, or there was nothing to compare; 2 usage.
Results of a selection are compared with those of the same selection.

  crcap compare 6.1.json 7.3.json --report markdown=changes.md`;

/** `crcap compare` */
export function addCompare(program: Command, context: CommandContext): void {
	program
		.command("compare")
		.description("what changed between stored reports")
		.argument("<old>", "a stored report, JSON or TAP")
		.argument("[new...]", "one or more to compare with it")
		.option(
			"-r, --report <format[=file]>",
			"repeatable (default: text on standard output)",
			again(text),
		)
		.addHelpText("after", MORE)
		.action(
			async (old: string, newer: string[], options: { report?: string[] }) => {
				if (newer.length === 0)
					throw new UsageError(
						`compare: ${old} is the only report named: it takes two or more, \`crcap compare OLD NEW\``,
					);
				const formats = COMPARE_FORMATS.map(({ name }) => name);
				const outputs = (options.report ?? ["text"]).map((one) =>
					readOutput(one, formats),
				);
				checkReports(outputs);
				keepInputs([old, ...newer], outputs);
				const reports = await loadAll([old, ...newer]);
				const [first, ...others] = reports;
				if (first === undefined) return;
				const comparison = compare(first, ...others);
				await writeOutputs(outputs, (format, out) =>
					writeComparison(format, out, comparison, reports),
				);
				context.status = comparison.exitCode;
			},
		);
}

async function loadAll(files: readonly string[]): Promise<NamedReport[]> {
	const names = shortNames(files);
	const reports = [];
	for (const [i, file] of files.entries()) {
		reports.push({ name: names[i] ?? file, report: await loadReport(file) });
	}
	return reports;
}

/** Files by their last part, where that tells them apart. */
function shortNames(files: readonly string[]): readonly string[] {
	const short = files.map((file) => basename(file));
	return new Set(short).size === files.length ? short : files;
}
