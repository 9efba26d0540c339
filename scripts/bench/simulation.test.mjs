import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "tap";
import { TOP } from "../lib/run.mjs";
import { casesOf, simulate } from "./simulation.mjs";

/** The runner's own rule, which is what is simulated. */
const rule = /** @type {import("./simulation.mjs").Rule} */ (
	await import(join(TOP, "dist/runner/execute/workQueue.js"))
);

/**
 * @param {number} cases
 * @param {Partial<import("./simulation.mjs").Inputs>} [other]
 */
const inputs = (cases, other = {}) => ({
	...{ start: 200, boot: 2000, save: 100, resume: 150, plan: 50, tail: 30 },
	runner: 0,
	cases: Array.from({ length: cases }, () => 2),
	...other,
});

test("one guest takes one case after the other", async () => {
	const cold = simulate(inputs(1000), 1, false, rule);
	assert.deepEqual(cold, { guests: 1, ms: 200 + 2000 + 50 + 2000 + 30 });
	const warm = simulate(inputs(1000), 1, true, rule);
	assert.deepEqual(warm, { guests: 1, ms: 200 + 150 + 50 + 2000 + 30 });
});

test("more guests share the cases, and what is not shared stays", async () => {
	const one = simulate(inputs(5000), 1, false, rule).ms;
	const four = simulate(inputs(5000), 4, false, rule);
	assert.equal(four.guests, 4);
	const alone = 200 + 2000 + 100 + 50 + 30;
	assert.ok(four.ms > alone + 10_000 / 4, `${four.ms}`);
	assert.ok(four.ms < alone + 10_000 / 4 + 250, `${four.ms}`);
	assert.ok(four.ms < one / 2);
});

test("few cases are not worth many guests", async () => {
	assert.equal(simulate(inputs(5324), 64, true, rule).guests, 14);
	assert.equal(simulate(inputs(10), 64, true, rule).guests, 1);
});

test("a long case is not waited for by the others", async () => {
	const cases = [4000, ...Array.from({ length: 1999 }, () => 2)];
	const { ms } = simulate(inputs(0, { cases }), 2, true, rule);
	const begin = 200 + 150 + 50 + 30;
	// The first stretch, with the long case in it, ends after all others have been taken.
	assert.ok(ms >= begin + 4000 && ms < begin + 4000 + 2 * 64 + 300, `${ms}`);
});

test("no number of guests outruns the runner", async () => {
	const slow = inputs(5000, { runner: 1 });
	const { ms } = simulate(slow, 64, true, rule);
	assert.ok(ms >= 200 + 150 + 5000, `${ms}`);
});

test("a case takes its own time and its share of what lies between cases", async () => {
	const results = [{ durationUs: 1000 }, { durationUs: 3000 }];
	assert.deepEqual(casesOf(results, 10), [4, 6]);
	assert.deepEqual(casesOf(results, 2), [1, 3]);
});
