/** Some of `npm run fuzz`, with one seed. */
import assert from "node:assert/strict";
import { test } from "tap";
import { fuzzNative } from "./native.js";
import { TARGETS } from "./targets.js";

const SEED = 20_260_101;
/** For each unit of a parser's weight. */
const RUNS = 400;

for (const { name, weight, run } of TARGETS)
	test(name, async () => {
		await run(Math.ceil(RUNS * weight), SEED);
	});

test("the helper's parsers, in C", async () => {
	const outcomes = await fuzzNative({
		...{ runs: 60_000, seed: SEED, mayUseClang: false },
	});
	assert.equal(outcomes.length, 2);
	for (const { name, failure } of outcomes) assert.equal(failure, "", name);
});

test("an interrupt is no finding", async () => {
	const [outcome] = await fuzzNative({
		...{ runs: 1e9, seed: SEED, mayUseClang: false },
		wanted: (name) => name.includes("programs"),
		signal: AbortSignal.abort(),
	});
	assert.deepEqual(outcome, {
		name: "the helper's programs and values",
		...{ count: 0, failure: "" },
	});
});
