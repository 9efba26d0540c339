import type { Command } from "commander";
import { EXIT } from "../../common/exitStatus.js";
import { listenForStop } from "../../common/interrupt.js";
import { print } from "../../common/stdout.js";
import { tell } from "../../common/tell.js";
import { type RunOptions, runRequest } from "../../request/runRequest.js";
import { oneOf, text } from "../../request/values.js";
import { factLines } from "../../targets/factLines.js";
import { OpenError, type Target } from "../../targets/target.js";
import type { CommandContext } from "./context.js";

const MORE = `
One line a fact, \`fact NAME=VALUE\`, as \`crprobe --facts\` prints them; bytes that are no plain text are %XX.
\`crcap explain --kernel-facts FILE\` reads them. A kernel is booted for it, unless --local or --ssh says where it runs; no case is tried.

Exit status: 0 printed; 2 usage; 3 the kernel did not come up.

  crcap facts --kernel debian:bookworm > facts
  crcap explain --kernel-facts facts 'set_tid.free_tid.*'`;

interface FactOptions extends Pick<RunOptions, "accel" | "local"> {
	kernel?: string;
	ssh?: string;
}

/** `crcap facts` */
export function addFacts(program: Command, context: CommandContext): void {
	program
		.command("facts")
		.description("print what is known of a kernel; try no case")
		.option(
			"-k, --kernel <path|name>",
			"kernel to boot (default: Debian's)",
			text,
		)
		.option("--local", "of this machine's own kernel; boots nothing")
		.option(
			"--ssh <destination>",
			"of the machine that ssh reaches as [user@]host[:port]; boots nothing",
			text,
		)
		.option(
			"--accel <how>",
			"auto, kvm or tcg (default: auto)",
			oneOf(["auto", "kvm", "tcg"]),
		)
		.addHelpText("after", MORE)
		.action(async ({ kernel, ssh, ...options }: FactOptions) => {
			const request = runRequest(
				{
					...options,
					...(kernel === undefined ? {} : { kernel: [kernel] }),
					...(ssh === undefined ? {} : { ssh: [ssh] }),
				},
				{ config: {} },
			);
			const progress = context.deps.watch(request);
			const say = (line: string): void => progress.say(line);
			const stop = listenForStop(EXIT.interrupted, undefined, say);
			const { signal } = stop;
			try {
				const targets: Target[] = [];
				for (const spec of request.targets)
					targets.push(
						...(await context.deps.prepare(spec, request, { signal, say })),
					);
				for (const target of targets)
					await print(await factsOf(target, signal, targets.length > 1));
			} catch (error) {
				if (stop.interrupted()) {
					context.status = EXIT.interrupted;
					return;
				}
				if (!(error instanceof OpenError)) throw error;
				tell(error.message);
				context.status = EXIT.incomplete;
			} finally {
				stop.dispose();
			}
		});
}

async function factsOf(
	target: Target,
	signal: AbortSignal,
	named: boolean,
): Promise<string> {
	const session = await target.open(signal);
	try {
		const heading = named ? `# ${JSON.stringify(target.name)}\n` : "";
		return heading + factLines(session.facts.reported);
	} finally {
		await session.close();
	}
}
