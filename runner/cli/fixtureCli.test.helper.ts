/** The command line with a plan of the test's own, `CRCAP_TEST_PLAN`, in the place of the suites. */

import { join } from "node:path";
import { tolerateClosedStdout } from "../common/stdout.js";
import type { Judgement, PlannedCase, SuiteApi } from "../common/suiteApi.js";
import { prepare } from "../prepare/prepare.js";
import { AGENTS } from "../targets/agents.js";
import { realDeps } from "./deps.js";
import { main } from "./program.js";

/** Programs by the name of the case. */
type Plan = Record<string, string>;

function fixtureCases(plan: Plan): PlannedCase[] {
	return Object.entries(plan).map(([name, program]) => ({
		id: `fixture.${name}.as_is`,
		suite: "fixture",
		probe: name,
		subject: "as_is",
		subjectProgram: "",
		probeProgram: program,
		program,
		touchesHost: false,
		operations: [],
		results: [],
		manual: [],
		title: "a program of a test",
		catches: "nothing",
		expected: "end=ok",
		citation: null,
		reason: "a fixture ends well",
	}));
}

const VERDICTS: Record<string, Judgement["verdict"]> = {
	ok: "pass",
	deadline: "timeout",
	subject: "error",
	setup: "error",
	parse: "error",
};

function fixtureSuites(cases: readonly PlannedCase[]): SuiteApi {
	return {
		plan: (facts) => ({
			cases,
			facts: { ...facts?.reported },
		}),
		outline: () => cases,
		judge(planned, payload) {
			const end = / end=(\S+)/.exec(payload)?.[1] ?? "";
			return {
				verdict: VERDICTS[end] ?? "fail",
				reason: planned.reason,
				observed: payload,
				durationUs: 1,
			};
		},
		suites: () => [{ name: "fixture", description: "programs of a test" }],
		subjects: () => [{ name: "as_is", description: "whoever runs it" }],
	};
}

tolerateClosedStdout();
const plan = JSON.parse(process.env.CRCAP_TEST_PLAN ?? "{}") as Plan;
const status = await main(process.argv.slice(2), {
	...realDeps,
	// Agents with steps that end a guest, which are made for this machine's architecture only.
	prepare: (spec, request, context) =>
		prepare(spec, request, {
			...context,
			agents: process.env.CRCAP_TEST_AGENTS ?? join(AGENTS, "test"),
		}),
	suites: async () => fixtureSuites(fixtureCases(plan)),
});
process.stdout.write("", () => process.exit(status));
