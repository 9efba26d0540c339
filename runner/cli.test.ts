import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { cli, entries, withFolder } from "./spawnCli.test.helper.js";

const COMMANDS = ["run", "list", "show", "merge", "kernels"];

test("--help and --version everywhere", async () => {
	const whole = await cli(["--help"]);
	assert.equal(whole.status, 0);
	for (const command of COMMANDS) {
		assert.match(whole.stdout, new RegExp(`^  ${command} `, "m"));
		const help = await cli([command, "--help"]);
		assert.equal(help.status, 0);
		assert.match(help.stdout, new RegExp(`^Usage: crcap ${command}`));
		const version = await cli([command, "--version"]);
		assert.equal(version.status, 0);
		assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
	}
	const { stdout } = await cli(["--version"]);
	assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test("every option of a run is in its help", async () => {
	const { stdout } = await cli(["run", "--help"]);
	for (const option of [
		"--kernel",
		"--local",
		"--host",
		"--suite",
		"--subject",
		"--case",
		"--append",
		"--accel",
		"--timeout",
		"--case-timeout",
		"--report",
		"--keep",
		"--jobs",
		"--config",
		"--shard",
		"--bisect",
	]) {
		assert.ok(stdout.includes(option), option);
	}
});

const REFUSED: [string, string[], RegExp][] = [
	["no command", [], /Usage: crcap/],
	[
		"an unknown command",
		["rnu"],
		/unknown command 'rnu' \(Did you mean run\?\)/,
	],
	[
		"an unknown option",
		["run", "--kernl", "x"],
		/unknown option '--kernl' \(Did you mean --kernel\?\)/,
	],
	["an unknown option of list", ["list", "--jsn"], /Did you mean --json\?/],
	["an argument too many", ["run", "bzImage"], /too many arguments/],
	["an accelerator", ["run", "--accel", "kmv"], /Did you mean kvm\?/],
	["a time", ["run", "--timeout", "soon"], /number of seconds/],
	["no time", ["run", "--timeout", "0"], /number of seconds/],
	["an endless time", ["run", "--case-timeout", "1e99"], /number of seconds/],
	["no jobs", ["run", "--jobs", "0"], /whole number from 1/],
	["a shard", ["run", "--shard", "3/2"], /I\/N/],
	["a format", ["run", "--report", "jsno=x"], /Did you mean json\?/],
	["a report without a file", ["run", "--report", "json="], /names no file/],
	[
		"a report into nowhere",
		["run", "--report", "json=/no/such/folder/x"],
		/no directory/,
	],
	[
		"two reports to standard output",
		["run", "--report", "tap", "--report", "json"],
		/two reports go to standard output/,
	],
	[
		"two reports to one file",
		["run", "--report", "tap=x", "--report", "json=./x"],
		/two reports go to/,
	],
	["a suite", ["run", "--suite", "set_tip"], /Did you mean set_tid\?/],
	["a suite to list", ["list", "--suite", "set_tip"], /Did you mean set_tid\?/],
	[
		"a kernel that is not there",
		["run", "--kernel", "/no/such/kernel"],
		/no such file/,
	],
	[
		"a kernel that is none",
		["run", "--kernel", "/etc/passwd"],
		/\/etc\/passwd/,
	],
	[
		"a name of no catalogue",
		["run", "--kernel", "debain:bookworm"],
		/Did you mean debian:bookworm/,
	],
	["an empty value", ["run", "--kernel", ""], /empty/],
	["--host without --local", ["run", "--host"], /--host is for --local/],
	[
		"--append without a guest",
		["run", "--local", "--append", "x"],
		/--append is for guests/,
	],
	[
		"a configuration that is not there",
		["run", "--config", "/no/config.json"],
		/can't be read/,
	],
	["a report that is none", ["show", "/etc/passwd"], /\/etc\/passwd/],
	[
		"a report that is not there",
		["show", "/no/report.json"],
		/\/no\/report\.json/,
	],
	["a grouping", ["list", "--group", "subjects"], /Did you mean subject\?/],
	[
		"a kernel to fetch",
		["kernels", "fetch", "debian/bookworm"],
		/not in the catalogue/,
	],
];

for (const [what, args, message] of REFUSED) {
	test(`refused before anything is done: ${what}`, async () => {
		const { status, stdout, stderr } = await cli(args);
		assert.match(stderr, message);
		assert.equal(status, 2);
		assert.equal(stdout, "");
	});
}

test("the nearest file is named for a kernel that is not there", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "vmlinuz-6.1.0"), "");
		const { stderr, status } = await cli([
			"run",
			"--kernel",
			join(folder, "vmlinuz-6.1.1"),
		]);
		assert.match(stderr, /Did you mean .*vmlinuz-6\.1\.0\?/);
		assert.equal(status, 2);
	});
});

test("git bisect: a kernel that is not there can't be judged, a mistyped command stops it", async () => {
	const missing = await cli(["run", "--bisect", "--kernel", "/no/bzImage"]);
	assert.equal(missing.status, 125);
	assert.match(missing.stderr, /no such file/);
	assert.equal((await cli(["run", "--bisect", "--kernle", "x"])).status, 128);
	assert.equal(
		(await cli(["run", "--bisect", "--suite", "nosuch"])).status,
		128,
	);
});

test("the configuration is read from the current folder, and its mistakes are told", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "crcap.config.json"), '{"suites": []}');
		const { status, stderr } = await cli(["run"], { cwd: folder });
		assert.equal(status, 2);
		assert.match(
			stderr,
			/crcap\.config\.json: unknown key "suites" \(Did you mean suite\?\)/,
		);
		writeFileSync(
			join(folder, "crcap.config.json"),
			'{"targets": [{"kernel": "./no-kernel"}]}',
		);
		const missing = await cli(["run"], { cwd: folder });
		assert.equal(missing.status, 2);
		assert.match(missing.stderr, /no-kernel/);
	});
});

test("list shows suites, subjects and cases; selections narrow it", async () => {
	const { stdout, status } = await cli(["list"]);
	assert.equal(status, 0);
	for (const suite of ["ns_last_pid", "set_tid", "map_files", "exe_fd"]) {
		assert.match(stdout, new RegExp(`^  ${suite} \\(\\d+\\)`, "m"));
	}
	const some = await cli([
		"list",
		"--suite",
		"set_tid",
		"--subject",
		"uid1000-none",
	]);
	assert.doesNotMatch(some.stdout, /map_files/);
	assert.match(some.stdout, /^subjects \(1\)$/m);
	const grouped = await cli(["list", "--group", "citation"]);
	assert.match(grouped.stdout, /since \d+\.\d+/);
});

test("list --json holds every case with its program, and at least 200", async () => {
	const { stdout } = await cli(["list", "--json"]);
	const { suites, subjects, cases } = JSON.parse(stdout);
	assert.ok(cases.length >= 200);
	assert.ok(suites.length >= 4 && subjects.length >= 12);
	const ids = new Set(cases.map((one: { id: string }) => one.id));
	assert.equal(ids.size, cases.length);
	for (const one of cases) {
		assert.match(one.id, /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/);
		assert.ok(one.program && one.expected && one.reason && one.subject);
	}
});

test("a reader that has seen enough is no error", async () => {
	const script = `"$0" "$1" list --json 2>"$2" | head -n 1; echo "\${PIPESTATUS[0]}"`;
	await withFolder(async (folder) => {
		const errors = join(folder, "stderr");
		const { stdout } = await execa("bash", [
			"-c",
			script,
			process.execPath,
			join(import.meta.dirname, "cli.js"),
			errors,
		]);
		assert.equal(stdout, "{\n0");
		assert.equal((await execa("cat", [errors])).stdout, "");
	});
});

test("what is refused leaves no file behind", async () => {
	await withFolder(async (folder) => {
		const args = [
			"run",
			"--kernel",
			"/etc/passwd",
			"--report",
			"json=out.json",
			"--keep",
			"kept",
		];
		assert.equal((await cli(args, { cwd: folder })).status, 2);
		assert.deepEqual(entries(folder), []);
	});
});
