import assert from "node:assert/strict";
import { test } from "tap";
import { overlapOf, phase, phasesOf, resumesOf } from "./phases.mjs";

/** A cold run with two guests: the first is booted, saved, and goes on as a copy. */
const COLD = {
	start: 1000,
	end: 6000,
	trace: {
		node: 1040,
		cpu: 900,
		guests: [
			{ spawned: 1200, resumed: false, up: 3200, ended: 3260 },
			{
				...{ spawned: 3250, resumed: true, up: 3400, ended: 5900 },
				...{ firstReply: 3500, lastReply: 5800 },
			},
			{
				...{ spawned: 3410, resumed: true, up: 3600, ended: 5950 },
				...{ firstReply: 3700, lastReply: 5850 },
			},
		],
	},
};

const [, COPY] = COLD.trace.guests;
/** A warm run with one guest. */
const WARM = {
	start: 3000,
	end: 5950,
	trace: { node: 3040, cpu: 500, guests: [COPY ?? COLD.trace.guests[0]] },
};

/** @param {import("./phases.mjs").Phase[]} phases */
const asObject = (phases) =>
	Object.fromEntries(phases.map(({ name, ms }) => [name, ms]));

test("phases follow each other, and together are the whole time", async () => {
	const phases = phasesOf(COLD);
	assert.deepEqual(asObject(phases), {
		"Node.js starts": 40,
		"until QEMU is started": 160,
		boot: 2000,
		"save and resume": 200,
		"plan, first reply": 100,
		cases: 2350,
		"after the last reply": 150,
	});
	assert.equal(
		phases.reduce((sum, { ms }) => sum + ms, 0),
		COLD.end - COLD.start,
	);
});

test("a warm run has no boot", async () => {
	const names = Object.keys(asObject(phasesOf(/** @type {any} */ (WARM))));
	assert.ok(names.includes("resume") && !names.includes("boot"));
	assert.ok(!names.includes("save and resume"));
	assert.equal(phase(/** @type {any} */ (WARM), "resume"), 150);
	assert.equal(phase(/** @type {any} */ (WARM), "boot"), 0);
});

test("a run in which nothing answered has no phases", async () => {
	const silent = { ...COLD, trace: { node: 1040, cpu: 0, guests: [] } };
	assert.deepEqual(phasesOf(silent), [{ name: "all of it", ms: 5000 }]);
});

test("how many guests there were at a time adds up to the whole time", async () => {
	const spans = overlapOf(COLD);
	assert.equal(
		spans.reduce((sum, { ms }) => sum + ms, 0),
		COLD.end - COLD.start,
	);
	assert.deepEqual(asObject(spans), {
		"no guest": 200 + 50,
		"one guest": 2050 + 150 + 50,
		"2 guests": 10 + 2490,
	});
});

test("only copies resume", async () => {
	assert.deepEqual(resumesOf([COLD]), [150, 190]);
});
