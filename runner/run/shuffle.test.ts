import assert from "node:assert/strict";
import { test } from "tap";
import { shuffled } from "./shuffle.js";

const items = Array.from({ length: 500 }, (_, n) => n);

test("every item stays, in another order", async () => {
	const order = shuffled(items, 7);
	assert.notDeepEqual(order, items);
	assert.deepEqual(
		[...order].sort((a, b) => a - b),
		items,
	);
});

test("the same seed gives the same order, another seed another one", async () => {
	assert.deepEqual(shuffled(items, 7), shuffled(items, 7));
	assert.notDeepEqual(shuffled(items, 7), shuffled(items, 8));
});

test("no place is preferred", async () => {
	const sums = [0, 0, 0];
	for (let seed = 0; seed < 3000; seed++)
		shuffled([0, 1, 2], seed).forEach((item, position) => {
			if (item === 0) sums[position] = (sums[position] ?? 0) + 1;
		});
	for (const sum of sums) assert.ok(Math.abs(sum - 1000) < 120, `${sums}`);
});
