import assert from "node:assert/strict";
import { test } from "tap";
import { EvidenceError, type Suites } from "../common/suiteApi.js";
import { execute } from "../execute/execute.js";
import {
	fakeSuites,
	loadedAtOnce,
	plannedCase,
	Recorder,
} from "../execute/fakes.test.helper.js";
import type { Addon } from "./addon.js";
import { readFactLines } from "./factLines.js";
import { localTarget } from "./localTarget.js";

const CASES = [0, 1, 2].map((n) => plannedCase(n));

async function runWith(
	addon: Partial<Addon> | (() => Addon),
	controller = new AbortController(),
): Promise<Recorder> {
	const sink = new Recorder();
	const whole: Addon = {
		run: async () => "obs 0 pass",
		facts: async () => "fact release=6.1.0\n",
		version: "1",
		...addon,
	};
	const target = localTarget({
		name: "local",
		load: typeof addon === "function" ? addon : () => whole,
		crprobe: "/dist/crprobe",
		mayTouchHost: false,
	});
	await execute(target, {
		late: loadedAtOnce({ suites: fakeSuites(CASES), sink }),
		choose: (cases) => ({ cases }),
		signal: controller.signal,
	});
	return sink;
}

test("cases run one by one, each as one program", async () => {
	const seen: unknown[][] = [];
	const { verdicts, tails, heads } = await runWith({
		run: async (...args) => {
			seen.push(args);
			return "obs 0 pass";
		},
	});
	assert.deepEqual(verdicts, ["pass", "pass", "pass"]);
	assert.equal(tails[0]?.complete, true);
	assert.deepEqual(seen[1], ["uid=1 -- try=1", 10_000, "/dist/crprobe"]);
	assert.equal(heads[0]?.accel, "none");
	assert.equal(heads[0]?.kind, "local");
});

test("a case that can't be started is that case's trouble alone", async () => {
	let calls = 0;
	const { results } = await runWith({
		run: async () => {
			if (++calls === 2) throw new Error("fork: no more processes");
			return "obs 0 pass";
		},
	});
	assert.equal(results[0]?.verdict, "pass");
	assert.equal(results[1]?.verdict, "error");
	assert.equal(results[2]?.verdict, "pass");
});

test("a stop takes effect between two cases", async () => {
	const controller = new AbortController();
	const { verdicts, tails } = await runWith(
		{
			run: async () => {
				controller.abort({ kind: "signal", signal: "SIGINT" });
				return "obs 0 pass";
			},
		},
		controller,
	);
	assert.deepEqual(verdicts, ["pass", "not_run", "not_run"]);
	assert.match(tails[0]?.incompleteReason ?? "", /SIGINT/);
});

test("an addon that is not there: nothing runs, and why", async () => {
	const { verdicts, tails } = await runWith(() => {
		throw new Error("no compiler when it was installed");
	});
	assert.deepEqual(verdicts, ["not_run", "not_run", "not_run"]);
	assert.equal(tails[0]?.incompleteReason, "no compiler when it was installed");
});

test("facts that no kernel would tell make the run incomplete", async () => {
	const sink = new Recorder();
	const target = localTarget({
		name: "local",
		load: () => ({ run: async () => "", facts: async () => "", version: "1" }),
		crprobe: "",
		mayTouchHost: false,
	});
	const suites: Suites = {
		...fakeSuites(CASES),
		plan(raw) {
			if (raw !== null) throw new EvidenceError("no release");
			return { cases: CASES, facts: {} };
		},
	};
	await execute(target, {
		late: loadedAtOnce({ suites, sink }),
		choose: (cases) => ({ cases }),
		signal: new AbortController().signal,
	});
	assert.deepEqual(sink.verdicts, ["not_run", "not_run", "not_run"]);
	assert.match(sink.tails[0]?.incompleteReason ?? "", /no release/);
});

test("facts are read line by line, escapes undone, nonsense passed over", async () => {
	assert.deepEqual(
		{
			...readFactLines(
				"fact a=1%202\nfact utf=%C3%A9\nfact b=\nrubbish\nfact =x\nfact __proto__=y\n",
			),
		},
		{ a: "1 2", utf: "é", b: "" },
	);
});
