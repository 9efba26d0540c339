import assert from "node:assert/strict";
import { test } from "tap";
import { figureOf, goalText, KEYS, keysOf, PARTS, ROWS } from "./goals.mjs";

/** @param {string} text */
const row = (text) => {
	const found = ROWS.find(({ name }) => name.startsWith(text));
	assert.ok(found, text);
	return found;
};

test("every row is made of what rounds measure, and every measurement is used", async () => {
	const used = new Set([...ROWS, ...PARTS].flatMap(({ needs }) => needs));
	assert.deepEqual([...used].sort(), [...KEYS].sort());
	const names = [...ROWS, ...PARTS].map(({ name }) => name);
	assert.equal(new Set(names).size, names.length);
});

test("a row's figure is the median of each round's own ratio", async () => {
	const figure = figureOf(row("whole plan, cold, two guests"), [
		{ boot: 2000, coldTwo: 6000 },
		{ boot: 4000, coldTwo: 16_000 },
		{ boot: 1000, coldTwo: 3400 },
	]);
	assert.equal(figure.median, 3.4);
	assert.deepEqual([figure.lowest, figure.highest], [3, 4]);
	assert.equal(figure.reached, true);
});

test("a goal is a bound from above, from below, or both; the bound itself is reached", async () => {
	/** @type {[string, import("./goals.mjs").Round, boolean][]} */
	const cases = [
		["205 cases, warm", { smallWarm: 40, boot: 100 }, true],
		["205 cases, warm", { smallWarm: 41, boot: 100 }, false],
		["cases per second", { cases: 35, forks: 100 }, true],
		["cases per second", { cases: 34, forks: 100 }, false],
		["whole plan twice", { twice: 290, coldOne: 200, boot: 100 }, true],
		["whole plan twice", { twice: 280, coldOne: 200, boot: 100 }, false],
		["whole plan twice", { twice: 320, coldOne: 200, boot: 100 }, false],
		["memory of each", { further: 96 }, true],
		["memory of each", { further: 97 }, false],
		["four kernels", { four: 110, alone: 200 }, true],
		["one case", { oneWarm: 401, qemuVersion: 40, nodeEmpty: 60 }, false],
	];
	for (const [name, round, reached] of cases)
		assert.equal(
			figureOf(row(name), [round]).reached,
			reached,
			`${name} ${JSON.stringify(round)}`,
		);
});

test("a round in which something is missing does not count", async () => {
	const boot = row("205 cases, cold");
	const figure = figureOf(boot, [{ boot: 100 }, { boot: 100, smallCold: 130 }]);
	assert.equal(figure.median, 1.3);
	const nothing = figureOf(boot, [{ boot: 100 }]);
	assert.equal(nothing.median, undefined);
	assert.equal(nothing.reached, undefined);
});

test("goals are told as bounds", async () => {
	assert.equal(goalText(row("205 cases, cold")), "≤ 1.35");
	assert.equal(goalText(row("cases per second")), "≥ 0.35");
	assert.equal(goalText(row("whole plan twice")), "1.90 to 2.10");
	assert.equal(goalText(row("memory")), "≤ 96 MiB");
	assert.equal(goalText(row("`virtme-ng`")), "–");
});

test("rows are chosen by a part of their names, with all that they are made of", async () => {
	assert.deepEqual([...keysOf(["205 cases"])].sort(), [
		"boot",
		"smallCold",
		"smallWarm",
	]);
	assert.deepEqual([...keysOf(["no such row"])], []);
	assert.ok(keysOf([]).size > 10);
});
