import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { judgeCoverage } from "./coverage.mjs";
import { TOP } from "./run.mjs";

/** The highest floor that the project has had, in percent: one that is lowered in scripts/coverage.json fails here. */
const REACHED = { lines: 95, branches: 91, functions: 92 };

test("the floor of each kind is as high as it has been, and no more than all", async () => {
	const floor = JSON.parse(
		readFileSync(join(TOP, "scripts/coverage.json"), "utf8"),
	);
	assert.deepEqual(Object.keys(floor).sort(), Object.keys(REACHED).sort());
	for (const [kind, reached] of Object.entries(REACHED))
		assert.ok(floor[kind] >= reached && floor[kind] <= 100, kind);
});

/** Of two files and a test's helper, which does not count. */
const summary = (/** @type {number} */ lines, /** @type {number} */ branches) =>
	JSON.stringify({
		total: {},
		"a.ts": {
			lines: { total: 10_000, covered: lines * 100 },
			branches: { total: 500, covered: branches - 500 },
		},
		"b.ts": { branches: { total: 500, covered: 500 } },
		"c.test.helper.ts": {
			lines: { total: 9000, covered: 0 },
			branches: { total: 9000, covered: 0 },
		},
	});

test("coverage passes at its floor, and fails below it or where there is none", async (t) => {
	const folder = t.testdir({
		"floor.json": '{"lines":94,"branches":90}',
		"good.json": summary(94, 991),
		"low.json": summary(93.99, 990),
		"odd.json": '{"a.ts":{"branches":{"total":100,"covered":99}}}',
		"cut.json": '{"total":',
	});
	/** @param {string} name */
	const judge = (name) =>
		judgeCoverage(join(folder, name), join(folder, "floor.json"));
	assert.deepEqual(judge("good.json"), [
		"coverage of the unit tests: lines 94 %, branches 99.1 %",
		"",
	]);
	for (const name of ["low.json", "odd.json", "cut.json", "none.json"])
		assert.notEqual(judge(name)[1], "", name);
});
