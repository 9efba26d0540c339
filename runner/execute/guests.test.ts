/** One plan on several guests, and guests that die. */
import assert from "node:assert/strict";
import { test } from "tap";
import { OpenError, type Session, type Target } from "../targets/target.js";
import {
	fakeTarget,
	plannedCase,
	runCases,
	type Script,
} from "./fakes.test.helper.js";

const MANY = Array.from({ length: 1000 }, (_, n) => plannedCase(n));

/** A target whose guests follow these scripts, one after the other, the last one for all that follow. */
function guestsOf(...scripts: (Script | OpenError)[]): Target & {
	opened: number;
	closed: number;
} {
	let opened = 0;
	let closed = 0;
	const open = async (): Promise<Session> => {
		const script = scripts[Math.min(opened, scripts.length - 1)];
		opened++;
		if (script instanceof OpenError) throw script;
		const session = await fakeTarget(script).open(new AbortController().signal);
		return {
			...session,
			another: open,
			close: async () => {
				closed++;
			},
		};
	};
	return {
		...fakeTarget(undefined, { open }),
		get opened() {
			return opened;
		},
		get closed() {
			return closed;
		},
	};
}

const answers =
	(until: (n: number) => boolean, end: Awaited<ReturnType<Script>>): Script =>
	(requests, events) => {
		for (const { n } of requests) {
			if (until(n)) return end;
			events.reply(`obs ${n} pass`);
		}
		return {};
	};
const whole = answers(() => false, {});

test("guests share a plan, and the report is in its order", async () => {
	const target = guestsOf(whole);
	const { tail, verdicts } = await runCases(target, MANY, { guests: 2 });
	assert.equal(tail.complete, true);
	assert.deepEqual(new Set(verdicts), new Set(["pass"]));
	assert.equal(target.opened, 2);
	assert.equal(target.closed, 2);
});

test("what is shared comes from before the first request, and is told", async () => {
	const savedAt = new Date(Date.now() - 5000);
	let asked = false;
	let shared = 0;
	const target = guestsOf((requests, events) => {
		asked = true;
		return whole(requests, events);
	});
	const open: Target["open"] = async (signal) => ({
		...(await target.open(signal)),
		savedAt,
		share: async () => {
			assert.equal(asked, false);
			shared++;
			return ["each guest was booted for itself: why"];
		},
	});
	const run = (guests: number) =>
		runCases({ ...target, open }, MANY, { guests });
	const { heads, tail } = await run(2);
	assert.equal(shared, 1);
	assert.equal(tail.complete, true);
	assert.match(tail.notes.join(), /booted for itself: why/);
	assert.equal(
		heads[0]?.facts.resumed,
		`from a state that was saved at ${savedAt.toISOString()}, 5 s before`,
	);
	asked = false;
	await run(1);
	assert.equal(shared, 1);
});

test("guests that can't be shared, nor booted again, leave the run incomplete", async () => {
	const target = guestsOf(whole);
	const open: Target["open"] = async (signal) => ({
		...(await target.open(signal)),
		share: async () => {
			throw new OpenError("it did not come up again");
		},
	});
	const { tail } = await runCases({ ...target, open }, MANY, { guests: 2 });
	assert.equal(tail.complete, false);
	assert.match(tail.incompleteReason ?? "", /it did not come up again/);
});

test("a plan that is small has one guest", async () => {
	const target = guestsOf(whole);
	await runCases(target, MANY.slice(0, 100), { guests: 8 });
	assert.equal(target.opened, 1);
});

test("a further guest that does not come up costs nothing", async () => {
	const target = guestsOf(whole, new OpenError("no memory"));
	const { tail, verdicts } = await runCases(target, MANY, { guests: 2 });
	assert.deepEqual(new Set(verdicts), new Set(["pass"]));
	assert.equal(tail.complete, true);
	assert.match(tail.notes.join(), /further guest did not come up: no memory/);
});

const DIED = { how: "died", detail: "Kernel panic" } as const;

test("a guest that dies costs its case, and another one goes on", async () => {
	for (const how of ["died", "hung"] as const) {
		const dies = answers((n) => n === 7, { how, detail: "Kernel panic" });
		const target = guestsOf(dies, whole);
		const { tail, verdicts } = await runCases(target, MANY, { maxCrashes: 5 });
		const verdict = how === "died" ? "crash" : "timeout";
		assert.equal(verdicts[7], verdict);
		assert.equal(verdicts.filter((one) => one === "pass").length, 999);
		assert.equal(tail.complete, true);
		assert.match(tail.notes.join(), /probe7.*another guest went on/);
		assert.equal(target.opened, 2);
		assert.equal(target.closed, 2);
	}
});

test("answers that died with a guest are asked for again", async () => {
	const dies: Script = (requests, events) => {
		for (const { n } of requests.slice(0, 5)) events.reply(`obs ${n} pass`);
		return { ...DIED, lastBegun: 9 };
	};
	const target = guestsOf(dies, whole);
	const { verdicts } = await runCases(target, MANY, { maxCrashes: 5 });
	assert.equal(verdicts[9], "crash");
	assert.equal(verdicts.filter((one) => one === "pass").length, 999);
});

test("a kernel that dies again and again is given up", async () => {
	const dies: Script = () => DIED;
	const target = guestsOf(dies);
	const { tail, verdicts } = await runCases(target, MANY, { maxCrashes: 3 });
	assert.deepEqual(verdicts.slice(0, 5), [
		...Array(4).fill("crash"),
		"not_run",
	]);
	assert.equal(target.opened, 4);
	assert.equal(tail.complete, false);
	assert.match(tail.incompleteReason ?? "", /probe3\..*Kernel panic/);
});

test("a guest that was lost is the harness's trouble: the rest goes on, the run is incomplete", async () => {
	const lost = answers((n) => n === 7, { how: "lost", detail: "broken" });
	const { tail, verdicts } = await runCases(guestsOf(lost, whole), MANY, {
		maxCrashes: 5,
	});
	assert.equal(verdicts[7], "error");
	assert.equal(verdicts.filter((one) => one === "pass").length, 999);
	assert.equal(tail.complete, false);
});

test("a stop ends every guest, and none takes its place", async () => {
	const stops: Script = () => ({ how: "stopped", detail: "" });
	const target = guestsOf(stops);
	const { verdicts } = await runCases(target, MANY, {
		guests: 2,
		maxCrashes: 5,
	});
	assert.deepEqual(new Set(verdicts), new Set(["not_run"]));
	assert.equal(target.opened, 2);
});

test("a fault of crcap's own in one guest ends the others", async () => {
	const bug: Script = () => {
		throw new TypeError("a bug");
	};
	const target = guestsOf(whole, bug);
	await assert.rejects(runCases(target, MANY, { guests: 2 }), /a bug/);
});
