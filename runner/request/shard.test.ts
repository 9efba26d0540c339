import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "tap";
import { planDigest, readShard, share, unshare } from "./shard.js";

test("shares of any plan have nothing in common, leave nothing out, and go back together", async () => {
	fc.assert(
		fc.property(
			fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 60 }),
			fc.integer({ min: 1, max: 12 }),
			(ids, wanted) => {
				const count = Math.min(wanted, ids.length);
				const shares = Array.from({ length: count }, (_, i) =>
					share(ids, { index: i + 1, count }),
				);
				assert.deepEqual(unshare(shares), ids);
				const sizes = shares.map((one) => one.length);
				assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
			},
		),
	);
});

test("I/N is read, and nothing else", async () => {
	assert.deepEqual(readShard("2/3"), { index: 2, count: 3 });
	for (const bad of [
		"",
		"3",
		"0/3",
		"4/3",
		"1/0",
		"a/b",
		"1/3 ",
		"-1/3",
		"1/99999",
	]) {
		assert.throws(() => readShard(bad), /I\/N/, bad);
	}
});

test("more shards than cases are refused", async () => {
	assert.throws(() => share(["a"], { index: 1, count: 2 }), /only 1 case$/);
});

test("the digest knows order, ids and their borders", async () => {
	const digest = planDigest(["a", "b"]);
	assert.equal(planDigest(["a", "b"]), digest);
	for (const other of [["b", "a"], ["ab"], ["a"], ["a", "b", "b"]]) {
		assert.notEqual(planDigest(other), digest);
	}
});
