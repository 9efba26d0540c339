import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { TOP } from "../lib/run.mjs";
import { FARM, simulate, table } from "./simulate.mjs";

test("the table of docs/farm.md is what the simulation prints", async () => {
	const page = readFileSync(join(TOP, "docs/farm.md"), "utf8");
	assert.ok(page.includes(table(FARM)), "node scripts/farm/simulate.mjs");
});

test("the simulation keeps what must hold of every farm", async () => {
	const small = { ...FARM, kernels: 20, nodes: 4, cores: 2, dispatch: 1e9 };
	const usual = simulate(small);
	assert.deepEqual(simulate(small), usual, "the same for the same numbers");
	assert.notEqual(simulate({ ...small, seed: 2 }).hours, usual.hours);
	assert.ok(simulate({ ...small, nodes: 8 }).hours < usual.hours);
	assert.ok(usual.busy > 0 && usual.busy < 1);
	const frail = simulate({ ...small, mtbf: 1 });
	assert.ok(frail.reruns > usual.reruns && frail.hours > usual.hours);
	assert.ok(simulate({ ...small, dispatch: 0.1 }).hours > usual.hours);
	// One core and no losses: all work, one after the other.
	const one = { ...small, nodes: 1, cores: 1, kernels: 1, mtbf: 1e12 };
	const { hours, busy } = simulate({ ...one, overhead: 0, boot: 1e-9 });
	assert.ok(Math.abs(busy - 1) < 1e-6, `${busy}`);
	assert.ok(hours * 3600 > 0.9 * 15 * FARM.plan);
});
