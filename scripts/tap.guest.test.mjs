/** What `crcap run` prints is a test file's output to tap: both count the same. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { TAP, TOP } from "./lib/run.mjs";
import { countTap } from "./lib/tapCount.mjs";

test("tap runs crcap as a test file, and agrees with its report", async (t) => {
	const command = JSON.stringify([
		join(TOP, "dist/crcap/main.js"),
		...["run", "--kernel", "debian:bookworm", "--case", "tty_lock.*"],
		...["--report", "tap", "--report", "json=report.json"],
	]);
	const folder = t.testdir({
		"package.json": '{"type":"module"}',
		".taprc": readFileSync(join(TOP, ".taprc"), "utf8"),
		node_modules: t.fixture("symlink", join(TOP, "node_modules")),
		"crcap.test.js": `import { spawnSync } from "node:child_process";
			process.exitCode = spawnSync(process.execPath, ${command}, { stdio: "inherit" }).status ?? 1;`,
	});
	const { status, stdout, stderr } = spawnSync(
		process.execPath,
		[
			TAP,
			...["run", "--disable-coverage", "--reporter=tap"],
			...["--timeout=600", "crcap.test.js"],
		],
		{ cwd: folder, encoding: "utf8" },
	);
	const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));
	const { pass, fail, skip } = report.targets[0].totals;
	const counted = countTap(stdout);
	assert.deepEqual(
		counted,
		{ passed: pass, failed: fail, skipped: skip, whole: true },
		stderr,
	);
	assert.ok(pass > 100);
	assert.equal(status, 0);
});
