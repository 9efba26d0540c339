import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const REPORTER = fileURLToPath(new URL("test-events.mjs", import.meta.url));

/**
 * Runs a test file of this content, and gives how often each outcome was reported.
 * @param {string} content
 * @returns {Record<string, number>}
 */
function outcomesOf(content) {
	const folder = mkdtempSync(join(tmpdir(), "crcap-events-"));
	try {
		writeFileSync(join(folder, "a.test.mjs"), content);
		const { NODE_TEST_CONTEXT: _, ...env } = process.env;
		const { stdout } = spawnSync(
			process.execPath,
			["--test", `--test-reporter=${REPORTER}`, "a.test.mjs"],
			{ cwd: folder, env, encoding: "utf8" },
		);
		/** @type {Record<string, number>} */
		const outcomes = {};
		for (const line of stdout.trimEnd().split("\n").filter(Boolean)) {
			const { outcome } = JSON.parse(line);
			outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
		}
		return outcomes;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const IMPORT = 'import test, { describe, before } from "node:test";';

test("tests and subtests count, suites do not, skip and todo are skipped", () => {
	const content = `${IMPORT}
test("a", async (t) => { await t.test("b", () => {}); });
test("c", { skip: "why" }, () => {});
test("d", { todo: true }, () => { throw new Error("not yet"); });
describe("e", () => { test("f", () => { throw new Error("no"); }); });`;
	assert.deepEqual(outcomesOf(content), { passed: 2, skipped: 2, failed: 1 });
});

test("a file in which no test ran has failed", () => {
	assert.deepEqual(outcomesOf("// nothing"), { failed: 1 });
	const leaves = `${IMPORT} test("a", () => process.exit(0));`;
	assert.deepEqual(outcomesOf(leaves), { failed: 1 });
});

test("a file that does not load has failed", () => {
	assert.deepEqual(outcomesOf('import "./not-there.mjs";'), { failed: 1 });
});

test("a suite whose hook breaks has failed", () => {
	const content = `${IMPORT}
describe("a", () => { before(() => { throw new Error("no"); }); test("b", () => {}); });`;
	assert.ok((outcomesOf(content).failed ?? 0) >= 1);
});
