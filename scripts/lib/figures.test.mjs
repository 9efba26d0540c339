import assert from "node:assert/strict";
import { test } from "tap";
import { figure, median, table } from "./figures.mjs";

test("the median is the middle by number, or between the two in the middle", async () => {
	assert.equal(median([10, 9, 100]), 10);
	assert.equal(median([4, 1, 3, 2]), 2.5);
	assert.equal(median([7]), 7);
	assert.throws(() => median([]), RangeError);
});

test("a figure tells median and spread", async () => {
	const row = figure("a run", [3, 1, 2], (value) => `${value} s`);
	assert.deepEqual(row, ["a run", "2 s", "1 s to 3 s"]);
});

test("the table's columns line up", async () => {
	const text = table([
		["what", "n"],
		["a long name", "1"],
	]);
	assert.equal(
		text,
		[
			"| what        | n   |",
			"|-------------|-----|",
			"| a long name | 1   |",
		].join("\n"),
	);
});
