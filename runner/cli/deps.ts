/** The real world for the commands: the library's, and the terminal. */
import { createProgress } from "../../results/progress/progress.js";
import { ENGINE } from "../library/engine.js";
import type { CliDeps } from "./commands/context.js";

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
