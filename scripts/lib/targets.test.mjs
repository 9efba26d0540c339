import assert from "node:assert/strict";
import { test } from "tap";
import {
	isSound,
	kernelsOf,
	lastOf,
	selectionOf,
	settingTrouble,
	turnOf,
	wasLost,
	wholeToday,
} from "./targets.mjs";

const NONE = {
	pass: 0,
	fail: 0,
	skip: 0,
	error: 0,
	timeout: 0,
	crash: 0,
	not_run: 0,
};

/**
 * @param {string} name
 * @param {Partial<typeof NONE>} totals
 * @param {boolean} complete
 */
const target = (name, totals, complete = true) =>
	/** @type {import("../../results/model/model.js").TargetResult} */ (
		/** @type {unknown} */ ({
			name,
			complete,
			totals: { ...NONE, ...totals },
		})
	);

test("a target is sound when something passed, and all else was skipped", async () => {
	assert.ok(isSound(target("a", { pass: 1, skip: 3 })));
	for (const totals of [{ skip: 3 }, { pass: 1, fail: 1 }, { error: 1 }])
		assert.ok(!isSound(target("a", totals)));
	assert.ok(!isSound(target("a", { pass: 1 }, false)));
});

test("what a kernel answered stands; a guest that was lost is tried again", async () => {
	assert.ok(wasLost(target("a", { pass: 1 }, false)));
	assert.ok(wasLost(target("a", { crash: 1 })));
	assert.ok(!wasLost(target("a", { fail: 1, crash: 1 }, false)));
});

test("with a second target for a kernel, each keeps its own result", async () => {
	const kernels = ["debian:bookworm", "debian:bookworm@arm64", "debian:sid"];
	const first = [
		target("debian:bookworm", { pass: 1 }),
		target("debian:bookworm+i386", { crash: 1 }),
		target("debian:bookworm@arm64", { pass: 1 }),
		target("debian:sid", { pass: 1 }),
		target("debian:sid+i386", { fail: 1 }),
	];
	const lost = first.filter(wasLost);
	assert.deepEqual(kernelsOf(kernels, lost), ["debian:bookworm"]);
	assert.deepEqual(kernelsOf(kernels, first), kernels);
	const second = [
		target("debian:bookworm", { fail: 1 }),
		target("debian:bookworm+i386", { pass: 1 }),
	];
	const last = lastOf(first, second);
	assert.deepEqual(
		last.map((one) => [one.target.name, isSound(one.target), one.again]),
		[
			["debian:bookworm", true, false],
			["debian:bookworm+i386", true, true],
			["debian:bookworm@arm64", true, false],
			["debian:sid", true, false],
			["debian:sid+i386", false, false],
		],
	);
});

/**
 * @param {readonly [verdict: string, reason?: string][]} cases
 * @returns {import("../../results/model/model.js").TargetResult}
 */
const ran = (cases, complete = true) => {
	const totals = { ...NONE };
	for (const [verdict] of cases)
		totals[/** @type {keyof typeof NONE} */ (verdict)]++;
	return /** @type {import("../../results/model/model.js").TargetResult} */ (
		/** @type {unknown} */ ({
			totals,
			complete,
			cases: cases.map(([verdict, reason = ""], i) => ({
				id: `suite.row.${i}`,
				verdict,
				reason,
			})),
		})
	);
};

test("under a setting nothing fails, and each skip that it causes quotes it", async () => {
	const usual = ran([["pass"], ["pass"], ["skip", "a module"]]);
	const plain = { append: "a=1", try: "sample" };
	const quoting = { ...plain, quotes: "a is 1" };
	const skips = ran([["pass"], ["skip", "a is 1"], ["skip", "a module"]]);
	assert.equal(settingTrouble(plain, usual, usual), null);
	assert.equal(settingTrouble(quoting, usual, skips), null);
	for (const [setting, changed, trouble] of /** @type {const} */ ([
		[plain, undefined, /no word/],
		[plain, skips, /1 were skipped: a is 1/],
		[quoting, usual, /no skip quotes/],
		[
			quoting,
			ran([["pass"], ["skip", "b"], ["skip", "a module"]]),
			/does not quote/,
		],
		[plain, ran([["pass"], ["fail", "why"], ["skip"]]), /suite\.row\.1: why/],
		[plain, ran([["pass"], ["error"], ["skip"]]), /1 neither/],
		[plain, ran([["pass"], ["pass"], ["skip"]], false), /incomplete/],
		[plain, ran([["skip"], ["skip"], ["skip"]]), /nothing ran/],
		[{ ...plain, nothingRuns: true }, usual, /cases ran/],
	]))
		assert.match(settingTrouble(setting, usual, changed) ?? "", trouble);
});

test("each setting that can be tried whole has its day", async () => {
	const settings = ["a", "b", "c", "d", "e"].map((append) => ({
		append,
		try: "sample",
		whole: append !== "c",
	}));
	const days = [0, 1, 2, 20_785].map((day) =>
		wholeToday(settings, day).map(({ append }) => append),
	);
	assert.deepEqual(days, [
		["a", "b"],
		["d", "e"],
		["a", "b"],
		["d", "e"],
	]);
	assert.deepEqual(wholeToday([], 3), []);
	assert.equal(wholeToday(settings.slice(0, 3), 1).length, 2);
	assert.equal(wholeToday(settings.slice(0, 1), 1).length, 1);
});

test("of several selections each has its day", async () => {
	const some = [{ case: ["a"] }, { case: ["b"] }];
	assert.deepEqual(
		[0, 1, 2].map((day) => selectionOf(some, day).case),
		[["a"], ["b"], ["a"]],
	);
	assert.deepEqual(selectionOf({ suite: ["c"] }, 5), { suite: ["c"] });
});

test("in as many days as there are turns each row has one", async () => {
	const rows = Array.from({ length: 7 }, (_, i) => i);
	assert.deepEqual(turnOf(rows, 1, 20_787), rows);
	for (const every of [2, 3, 9]) {
		const days = Array.from({ length: every }, (_, i) => 20_787 + i);
		const tried = days.flatMap((day) => turnOf(rows, every, day));
		assert.deepEqual(
			tried.sort((a, b) => a - b),
			rows,
		);
	}
});
