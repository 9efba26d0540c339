import assert from "node:assert/strict";
import { test } from "tap";
import { noTotals } from "../../results/model/counts.js";
import type { Totals } from "../../results/model/model.js";
import type { Tally } from "../../results/model/summary.js";
import { bisectStatus, exitStatus } from "./exitStatus.js";

function outcome(totals: Partial<Totals>, more: Partial<Tally> = {}): Tally {
	return {
		totals: { ...noTotals(), ...totals },
		complete: true,
		known: 0,
		...more,
	};
}

const TABLE: [string, Tally[], number][] = [
	["all passed", [outcome({ pass: 3 })], 0],
	["passed and skipped", [outcome({ pass: 1, skip: 9 })], 0],
	["one failed", [outcome({ pass: 9, fail: 1 })], 1],
	[
		"a crash",
		[outcome({ pass: 9, crash: 1, not_run: 4 }, { complete: false })],
		1,
	],
	["a timeout", [outcome({ pass: 9, timeout: 1 })], 1],
	["a case in error", [outcome({ pass: 9, error: 1 })], 3],
	["a case not run", [outcome({ pass: 9, not_run: 1 })], 3],
	["incomplete", [outcome({ pass: 9 }, { complete: false })], 3],
	["nothing ran", [outcome({})], 3],
	["all skipped", [outcome({ skip: 5 })], 3],
	["no targets", [], 3],
	[
		"one of two targets skipped all",
		[outcome({ pass: 1 }), outcome({ skip: 1 })],
		3,
	],
	[
		"a known failure, and incomplete",
		[outcome({ fail: 1 }, { known: 1, complete: false })],
		3,
	],
	[
		"failed and incomplete",
		[outcome({ fail: 1, error: 1 }, { complete: false })],
		1,
	],
	[
		"one of two targets failed",
		[outcome({ pass: 1 }), outcome({ fail: 1 })],
		1,
	],
	[
		"one of two targets did not boot",
		[outcome({ pass: 1 }), outcome({ not_run: 1 }, { complete: false })],
		3,
	],
	[
		"one failed, one did not boot",
		[outcome({ fail: 1 }), outcome({ not_run: 1 }, { complete: false })],
		1,
	],
	["a known failure", [outcome({ pass: 1, fail: 1 }, { known: 1 })], 0],
	["a known failure alone", [outcome({ fail: 1 }, { known: 1 })], 0],
	[
		"a known failure and another",
		[outcome({ pass: 1, fail: 2 }, { known: 1 })],
		1,
	],
	[
		"a known failure here excuses none there",
		[outcome({ fail: 1, pass: 1 }, { known: 1 }), outcome({ fail: 1 })],
		1,
	],
];

for (const [what, outcomes, status] of TABLE) {
	test(`${what}: ${status}`, async () => {
		assert.equal(exitStatus(outcomes), status);
	});
}

test("an interrupted run is 130 whatever it found", async () => {
	assert.equal(exitStatus([outcome({ fail: 1 })], true), 130);
	assert.equal(exitStatus([outcome({ pass: 1 })], true), 130);
});

test("git bisect: good, bad, can't tell, stop", async () => {
	assert.deepEqual([0, 1, 3, 130].map(bisectStatus), [0, 1, 125, 130]);
});
