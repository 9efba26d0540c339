import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { TOP } from "./lib/run.mjs";

/**
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function setup(args, env = process.env) {
	return spawnSync(
		process.execPath,
		[join(TOP, "scripts/setup.mjs"), ...args],
		{
			env,
			encoding: "utf8",
		},
	);
}

test("without apt, one line says what is missing and how to install it", async () => {
	const { status, stdout, stderr } = setup([], { PATH: "/nonexistent" });
	assert.equal(status, 2);
	assert.equal(stdout, "");
	assert.equal(stderr.trimEnd().split("\n").length, 1);
	assert.match(stderr, /missing on this machine: QEMU for \w+, .*make/);
	assert.match(stderr, /qemu-system-\w+/);
});

test("where nothing is missing it says and prints nothing", async () => {
	const { status, stdout, stderr } = setup(["--test"]);
	assert.deepEqual(
		{ status, stdout, stderr },
		{ status: 0, stdout: "", stderr: "" },
	);
});

test("it leaves a command, and an agent for each architecture", async () => {
	const made = [
		"runner/cli/main.js",
		"agent/crprobe-x86_64",
		"agent/crprobe-aarch64",
	];
	for (const name of made) assert.ok(existsSync(join(TOP, "dist", name)), name);
});

test("unknown options and architectures are refused", async () => {
	for (const args of [["--tests"], ["--arch", "vax"], ["extra"]]) {
		const { status, stdout, stderr } = setup(args);
		assert.equal(status, 2);
		assert.equal(stdout, "");
		assert.match(stderr, /^crcap: .*--help\n$/);
	}
});
