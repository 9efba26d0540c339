/** The real world for the commands: the suites, the kernels, the terminal. */
import { createProgress } from "../results/index.js";
import { prepare } from "./prepare.js";
import type { CliDeps } from "./program.js";
import type { SuiteBook } from "./suitePort.js";

/** What every command works with. */
export function realDeps(suites: SuiteBook): CliDeps {
	return {
		suites,
		prepare,
		watch({ reports }) {
			const shared =
				process.stdout.isTTY === true &&
				reports.some(({ file }) => file === undefined);
			// A live display would cut a report on the same terminal to pieces.
			return createProgress(process.stderr, shared ? { live: false } : {});
		},
	};
}
