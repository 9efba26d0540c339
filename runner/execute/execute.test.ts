import assert from "node:assert/strict";
import { test } from "tap";
import { execute } from "./execute.js";
import {
	endsAfter,
	FOUR,
	fakeSuites,
	fakeTarget,
	loadedAtOnce,
	passAll,
	Recorder,
	runCases as run,
} from "./fakes.test.helper.js";

test("a run that ends well is complete", async () => {
	const target = fakeTarget();
	const { verdicts, tail, heads } = await run(target);
	assert.deepEqual(verdicts, ["pass", "pass", "pass", "pass"]);
	assert.equal(tail.complete, true);
	assert.equal(tail.totals.pass, 4);
	assert.equal(heads[0]?.planned, 4);
	assert.deepEqual(heads[0]?.facts, { lsm: "none" });
	assert.equal(target.closed, 1);
});

test("the judge's verdicts are the report's", async () => {
	const words = ["pass", "fail", "error", "timeout"];
	const { verdicts, tail } = await run(
		fakeTarget((requests, events) => {
			for (const { n } of requests) events.reply(`obs ${n} ${words[n]}`);
			return {};
		}),
	);
	assert.deepEqual(verdicts, words);
	assert.equal(tail.complete, true);
});

test("what a target has no answer to is a skip, and not asked for", async () => {
	const asked: number[] = [];
	const target = fakeTarget((requests, events) => {
		asked.push(...requests.map(({ n }) => n));
		return passAll(requests, events);
	});
	const { verdicts, results, tail } = await run({
		...target,
		open: async (signal) => ({
			...(await target.open(signal)),
			withheld: (cases) => new Map([[cases[2]?.id ?? "", "nobody knows"]]),
		}),
	});
	assert.deepEqual(verdicts, ["pass", "pass", "skip", "pass"]);
	assert.equal(results[2]?.reason, "nobody knows");
	assert.deepEqual(asked, [0, 1, 3]);
	assert.equal(tail.complete, true);
});

for (const [how, verdict] of [
	["died", "crash"],
	["hung", "timeout"],
	["lost", "error"],
	["stopped", "not_run"],
] as const) {
	test(`a guest that ${how}: the case that was running is ${verdict}, the rest never ran`, async () => {
		const { verdicts, tail, results } = await run(
			endsAfter(1, { how, detail: "why it did", consoleTail: ["last words"] }),
		);
		assert.deepEqual(verdicts, ["pass", verdict, "not_run", "not_run"]);
		assert.equal(tail.complete, false);
		assert.match(tail.incompleteReason ?? "", /set_tid\.probe1/);
		assert.deepEqual(tail.consoleTail, ["last words"]);
		if (how === "stopped") return;
		assert.match(results[1]?.reason ?? "", /why it did/);
		assert.deepEqual(results[1]?.console, ["last words"]);
		assert.match(results[3]?.reason ?? "", /set_tid\.probe1/);
	});
}

test("an answer that died with the guest is an error, and the case that was running is to blame", async () => {
	const { verdicts, results } = await run(
		endsAfter(1, {
			how: "died",
			detail: "Kernel panic",
			lastBegun: 2,
			consoleTail: ["before", "[    3.0] crcap: case 2", "Kernel panic"],
		}),
	);
	assert.deepEqual(verdicts, ["pass", "error", "crash", "not_run"]);
	assert.match(results[1]?.reason ?? "", /answer was lost/);
	assert.deepEqual(results[2]?.console, [
		"[    3.0] crcap: case 2",
		"Kernel panic",
	]);
});

test("a guest that dies after its last answer costs no verdict, but the run is not complete", async () => {
	const { verdicts, tail } = await run(
		endsAfter(4, { how: "died", detail: "Kernel panic" }),
	);
	assert.deepEqual(verdicts, ["pass", "pass", "pass", "pass"]);
	assert.equal(tail.complete, false);
	assert.match(tail.incompleteReason ?? "", /Kernel panic/);
});

test("an agent that says goodbye without having answered leaves errors", async () => {
	const { verdicts, tail } = await run(endsAfter(2, {}));
	assert.deepEqual(verdicts, ["pass", "pass", "error", "error"]);
	assert.equal(tail.complete, false);
});

test("an answer out of turn, twice, or to nothing is nobody's verdict", async () => {
	const { verdicts, tail } = await run(
		fakeTarget((_requests, events) => {
			events.reply("obs 0 pass");
			events.reply("obs 0 fail");
			events.reply("obs 2 fail");
			events.reply("obs 77 fail");
			events.reply("obs 1 pass");
			events.reply("obs 2 pass");
			events.reply("obs 3 pass");
			events.reply("obs 3 fail");
			events.reply("nonsense");
			events.reply("");
			return {};
		}),
	);
	assert.deepEqual(verdicts, ["pass", "pass", "pass", "pass"]);
	assert.equal(tail.complete, false);
	assert.match(tail.incompleteReason ?? "", /obs 77 fail/);
});

test("an answer that can't be read is an error, and the next ones count", async () => {
	const { verdicts, tail, results } = await run(
		fakeTarget((requests, events) => {
			for (const { n } of requests) {
				events.reply(n === 1 ? "obs 1 garbled" : `obs ${n} pass`);
			}
			return {};
		}),
	);
	assert.deepEqual(verdicts, ["pass", "error", "pass", "pass"]);
	assert.match(results[1]?.reason ?? "", /can't be read/);
	assert.equal(tail.complete, false);
});

test("what a guest can say without end is kept within bounds", async () => {
	const { tail } = await run(
		fakeTarget((requests, events) => {
			for (let i = 0; i < 10_000; i++)
				events.reply(`obs 99 ${"x".repeat(900)}`);
			for (const { n } of requests) events.reply(`obs ${n} pass`);
			return {};
		}),
	);
	assert.ok((tail.incompleteReason ?? "").length < 20_000);
	assert.match(tail.incompleteReason ?? "", /and 9950 more/);
});

for (const [weight, verdict, says] of [
	["crash", "crash", "the kernel broke while"],
	["fail", "fail", "the kernel complained while"],
] as const)
	test(`a splat that weighs ${weight} overrules whatever was answered, sooner or later`, async () => {
		for (const late of [false, true]) {
			const { verdicts, results, tail } = await run(
				fakeTarget((requests, events) => {
					const oops = {
						n: 1,
						weight,
						lines: ["BUG: unable to handle page fault", "RIP: 0010:x"],
					};
					for (const { n } of requests) {
						if (n === 1 && !late) events.complaint(oops);
						events.reply(`obs ${n} pass`);
						if (n === 1 && late) events.complaint(oops);
					}
					return {};
				}),
			);
			assert.deepEqual(verdicts, ["pass", verdict, "pass", "pass"]);
			assert.deepEqual(results[1]?.console, [
				"BUG: unable to handle page fault",
				"RIP: 0010:x",
			]);
			assert.ok(results[1]?.reason.startsWith(says), results[1]?.reason);
			assert.match(results[1]?.reason ?? "", /page fault .*been: pass/);
			assert.equal(tail.totals[verdict], 1);
			assert.equal(tail.totals.pass, 3);
			assert.equal(tail.complete, true);
		}
	});

test("an oops that is found too late for its case makes the run incomplete", async () => {
	const { verdicts, tail } = await run(
		fakeTarget((requests, events) => {
			for (const { n } of requests) events.reply(`obs ${n} pass`);
			events.complaint({ n: 0, weight: "crash", lines: ["BUG: late"] });
			return {};
		}),
	);
	assert.equal(verdicts[0], "pass");
	assert.equal(tail.complete, false);
	assert.match(tail.incompleteReason ?? "", /BUG: late/);
});

test("an oops outside any case makes the run incomplete", async () => {
	const { tail } = await run(
		fakeTarget((requests, events) => {
			events.complaint({ n: null, weight: "crash", lines: ["BUG: early"] });
			for (const { n } of requests) events.reply(`obs ${n} pass`);
			return {};
		}),
	);
	assert.equal(tail.complete, false);
	assert.match(tail.incompleteReason ?? "", /BUG: early/);
});

test("a warning is shown with its case and noted, and changes no verdict", async () => {
	const { verdicts, results, tail } = await run(
		fakeTarget((requests, events) => {
			for (const { n } of requests) {
				if (n === 2) {
					events.complaint({
						n,
						weight: "note",
						lines: ["WARNING: at kernel/pid.c"],
					});
				}
				events.reply(`obs ${n} pass`);
			}
			return {};
		}),
	);
	assert.deepEqual(verdicts, ["pass", "pass", "pass", "pass"]);
	assert.deepEqual(results[2]?.console, ["WARNING: at kernel/pid.c"]);
	assert.match(tail.notes.join(), /kernel\/pid\.c/);
	assert.equal(tail.complete, true);
});

test("of a part of the plan no more is made than was chosen, in the order of the choice", async () => {
	const sink = new Recorder();
	const suites = fakeSuites(FOUR);
	const made: (readonly string[])[] = [];
	await execute(fakeTarget(), {
		late: loadedAtOnce({
			suites: {
				...suites,
				plan(facts, wanted) {
					assert.ok(wanted);
					made.push([...wanted]);
					const cases = FOUR.filter(({ id }) => wanted.has(id));
					return { ...suites.plan(facts), cases };
				},
			},
			sink,
		}),
		choose: (cases) => ({
			cases: [cases[3], cases[1]].filter((one) => one !== undefined),
			facts: { "plan.shard": "1/2" },
		}),
		narrow: true,
		signal: new AbortController().signal,
	});
	const ids = [FOUR[3]?.id, FOUR[1]?.id];
	assert.deepEqual(made, [ids]);
	assert.deepEqual(
		sink.results.map(({ id }) => id),
		ids,
	);
	assert.deepEqual(sink.heads[0]?.facts, { lsm: "none", "plan.shard": "1/2" });
});
