import assert from "node:assert/strict";
import { test } from "tap";
import { parseRecords } from "./apt.js";

test("apt's records give names without versions and alternatives", async () => {
	assert.deepEqual(
		parseRecords(
			"Package: a\nVersion: 1~rc1\nDepends: b (= 1), c:any | d, e\nSize: 5\n\nPackage: x\n\n",
		),
		[{ name: "a", version: "1~rc1", depends: ["b", "c", "d", "e"] }],
	);
});
