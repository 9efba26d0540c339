import assert from "node:assert/strict";
import { test } from "tap";
import { countTap } from "./tapCount.mjs";

/** @param {string[]} lines */
const tap = (...lines) => ["TAP version 14", ...lines, ""].join("\n");

test("tests within files count, and files don't", async () => {
	const text = tap(
		"# Subtest: a.test.js",
		"    ok 1 - one",
		"    # Subtest: two",
		"        ok 1 - part",
		"        not ok 2 - other part",
		"        1..2",
		"    not ok 2 - two",
		"    ok 3 - three # SKIP why",
		"    1..3",
		"not ok 1 - a.test.js",
		"1..1",
	);
	assert.deepEqual(countTap(text), {
		passed: 2,
		failed: 1,
		skipped: 1,
		whole: true,
	});
});

test("a file that fails although its tests passed, or has none, is a failure", async () => {
	const text = tap(
		"# Subtest: a.test.js",
		"    ok 1 - one",
		"    1..1",
		"not ok 1 - a.test.js",
		"# Subtest: b.test.js",
		"    1..0 # no tests found",
		"not ok 2 - b.test.js",
		"1..2",
	);
	const { passed, failed, skipped } = countTap(text);
	assert.deepEqual([passed, failed, skipped], [1, 2, 0]);
});

test("what was cut short is not whole", async () => {
	for (const text of ["", tap("ok 1 - a"), tap("ok 1 - a", "Bail out! no")])
		assert.equal(countTap(text).whole, false, text);
});
