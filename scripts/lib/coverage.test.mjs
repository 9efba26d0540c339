import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { judgeCoverage } from "./coverage.mjs";
import { TOP } from "./run.mjs";

test("the project has a floor of each kind", async () => {
	const floor = JSON.parse(
		readFileSync(join(TOP, "scripts/coverage.json"), "utf8"),
	);
	for (const kind of ["lines", "branches", "functions"])
		assert.ok(floor[kind] >= 90, kind);
});

test("coverage passes at its floor, and fails below it or where there is none", async (t) => {
	const folder = t.testdir({
		"floor.json": '{"lines":94,"branches":90}',
		"good.json": '{"total":{"lines":{"pct":94},"branches":{"pct":99.1}}}',
		"low.json": '{"total":{"lines":{"pct":93.99},"branches":{"pct":99}}}',
		"odd.json": '{"total":{"branches":{"pct":99}}}',
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
