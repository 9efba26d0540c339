/** What runs on real kernels with the real suites: the command line's as well. */
import type { SuiteApi } from "../common/suiteApi.js";
import { prepare } from "../prepare/prepare.js";
import type { RunDeps } from "../run/run.js";

export interface Engine extends Pick<RunDeps, "prepare"> {
	/** The suites, loaded when they are wanted: that takes time. */
	readonly suites: () => Promise<SuiteApi>;
}

export const ENGINE: Engine = {
	suites: async () => (await import("./suites.js")).suiteApi,
	prepare,
};
