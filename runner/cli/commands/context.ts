/** What a command is given, and what it leaves behind. */
import type { SuiteApi } from "../../common/suiteApi.js";
import type { RunDeps } from "../../run/run.js";

export interface CliDeps extends RunDeps {
	readonly suites: () => Promise<SuiteApi>;
}

/** What a command's action leaves behind. */
export interface CommandContext {
	readonly deps: CliDeps;
	status: number;
}
