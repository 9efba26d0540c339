import assert from "node:assert/strict";
import { test } from "tap";
import { type CaseRequest, OpenError, type Target } from "../targets/target.js";
import { execute } from "./execute.js";
import {
	FOUR,
	fakeSuites,
	fakeTarget,
	loadedAtOnce,
	plannedCase,
	Recorder,
	runCases as run,
	type Script,
} from "./fakes.test.helper.js";
import { Late } from "./late.js";
import type { Loaded } from "./sink.js";

test("skips need no guest and keep their place", async () => {
	const cases = [
		plannedCase(0, { skip: "no such file" }),
		plannedCase(1),
		plannedCase(2, { touchesHost: true }),
		plannedCase(3, { skip: "not in this config" }),
	];
	const asked: number[] = [];
	const answer: Script = (requests, events) => {
		for (const { n } of requests) {
			asked.push(n);
			events.reply(`obs ${n} pass`);
		}
		return {};
	};
	const shy = await run(fakeTarget(answer, { mayTouchHost: false }), cases);
	assert.deepEqual(shy.verdicts, ["skip", "pass", "skip", "skip"]);
	assert.match(shy.results[2]?.reason ?? "", /--host/);
	assert.deepEqual(asked, [1]);
	assert.equal(shy.tail.complete, true);

	const bold = await run(fakeTarget(answer), cases);
	assert.deepEqual(bold.verdicts, ["skip", "pass", "pass", "skip"]);
});

test("what a broken kernel keeps from running fails, and is not asked", async () => {
	const cases = [plannedCase(0), plannedCase(1, { broken: "no setting" })];
	const { verdicts, results } = await run(fakeTarget(), cases);
	assert.deepEqual(verdicts, ["pass", "fail"]);
	assert.equal(results[1]?.reason, "no setting");
});

test("a plan of skips alone runs nothing and says so in its totals", async () => {
	const cases = [plannedCase(0, { skip: "a" }), plannedCase(1, { skip: "b" })];
	const { verdicts, tail } = await run(fakeTarget(), cases);
	assert.deepEqual(verdicts, ["skip", "skip"]);
	assert.equal(tail.totals.pass, 0);
});

test("a kernel that never came up: nothing is a verdict, everything is reported", async () => {
	const target = fakeTarget(undefined, {
		open: async () => {
			throw new OpenError("three boots died", {
				consoleTail: ["Kernel panic"],
				notes: ["boot 1: panic"],
				accel: "tcg",
			});
		},
	});
	const { verdicts, tail, heads } = await run(target);
	assert.deepEqual(verdicts, ["not_run", "not_run", "not_run", "not_run"]);
	assert.equal(tail.complete, false);
	assert.equal(tail.incompleteReason, "three boots died");
	assert.deepEqual(tail.consoleTail, ["Kernel panic"]);
	assert.deepEqual(tail.notes, ["boot 1: panic"]);
	assert.equal(heads[0]?.kernel.release, "6.1.0-56-amd64");
});

test("results go out while the guest runs, one behind", async () => {
	const sink = new Recorder();
	const out: number[] = [];
	await execute(
		fakeTarget((requests, events) => {
			for (const { n } of requests) {
				events.reply(`obs ${n} pass`);
				out.push(sink.results.length);
			}
			return {};
		}),
		{
			late: loadedAtOnce({ suites: fakeSuites(FOUR), sink }),
			choose: (cases) => ({ cases }),
			signal: new AbortController().signal,
		},
	);
	assert.deepEqual(out, [0, 1, 2, 3]);
});

test("what is needed later is loaded while the target comes up, once", async () => {
	const order: string[] = [];
	const sink = new Recorder();
	const target = fakeTarget();
	const { open } = target;
	const load = async (): Promise<Loaded> => {
		order.push("load");
		return { suites: fakeSuites(FOUR), sink };
	};
	await execute(
		{
			...target,
			async open(signal, onStart) {
				onStart?.();
				order.push("up");
				return open(signal);
			},
		},
		{
			late: new Late(load),
			choose: (cases) => ({ cases }),
			signal: new AbortController().signal,
		},
	);
	assert.deepEqual(order, ["load", "up"]);
	assert.equal(sink.results.length, 4);
});

test("what can't be loaded ends the run, and the target is closed", async () => {
	const target = fakeTarget();
	const { open } = target;
	await assert.rejects(
		execute(
			{
				...target,
				async open(signal, onStart) {
					onStart?.();
					return open(signal);
				},
				get closed() {
					return target.closed;
				},
			} as Target,
			{
				late: new Late(() => Promise.reject(new Error("no suites"))),
				choose: (cases) => ({ cases }),
				signal: new AbortController().signal,
			},
		),
		/no suites/,
	);
	assert.equal(target.closed, 1);
});

test("deadlines: the user's, else the case's own, else the usual one", async () => {
	const cases = [plannedCase(0, { deadlineMs: 77 }), plannedCase(1)];
	const seen: number[][] = [];
	const look: Script = (requests: readonly CaseRequest[], events) => {
		seen.push(requests.map((request) => request.deadlineMs));
		for (const { n } of requests) events.reply(`obs ${n} pass`);
		return {};
	};
	await run(fakeTarget(look), cases);
	await run(fakeTarget(look), cases, { caseTimeoutMs: 5 });
	assert.deepEqual(seen, [
		[77, 10_000],
		[5, 5],
	]);
});

test("replay lines can be pasted into a shell", async () => {
	const cases = [plannedCase(0, { program: "a={b c} it's" })];
	const { results } = await run(
		fakeTarget(undefined, {
			replay: (program) => `sh keep/boot.sh [${program}]`,
		}),
		cases,
	);
	assert.deepEqual(results[0]?.replay, {
		crprobe: "crprobe 'a={b c} it'\\''s'",
		qemu: "sh keep/boot.sh [a={b c} it's]",
	});
});

test("the session is closed even where the target breaks its word", async () => {
	const target = fakeTarget(() => {
		throw new Error("a bug");
	});
	await assert.rejects(run(target), /a bug/);
	assert.equal(target.closed, 1);
});

test("a kernel that lacks most of the plan was not tried", async () => {
	const cases = Array.from({ length: 10 }, (_, n) =>
		plannedCase(n, n < 7 ? { skip: "no such file" } : {}),
	);
	const { tail } = await run(fakeTarget(), cases, { maxSkipped: 60 });
	assert.equal(tail.complete, false);
	assert.match(
		tail.incompleteReason ?? "",
		/^7 of 10 cases could not apply here, more than 60 % \(--max-skipped\), most of them since no such file$/,
	);
	const enough = await run(fakeTarget(), cases, { maxSkipped: 70 });
	assert.equal(enough.tail.complete, true);
});
