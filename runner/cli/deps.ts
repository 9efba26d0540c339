/** The real world for the commands: the library's, the terminal, and a process of their own. */
import { createProgress } from "../../results/progress/progress.js";
import { EXIT } from "../common/exitStatus.js";
import { stdoutTrouble, tolerateClosedStdout } from "../common/stdout.js";
import { ENGINE } from "../library/engine.js";
import type { CliDeps } from "./commands/context.js";
import { main, reportTrouble } from "./program.js";

/** What every command works with. */
export const realDeps: CliDeps = {
	...ENGINE,
	watch({ reports }) {
		const shared =
			process.stdout.isTTY === true &&
			reports.some(({ file }) => file === undefined);
		// A live display would cut a report on the same terminal to pieces.
		return createProgress(process.stderr, shared ? { live: false } : {});
	},
};

/** Runs a command line, and ends this process with its exit status. */
export async function start(argv: readonly string[]): Promise<void> {
	tolerateClosedStdout();
	// Node's own status for it, 1, would say that a case failed.
	process.on("uncaughtException", (error) => {
		process.exit(reportTrouble(error, argv));
	});
	let status = await main(argv, realDeps);
	// What went wrong with the last words is told a moment later.
	await new Promise((resolve) => setImmediate(resolve));
	const trouble = stdoutTrouble();
	if (status === EXIT.ok && trouble) status = reportTrouble(trouble, argv);
	// What was printed must be out before the process ends, and nothing that still waits may keep it.
	process.stdout.write("", () => process.exit(status));
}
