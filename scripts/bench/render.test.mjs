import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { TOP } from "../lib/run.mjs";
import { leastOf, partsOfCase, partsOfMemory } from "./explain.mjs";
import { figureOf, PARTS, ROWS } from "./goals.mjs";
import { plannedToday } from "./measure.mjs";
import { memoryOf } from "./memory.mjs";
import { measuredPart, plannedIn, tableRows, withMeasured } from "./page.mjs";
import { render, setting } from "./render.mjs";
import { accountOf, strangers } from "./strangers.mjs";

/** @type {import("./goals.mjs").Round} */
const ROUND = {
	boot: 2000,
	coldTwo: 8000,
	forks: 1800,
	empty: 600,
	cases: 300,
};

/** @type {import("./render.mjs").Findings} */
const FOUND = {
	version: 1,
	machine: {
		...{ cpu: "A processor", cores: 2, load: [0.5], others: 0.02 },
		...{ node: "20.0.0", qemu: "7.2" },
	},
	kernel: { release: "6.1.0", arch: "x86_64", accel: "tcg" },
	planned: 5000,
	small: 205,
	rounds: [ROUND],
	rows: ROWS.map((row) => figureOf(row, [ROUND])),
	parts: PARTS.map((row) => figureOf(row, [ROUND])),
	missed: [{ row: "a row", parts: [{ name: "boot", value: "2.00 s, 25 %" }] }],
	simulated: {
		inputs: { boot: 2000, runner: 0.123 },
		rows: [{ cores: 4, guests: 4, coldMs: 4000, warmMs: 2000 }],
	},
	notes: ["virtme-ng was not measured: no network"],
};

test("every row stands in the text, measured or not", async () => {
	const rows = tableRows(render(FOUND));
	for (const { name } of [...ROWS, ...PARTS])
		assert.ok(
			rows.some(([cell]) => cell === name),
			name,
		);
	const row = (/** @type {string} */ text) =>
		rows.find(([cell]) => cell === text)?.slice(1);
	assert.deepEqual(row("whole plan, cold, two guests / a bare boot"), [
		...["4.00", "4.00 to 4.00", "≤ 3.50", "no"],
	]);
	assert.deepEqual(row("205 cases, warm / a bare boot"), [
		...["not measured", "–", "≤ 0.40", "–"],
	]);
});

test("the text has what is missed, why something is missing, and the simulation as such", async () => {
	const text = render(FOUND);
	assert.match(text, /\| boot +\| 2\.00 s, 25 %/);
	assert.match(text, /no network/);
	assert.match(text, /by simulation.*boot 2000 ms, runner 0\.12 ms/);
	assert.match(text, /\| 4 +\| 4 +\| 4\.00 s +\| 2\.00 s/);
	assert.equal(plannedIn(text), 5000);
});

test("how many rounds there were is told of what was measured", async () => {
	assert.match(setting(FOUND), /each figure of 1 round\./);
	const rows = ROWS.map((row) => figureOf(row, [ROUND, ROUND]));
	assert.match(setting({ ...FOUND, rows }), /each figure of 2 rounds\./);
	const mixed = [...FOUND.rows.slice(0, 1), ...rows];
	assert.match(setting({ ...FOUND, rows: mixed }), /of 1 to 2 rounds\./);
});

test("a shared machine is told, and one of the bench's own is not", async () => {
	assert.doesNotMatch(setting(FOUND), /shared/);
	const machine = { ...FOUND.machine, others: 1.24, load: [9.71, 4] };
	assert.match(
		setting({ ...FOUND, machine }),
		/kept 1\.2 of the 2 cores busy.* 9\.7, 4\.0\./,
	);
});

test("a page keeps all but its measured part", async () => {
	const page =
		"# A\n\n<!-- bench: begin -->\nold\n<!-- bench: end -->\n\nmore\n";
	const written = withMeasured(page, "new\n");
	assert.equal(measuredPart(written), "new");
	assert.equal(
		written,
		"# A\n\n<!-- bench: begin -->\nnew\n<!-- bench: end -->\n\nmore\n",
	);
	assert.throws(() => withMeasured("# A\n", "new"), RangeError);
});

/** The plan may grow or shrink by so much before the page's figures are no longer about it. */
const DRIFT = 0.02;

test("docs/bench.md has the rows of the bench, measured with a plan of today's size", async () => {
	const text = measuredPart(readFileSync(join(TOP, "docs/bench.md"), "utf8"));
	const names = tableRows(text).map(([name]) => name);
	const rows = ROWS.map(({ name }) => name);
	const from = names.indexOf(rows[0]);
	assert.deepEqual(names.slice(from, from + rows.length), rows);
	const today = await plannedToday();
	const then = plannedIn(text);
	assert.ok(
		Math.abs(then - today) <= today * DRIFT,
		`measured with ${then} cases, and there are ${today}: npm run bench -- --write`,
	);
});

test("a case is what its fork takes, what reading back takes, and the rest", async () => {
	const medians = PARTS.map((row) =>
		figureOf(row, [{ forks: 1000, empty: 500, cases: 250 }]),
	);
	assert.deepEqual(
		partsOfCase(medians).map(({ value }) => value),
		[
			...["1.00 ms", "1.00 ms", "2.00 ms", "4.00 ms"],
			"3.00 ms: a ratio of 0.33",
		],
	);
});

test("a run takes at least its boot, and for each case a fork and what it tries", async () => {
	/** @param {import("./goals.mjs").Round} round */
	const least = (round, guests = 1, boots = 1) =>
		leastOf(
			{ guests, boots },
			1000,
			PARTS.map((row) => figureOf(row, [round])),
		).map(({ value }) => value);
	const round = { boot: 2000, forks: 1000, empty: 500, cases: 250 };
	assert.deepEqual(least(round), ["2.50 boots"]);
	assert.deepEqual(least(round, 2), ["1.75 boots"]);
	assert.deepEqual(least(round, 2, 0), ["0.75 boots"]);
	assert.deepEqual(least({ boot: 2000 }), []);
});

test("memory is read off what the kernel tells of a process", async () => {
	const text =
		"Rss: 9 kB\nPss:             2048 kB\nPrivate_Clean:       512 kB\nPrivate_Dirty:      1536 kB\n";
	const memory = memoryOf(text);
	assert.deepEqual(memory, { pss: 2, own: 2 });
	assert.deepEqual(memoryOf(""), { pss: 0, own: 0 });
	assert.equal(
		partsOfMemory([memory])[0]?.value,
		"2 MiB, of which 2 MiB are its own",
	);
});

test("what others take is what is busy and not one's own", async () => {
	const stat = "cpu  100 10 50 900 3 4 6 7 0 0\ncpu0 1 2 3\n";
	const self = "7 (a) b) S 1 7 7 0 -1 0 0 0 0 0 11 12 13 14 20 0 1 0 5 0 0\n";
	assert.deepEqual(accountOf(stat, self), { busy: 1700, own: 500 });
	const before = { busy: 1000, own: 500, at: 0 };
	const after = { busy: 3000, own: 1500, at: 1000 };
	assert.equal(strangers(before, after), 1);
	assert.equal(strangers(before, { ...after, busy: 1000 }), 0);
});
