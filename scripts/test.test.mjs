import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { test } from "tap";
import { TOP } from "./lib/run.mjs";

const PASS = 'import { test } from "tap"; test("a", async () => {});';
const FAIL =
	'import { test } from "tap"; test("a", async () => { throw new Error(); });';
const SKIP = 'import { test } from "tap"; test("a", { skip: true }, () => {});';

/** @returns {NodeJS.ProcessEnv} without what would make an inner test run report to this one */
function innerEnv() {
	const env = Object.entries(process.env).filter(
		([name]) => !/^_?TAP/.test(name) && name !== "NODE_OPTIONS",
	);
	return { ...Object.fromEntries(env), CI: "true" };
}

/**
 * Makes a small project with this one's scripts.
 * @param {string} folder
 * @param {Record<string, string>} files
 */
function layOut(folder, files) {
	mkdirSync(join(folder, "scripts"));
	symlinkSync(join(TOP, "node_modules"), join(folder, "node_modules"));
	for (const path of ["scripts/test.mjs", "scripts/lib", ".ci", ".taprc"])
		cpSync(join(TOP, path), join(folder, path), {
			recursive: true,
			filter: (name) => !name.includes(".test."),
		});
	for (const [path, content] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), content);
	}
}

/**
 * Lays out a small project, and runs a command in it without standard input.
 * @param {Record<string, string>} files
 * @param {readonly [string, ...string[]]} command
 * @param {Record<string, string>} [env] more for the environment
 * @returns {{ status: number | null, last: string, output: string }}
 */
function inProject(files, [command, ...args], env = {}) {
	// Not in a folder of tap's: it measures no coverage below `.tap`.
	const folder = mkdtempSync(join(tmpdir(), "crcap-project-"));
	try {
		layOut(folder, files);
		const { status, stdout, stderr } = spawnSync(command, args, {
			cwd: folder,
			encoding: "utf8",
			stdio: ["ignore", "pipe", "pipe"],
			env: { ...innerEnv(), ...env },
		});
		const last = stdout.trimEnd().split("\n").at(-1) ?? "";
		return { status, last, output: stdout + stderr };
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const PROJECT = { "package.json": '{"type":"module"}' };
const COMMAND = /** @type {const} */ ([
	process.execPath,
	"scripts/test.mjs",
	"--as-is",
]);

/**
 * @param {Record<string, string>} files
 * @param {string[]} args
 */
function runTests(files, ...args) {
	return inProject({ ...PROJECT, ...files }, [...COMMAND, ...args]);
}

test("the last line counts what ran, and a failure fails the run", async () => {
	const files = {
		"dist/a.test.js": PASS,
		"dist/b.test.js": FAIL,
		"dist/c.test.js": SKIP,
	};
	const { status, last } = runTests(files, "--unit");
	assert.equal(last, "1 passed, 1 failed, 1 skipped");
	assert.equal(status, 1);
});

test("all passed is a success", async () => {
	const { status, last } = runTests(
		{ "dist/a.test.js": PASS, "dist/b.test.js": SKIP },
		"--unit",
	);
	assert.equal(last, "1 passed, 0 failed, 1 skipped");
	assert.equal(status, 0);
});

test("nothing that ran, or only skips, is no success", async () => {
	assert.equal(runTests({}, "--unit").status, 1);
	assert.equal(runTests({ "dist/a.test.js": SKIP }, "--unit").status, 1);
	assert.equal(
		runTests({ "dist/a.test.js": PASS }, "--unit", "other").status,
		1,
	);
});

test("unit and guest tests are told apart, and files are selected by their source's name", async () => {
	const files = { "dist/vm/a.test.js": PASS, "dist/vm/b.guest.test.js": PASS };
	assert.match(runTests(files, "--unit").output, /^unit tests: 1 files$/m);
	assert.match(runTests(files, "--guest").output, /^guest tests: 1 files$/m);
	const chosen = runTests(files, "vm/b.guest.test.ts");
	assert.equal(chosen.last, "1 passed, 0 failed, 0 skipped");
	assert.match(chosen.output, /^guest tests: 1 files$/m);
});

test("TAP_SNAPSHOT=1 makes snapshots, and without it none is made", async () => {
	const test =
		'import { test } from "tap"; test("a", async (t) => { t.matchSnapshot("x"); });';
	const files = { ...PROJECT, "dist/a.test.js": test };
	/** @param {Record<string, string>} [env] */
	const ran = (env) => inProject(files, [...COMMAND, "--unit"], env).last;
	assert.equal(ran(), "0 passed, 1 failed, 0 skipped");
	assert.equal(ran({ TAP_SNAPSHOT: "1" }), "1 passed, 0 failed, 0 skipped");
});

/**
 * @param {Record<string, string>} scripts
 */
function runCi(scripts) {
	const one = "echo '1 passed, 0 failed, 0 skipped'";
	const all = Object.fromEntries(
		Object.entries({ faults: one, kernels: one, settings: one, ...scripts })
			// What the command gets is none of the line's.
			.map(([name, command]) => [name, `${command} #`]),
	);
	return inProject({ "package.json": JSON.stringify({ scripts: all }) }, [
		"bash",
		".ci/run",
	]);
}

test("CI ends with the count of what ran", async () => {
	const { status, last } = runCi({
		test: "echo '3 passed, 0 failed, 1 skipped'",
	});
	assert.equal(last, "6 passed, 0 failed, 1 skipped");
	assert.equal(status, 0);
});

test("CI fails with a command that fails, counts nothing, or passes nothing", async () => {
	const failed = runCi({
		test: "echo '3 passed, 1 failed, 0 skipped'; exit 1",
	});
	assert.deepEqual(
		[failed.status, failed.last],
		[1, "6 passed, 1 failed, 0 skipped"],
	);
	const silent = runCi({ test: "echo fine" });
	assert.deepEqual(
		[silent.status, silent.last],
		[1, "3 passed, 1 failed, 0 skipped"],
	);
	const broken = runCi({
		test: "echo '3 passed, 0 failed, 0 skipped'; exit 7",
	});
	assert.equal(broken.status, 1);
	const nothing = "echo '0 passed, 0 failed, 4 skipped'";
	assert.equal(
		runCi({
			test: nothing,
			faults: nothing,
			kernels: nothing,
			settings: nothing,
		}).status,
		1,
	);
});

test("a stopped run ends its tests, runs no more, and is no success", async (t) => {
	const folder = t.testdir();
	const started = join(folder, "started");
	const slow = `import { test } from "tap"; import { appendFileSync } from "node:fs";
			test("a", async () => { appendFileSync("${started}", process.pid + "\\n"); return new Promise((r) => setTimeout(r, 60_000)); });`;
	layOut(folder, {
		"package.json": '{"type":"module"}',
		"dist/a.test.js": slow,
		"dist/b.guest.test.js": slow,
	});
	const child = spawn(
		process.execPath,
		["scripts/test.mjs", "--as-is", "--unit", "--guest"],
		{
			cwd: folder,
			env: innerEnv(),
			stdio: "ignore",
		},
	);
	while (!existsSync(started)) await setTimeout(50);
	child.kill("SIGTERM");
	const [status] = await once(child, "exit");
	assert.equal(status, 130);
	const pids = readFileSync(started, "utf8").trimEnd().split("\n");
	assert.equal(pids.length, 1);
	// The test's process is gone, or about to go.
	while (existsSync(`/proc/${pids[0]}`)) await setTimeout(50);
});
