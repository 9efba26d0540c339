import type { Command } from "commander";
import { ARCHES } from "../../../vm/index.js";
import { archive } from "../../bundle/archive.js";
import { bundled, bundleRequests } from "../../bundle/requests.js";
import { runScript } from "../../bundle/runScript.js";
import { beginFile, checkWritable } from "../../common/atomicFile.js";
import { releases } from "../../common/eras.js";
import { tell } from "../../common/tell.js";
import { UsageError } from "../../common/usage.js";
import { DEFAULT_DEADLINE_MS } from "../../execute/caseRequest.js";
import { asked } from "../../request/extras.js";
import { type Selection, select } from "../../request/select.js";
import { oneOf, seconds, text } from "../../request/values.js";
import { agentPath } from "../../targets/agents.js";
import type { CommandContext } from "../commands/context.js";
import { selectionOptions } from "../commands/selection.js";

const MORE = `
The archive holds the agent, the requests and run.sh, which needs a shell and nothing else. On the board:

  tar xzf crcap-armhf.tar.gz && sh crcap-armhf/run.sh -o log

and anywhere else: crcap judge log. The same plan, agent and Node.js make the same bytes.`;

interface BundleCommandOptions {
	arch: (typeof ARCHES)[number];
	output: string;
	host?: boolean;
	caseTimeout?: number;
	suite?: string[];
	subject?: string[];
	case?: string[];
}

/** `crcap bundle` */
export function addBundle(program: Command, context: CommandContext): void {
	selectionOptions(
		program
			.command("bundle")
			.description("pack what a machine needs that nobody reaches")
			.requiredOption(
				"--arch <arch>",
				`its kernel's architecture: ${ARCHES.join(", ")}`,
				oneOf(ARCHES),
			)
			.requiredOption(
				"-o, --output <file>",
				"the archive, as in crcap-armhf.tar.gz",
				text,
			),
	)
		.option(
			"--host",
			"also what touches that machine's own pid namespace or devices",
		)
		.option(
			"--case-timeout <seconds>",
			"time for one case (default: 10, or what the case itself says)",
			seconds,
		)
		.addHelpText("after", MORE)
		.action(async (options: BundleCommandOptions) => {
			const { arch, output } = options;
			checkWritable(output);
			const agent = await readAgent(arch);
			const { requests, count } = await requestsFor(options, context);
			const folder = `crcap-${arch}`;
			const data = await archive(folder, [
				{ name: "crprobe", mode: 0o755, data: agent },
				{ name: "requests", mode: 0o644, data: Buffer.from(requests) },
				{ name: "run.sh", mode: 0o755, data: Buffer.from(runScript(arch)) },
			]);
			const file = beginFile(output);
			file.stream.end(data);
			await file.commit();
			tell(
				`${output}: ${count} cases, ${data.length} bytes; there: tar xzf ${output} && sh ${folder}/run.sh -o log`,
			);
		});
}

async function readAgent(arch: string): Promise<Buffer> {
	const { readFile } = await import("node:fs/promises");
	return await readFile(agentPath(arch));
}

/** @throws UsageError where nothing of what was selected can go into a bundle */
async function requestsFor(
	options: BundleCommandOptions,
	context: CommandContext,
): Promise<{ requests: string; count: number }> {
	const { arch, host = false, suite = [], subject = [], caseTimeout } = options;
	const selection: Selection = { suite, subject, case: options.case ?? [] };
	const suites = await context.deps.suites();
	select(suites.outline(), selection);
	const cases = bundled(
		asked(suites.plan(null).cases, { selection, extras: [] }),
		{ host },
	);
	if (cases.length === 0)
		throw new UsageError(
			"nothing of what was selected can go into a bundle: suite lsm is for guests, and what touches the machine itself takes --host",
		);
	const ids = new Set(cases.map(({ id }) => id));
	const plans = releases().map(({ release, capLastCap }) => {
		const reported = {
			release: `${release}.0`,
			cap_last_cap: String(capLastCap),
		};
		return suites.plan({ reported, arch }, ids).cases;
	});
	const requests = bundleRequests(cases, plans, {
		arch,
		selection,
		host,
		deadlineMs:
			caseTimeout === undefined
				? DEFAULT_DEADLINE_MS
				: Math.max(1, Math.round(caseTimeout * 1000)),
	});
	return { requests, count: cases.length };
}
