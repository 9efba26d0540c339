import assert from "node:assert/strict";
import { test } from "tap";
import { nearest } from "./usage.js";

test("the nearest word is one that a slip of the fingers leads from", async () => {
	const table: [string, string[], string | undefined][] = [
		["kmv", ["auto", "kvm", "tcg"], "kvm"],
		["jsno", ["tap", "json"], "json"],
		["set_tip", ["set_tid", "map_files"], "set_tid"],
		["suites", ["subject", "suite"], "suite"],
		["SUITE", ["suite"], "suite"],
		["boo", ["bookworm"], "bookworm"],
		["local", ["accel", "jobs"], undefined],
		["nope", ["home", "opt"], undefined],
		["forky", ["bookworm", "trixie", "sid"], undefined],
		["x", ["y"], undefined],
		["anything", [], undefined],
	];
	for (const [word, candidates, expected] of table)
		assert.equal(nearest(word, candidates), expected, word);
});
