/** A run of `run()` for tests: what is asked for, and what stands for the suites and targets. */
import { join } from "node:path";
import { createProgress } from "../../results/index.js";
import { fakeSuites, plannedCase } from "../execute/fakes.test.helper.js";
import type { RunRequest } from "../request/runRequest.js";
import { EVERYTHING } from "../request/select.js";
import type { Target } from "../targets/target.js";
import type { RunDeps } from "./run.js";

export const CASES = Array.from({ length: 6 }, (_, n) => plannedCase(n));

/** Everything, reported as `r.json` in this folder. */
export const requestIn = (
	dir: string,
	more: Partial<RunRequest> = {},
): RunRequest => ({
	targets: [{ kind: "qemu", append: "" }],
	selection: EVERYTHING,
	reports: [{ format: "json", file: join(dir, "r.json") }],
	accel: "tcg",
	bisect: false,
	freshSubjects: false,
	warm: false,
	compat: false,
	lsm: [],
	extras: [],
	expect: [],
	known: [],
	...more,
});

/** @param said takes what the run says of its progress */
export const depsOf = (
	targets: Target[],
	said: string[] = [],
	cases = CASES,
): RunDeps => ({
	suites: async () => fakeSuites(cases),
	prepare: async () => targets,
	watch: () =>
		createProgress({ write: (text) => said.push(text) }, { env: {} }),
});
