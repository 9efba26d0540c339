/** A report of schema version 1, as crcap wrote it then: a suite was called a boundary. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { compare } from "../compare/compare.js";
import { asRead, ROOT, render } from "../testing/support.test.data.js";
import { readReport } from "./read.js";

const FILE = join(ROOT, "results/fixtures/version1.json");
const old = JSON.parse(readFileSync(FILE, "utf8"));

test("a report of version 1 is read as the present one, nothing lost", async () => {
	assert.equal(old.schemaVersion, 1);
	const { schemaVersion, targets, ...head } = await readReport(FILE);
	const { schemaVersion: _, targets: before, ...was } = old;
	assert.equal(schemaVersion, 2);
	assert.deepEqual(head, was);
	assert.equal(targets.length, 2);
	for (const [at, { cases, groups, ...target }] of targets.entries()) {
		const { cases: casesBefore, groups: groupsBefore, ...rest } = before[at];
		assert.deepEqual(target, rest);
		assert.deepEqual(cases, casesBefore.map(renamed));
		assert.deepEqual(groups, groupsBefore.map(renamed));
		assert.equal(cases.length, 21);
	}
});

test("a report of version 1 is written as TAP by suite, and as JSON of today", async () => {
	const report = await readReport(FILE);
	assert.match(await render("tap", report), /^ {4}# Subtest: ns_last_pid$/m);
	assert.deepEqual(asRead(await render("json", report)), report);
});

test("a report of version 1 compares with one of today", async () => {
	const report = await readReport(FILE);
	const today = structuredClone(report);
	const [one] = today.targets[0]?.cases ?? [];
	Object.assign(one ?? {}, { verdict: "fail", observed: "ok" });
	const [first, second] = [report, today].map((each, at) => ({
		name: `${at}.json`,
		report: each,
	}));
	assert.ok(first && second);
	const { pairs } = compare(first, second);
	assert.deepEqual(
		pairs.map(({ changes, same }) => [
			same,
			changes.regressions.map(({ id }) => id),
		]),
		[
			[20, ["ns_last_pid.read.uid0-none"]],
			[21, []],
		],
	);
});

/** What a case or a group of version 1 is today. */
function renamed({ boundary, ...rest }: { boundary: string }): object {
	return { ...rest, suite: boundary };
}
