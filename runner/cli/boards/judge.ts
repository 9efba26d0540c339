import { basename } from "node:path";
import type { Command } from "commander";
import { FORMATS } from "../../../results/index.js";
import { LogError, loadBundleLog } from "../../bundle/bundleLog.js";
import { UsageError } from "../../common/usage.js";
import { version } from "../../common/version.js";
import { keepInputs } from "../../reports/reports.js";
import { loadConfig } from "../../request/configFile.js";
import { runRequest } from "../../request/runRequest.js";
import { EVERYTHING, present, type Selection } from "../../request/select.js";
import { again, text } from "../../request/values.js";
import { run } from "../../run/run.js";
import type { CliDeps, CommandContext } from "../commands/context.js";
import { formatHelp } from "../commands/formatHelp.js";

const MORE = `
Every line of the log carries a checksum and a number: one that was changed, is missing or comes from another run is told, and so is
an end that is missing. That finds accidents; it is no proof against whoever forges a log.

Exit status: that of \`crcap run\`; 3 as well for a log that is cut short or not as it was written.

${formatHelp(FORMATS)}

  crcap judge log --report html=board.html --report json=board.json`;

interface JudgeOptions {
	report?: string[];
	bundle?: string;
	config?: string;
}

/** `crcap judge` */
export function addJudge(program: Command, context: CommandContext): void {
	program
		.command("judge")
		.description("judge the log of a bundle's run.sh")
		.argument("<log>", "what run.sh wrote, with whatever stands around it")
		.option(
			"-r, --report <format[=file]>",
			"repeatable (default: tap on standard output)",
			again(text),
		)
		.option("--bundle <file>", "the archive that it must be of", text)
		.option(
			"--config <file>",
			"configuration (default: crcap.config.json, where there is one): its known failures and reports",
			text,
		)
		.addHelpText("after", MORE)
		.action(async (log: string, options: JudgeOptions) => {
			const { report, config } = options;
			const loaded = await loadConfig(config);
			const { knownFailures, reports } = loaded.config;
			const request = runRequest(
				{ local: true, ...(report === undefined ? {} : { report }) },
				{
					...loaded,
					config: {
						...(knownFailures === undefined ? {} : { knownFailures }),
						...(reports === undefined ? {} : { reports }),
					},
				},
			);
			keepInputs([log], request.reports);
			context.status = await run(
				{
					...request,
					selection: await selectionOf(log, context.deps),
					targets: [
						{
							kind: "bundle",
							name: basename(log),
							log,
							...(options.bundle === undefined
								? {}
								: { bundle: options.bundle }),
						},
					],
				},
				context.deps,
			);
		});
}

/**
 * What the bundle was made of, as far as this version has it; the target tells what is wrong with its log.
 * @throws UsageError where it has nothing of it
 */
async function selectionOf(
	log: string,
	{ suites }: Pick<CliDeps, "suites">,
): Promise<Selection> {
	try {
		const { selection, version: by } = loadBundleLog(log).head;
		const left = present((await suites()).outline(), selection);
		if (left !== undefined) return left;
		throw new UsageError(
			`${log}: crcap ${by} made the bundle, and crcap ${version()} has none of the cases that it was to ask`,
		);
	} catch (error) {
		if (!(error instanceof LogError)) throw error;
		return EVERYTHING;
	}
}
