import assert from "node:assert/strict";
import { test } from "tap";
import { SnapshotFiles } from "../../testing/snapshotFiles.test.helper.js";
import { MANUALS } from "../model/manuals.js";
import { coverage, STATEMENTS } from "./coverage.js";
import { SUITES } from "./plan.js";

const ROWS = new Set(
	SUITES.flatMap((suite) =>
		suite.rows.map(({ name }) => `${suite.name}.${name}`),
	),
);

test("every statement names rows that exist, each once, or says why there is none", async () => {
	for (const { says, rows, unasked } of STATEMENTS) {
		assert.equal(rows.length === 0, unasked !== undefined, says);
		assert.equal(new Set(rows).size, rows.length, says);
		for (const row of rows) assert.ok(ROWS.has(row), `${row}: ${says}`);
	}

	for (const { name, statements } of SUITES) {
		const own = statements.map(({ says }) => says);
		assert.equal(new Set(own).size, own.length, name);
	}
});

test("every row stands in a statement", async () => {
	const asked = new Set(STATEMENTS.flatMap(({ rows }) => rows));
	const silent = [...ROWS].filter((row) => !asked.has(row));
	assert.deepEqual(silent, []);
});

test("every suite has a statement of its own rows", async () => {
	for (const { name, statements } of SUITES)
		assert.ok(
			statements.some(({ rows }) =>
				rows.some((row) => row.startsWith(`${name}.`)),
			),
			name,
		);
});

test("docs/coverage.md is what the statements give", {
	snapshotProvider: SnapshotFiles,
}, async (t) => {
	t.matchSnapshot(coverage(), "docs/coverage.md");
});

test("manual pages are held against rows that exist", async () => {
	for (const { rows, page } of MANUALS)
		for (const row of rows) assert.ok(ROWS.has(row), `${page}: ${row}`);
});
