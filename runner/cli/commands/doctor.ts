import type { Command } from "commander";
import { EXIT } from "../../common/exitStatus.js";
import { print } from "../../common/stdout.js";
import { tell } from "../../common/tell.js";
import {
	askDoctor,
	type DoctorOptions,
	NothingTried,
} from "../../doctor/askDoctor.js";
import { count } from "../../request/values.js";
import type { CommandContext } from "./context.js";

const MORE = `
Nothing is booted, and root is not needed. Each boundary is tried for real, and nothing is left changed. What is said holds
for a program that is started from here and has no capabilities of its own in its file. On a machine without
Node.js, \`crprobe --doctor\` (dist/agent/crprobe-ARCH, one static file) says the same.

Exit status: 0 nothing is in the way; 1 something is; 2 usage, or no such process; 3 nothing
could be tried.

  crcap doctor --pid "$(pidof myserver)"
  docker run -v "$PWD/dist/agent/crprobe-x86_64:/crprobe:ro" debian /crprobe --doctor`;

/** The kernel's greatest pid. */
const MAX_PID = 4_194_304;

/** `crcap doctor` */
export function addDoctor(program: Command, context: CommandContext): void {
	program
		.command("doctor")
		.description(
			"tell what checkpoint/restore can do here, in a container too, and what is in its way",
		)
		.option(
			"--pid <pid>",
			"also what can be done to this process: its map_files, and tracing it",
			count(MAX_PID),
		)
		.option("--json", "as one line of JSON, following a schema")
		.addHelpText("after", MORE)
		.action(async (options: DoctorOptions) => {
			try {
				const { text, usable } = await askDoctor(options);
				await print(text);
				context.status = usable ? EXIT.ok : EXIT.failed;
			} catch (error) {
				if (!(error instanceof NothingTried)) throw error;
				tell(error.message);
				context.status = EXIT.incomplete;
			}
		});
}
