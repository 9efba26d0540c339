import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { MANUALS } from "../model/manuals.js";
import { SUITES } from "./plan.js";

const ROWS = new Set(
	SUITES.flatMap((suite) =>
		suite.rows.map(({ name }) => `${suite.name}.${name}`),
	),
);
const CONTRIBUTING = readFileSync(
	new URL("../../../CONTRIBUTING.md", import.meta.url),
	"utf8",
);

/** The rows that the table of statements names, and the statements with a reason for none. */
function statements(): { asked: string[]; line: string }[] {
	const table = CONTRIBUTING.slice(
		CONTRIBUTING.indexOf("| boundary | statement |"),
	);
	return table
		.split("\n")
		.slice(2)
		.filter((line) => line.startsWith("|"))
		.map((line) => {
			const last = line.split("|").at(-2) ?? "";
			return {
				line,
				asked: [...last.matchAll(/`([a-z0-9_.]+)`/g)].map(
					([, name]) => name as string,
				),
			};
		});
}

test("every statement names rows that exist, or says why there is none", () => {
	const all = statements();
	assert.ok(all.length > 60, `${all.length} statements`);
	for (const { asked, line } of all) {
		if (asked.length === 0) assert.match(line, /\| none[ :]/, line);
		for (const name of asked) assert.ok(ROWS.has(name), `${name}: ${line}`);
	}
});

test("a boundary's row is in the table, or is one of a kind that is", () => {
	const asked = new Set(statements().flatMap((statement) => statement.asked));
	const silent = [...ROWS].filter((row) => !asked.has(row));
	assert.ok(
		silent.length < ROWS.size / 3,
		`${silent.length} of ${ROWS.size} rows: ${silent.join(" ")}`,
	);
});

test("manual pages are held against rows that exist", () => {
	for (const { rows, page } of MANUALS)
		for (const row of rows) assert.ok(ROWS.has(row), `${page}: ${row}`);
});
