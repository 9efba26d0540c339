import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { test } from "tap";
import { asRead } from "../../results/testing/support.test.data.js";
import {
	CLI,
	cli,
	cliBatch,
	entries,
	startCli,
} from "./spawnCli.test.helper.js";

import { stored } from "./stored.test.helper.js";

const COMMANDS = [
	"run",
	"list",
	"explain",
	"show",
	"compare",
	"merge",
	"kernels",
];

test("--help and --version everywhere", async () => {
	const { stdout } = await cli(["--help"]);
	const asked = COMMANDS.flatMap((name) => [
		[name, "--help"],
		[name, "--version"],
	]);
	const results = await cliBatch([...asked, ["--version"]]);
	for (const [i, { status, stdout: text }] of results.entries()) {
		const [name, option] = asked[i] ?? [];
		assert.equal(status, 0);
		if (option === "--help") {
			assert.match(stdout, new RegExp(`^  ${name} `, "m"));
			assert.match(text, new RegExp(`^Usage: crcap ${name}`));
		} else {
			assert.match(text, /^\d+\.\d+\.\d+\n$/);
		}
	}
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
		"--compat",
		"--keep",
		"--jobs",
		"--config",
		"--shard",
		"--bisect",
	]) {
		assert.ok(stdout.includes(option), option);
	}
});

test("links that lead nowhere or to themselves are told", async (t) => {
	const folder = t.testdir({
		loop: t.fixture("symlink", "loop"),
		dangling: t.fixture("symlink", "nowhere"),
		"crcap.config.json": t.fixture("symlink", "nowhere"),
		"c.json": "\ufeff{}",
	});
	const kernel = async (name: string): Promise<string> => {
		const args = ["run", "--config", "c.json", "--kernel", name];
		const { status, stderr } = await cli(args, { cwd: folder });
		assert.equal(status, 2);
		return stderr;
	};
	assert.match(await kernel("loop"), /loop: a symbolic link that leads to/);
	assert.match(
		await kernel("dangling"),
		/dangling: a symbolic link that leads nowhere; (?!.*Did you mean)/,
	);
	const { status, stderr } = await cli(["run"], { cwd: folder });
	assert.equal(status, 2);
	assert.match(stderr, /config\.json: a symbolic link that leads nowhere$/m);
});

/** Starts it, sends signals until it ends, and tells how it ended. */
async function stopped(args: string[], folder: string, signals: number) {
	const running = startCli(args, { cwd: folder });
	for (let i = 0; i < signals; i++) {
		await sleep(700);
		running.kill("SIGTERM");
	}
	const late = sleep(5000).then(() => running.kill("SIGKILL"));
	const { exitCode } = await running;
	void late;
	return exitCode;
}

test("a pipe without another end holds nothing up", async (t) => {
	const folder = t.testdir({ "r.json": stored("pass") });
	await execa("mkfifo", ["crcap.config.json", "pipe"], { cwd: folder });
	const config = await cli(["run", "--kernel", "/no"], { cwd: folder });
	assert.equal(config.status, 2);
	assert.match(config.stderr, /config\.json is no regular file/);
	const args = ["show", "r.json", "--report", "tap=pipe"];
	const report = await cli(args, { cwd: folder });
	assert.equal(report.status, 2);
	assert.match(report.stderr, /pipe can't be written: .* nobody reads/);
	assert.equal(await stopped(["show", "pipe"], folder, 1), 130);
});

test("pipes with another end are read and written", async (t) => {
	const folder = t.testdir({
		"r.json": stored("pass"),
	});
	const bash = (script: string): Promise<{ stdout: string }> =>
		execa("bash", ["-c", script, process.execPath, CLI], { cwd: folder });
	const json = stored("pass");
	const read = await bash(
		'mkfifo in; cat r.json > in & "$0" "$1" show in -r json',
	);
	assert.deepEqual(asRead(read.stdout), JSON.parse(json));
	const given = await bash('"$0" "$1" show <(cat r.json) -r json');
	assert.deepEqual(asRead(given.stdout), JSON.parse(json));
	const written = await bash(
		'mkfifo out; cat out & "$0" "$1" show r.json -r json=out; wait',
	);
	assert.deepEqual(asRead(written.stdout), JSON.parse(json));
	const few = await bash(
		'"$0" "$1" show r.json -r json=>(head -c 1); echo "=$?"; sleep 0.2',
	);
	assert.match(few.stdout, /=0/);
});

test("a standard output that is full costs only what was for it", async (t) => {
	const folder = t.testdir({
		"r.json": stored("pass"),
	});
	const full = async (args: string): Promise<string> => {
		const script = `"$0" "$1" ${args} >/dev/full; echo "=$?" >&2`;
		const words = ["-c", script, process.execPath, CLI];
		return (await execa("bash", words, { cwd: folder })).stderr;
	};
	const said = await full(
		"show r.json -r tap -r json=o.json -r text=/dev/full",
	);
	assert.match(
		said,
		/report on standard output could not be written: ENOSPC[^;]*; the report \/dev\/full could not be written: ENOSPC/,
	);
	assert.match(said, /^=3$/m);
	assert.deepEqual(entries(folder), ["o.json", "r.json"]);
	for (const args of ["list", "--help"]) {
		assert.match(
			await full(args),
			/^crcap: standard output could not be written: ENOSPC.*\n=3$/,
		);
	}
});

test("a report is not written over one that is read", async (t) => {
	const folder = t.testdir({
		"a.json": stored("pass"),
		"b.json": stored("fail"),
		link: t.fixture("symlink", "a.json"),
	});
	for (const [command, format] of [
		["merge", "json=link"],
		["compare", "text=./a.json"],
	] as const) {
		const args = [command, "a.json", "b.json", "--report", format];
		const { status, stderr } = await cli(args, { cwd: folder });
		assert.equal(status, 2);
		assert.match(stderr, /would be written over a\.json/);
	}
	assert.equal(readFileSync(join(folder, "a.json"), "utf8"), stored("pass"));
});

test("the nearest file is named for a kernel that is not there", async (t) => {
	const folder = t.testdir({
		"vmlinuz-6.1.0": "",
	});
	const { stderr, status } = await cli([
		"run",
		"--kernel",
		join(folder, "vmlinuz-6.1.1"),
	]);
	assert.match(stderr, /Did you mean .*vmlinuz-6\.1\.0\?/);
	assert.equal(status, 2);
});

test("git bisect: a kernel that is not there can't be judged, a mistyped command stops it", async (t) => {
	const missing = await cli(["run", "--bisect", "--kernel", "/no/bzImage"]);
	assert.equal(missing.status, 125);
	assert.match(missing.stderr, /no such file/);
	// The machine's trouble would be every commit's.
	const image = Buffer.alloc(8192);
	image.write("ARM\x64", 56, "latin1");
	const folder = t.testdir({ Image: image });
	const bisect = ["run", "--bisect", "--kernel", "Image"];
	const env = { PATH: folder };
	const { status, stderr } = await cli(bisect, { cwd: folder, env });
	assert.match(stderr, /^crcap: qemu-system-aarch64 is not on the PATH/);
	assert.equal(status, 128);
	assert.equal((await cli(["run", "--bisect", "--kernle", "x"])).status, 128);
	assert.equal(
		(await cli(["run", "--bisect", "--suite", "nosuch"])).status,
		128,
	);
});

test("trouble of our own is neither a failed case nor a bad commit", async (t) => {
	const folder = t.testdir({
		"r.json": stored("pass"),
	});
	const args = ["show", "r.json", "--report", "tap=/dev/full"];
	const { status, stderr } = await cli(args, { cwd: folder });
	assert.equal(status, 3);
	assert.match(stderr, /\/dev\/full could not be written/);
});

test("the configuration is read from the current folder, and its mistakes are told", async (t) => {
	const folder = t.testdir({
		"crcap.config.json": '{"suites": []}',
	});
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

test("list shows suites, subjects and cases; selections narrow it", async () => {
	const { stdout, status } = await cli(["list"]);
	assert.equal(status, 0);
	for (const suite of ["ns_last_pid", "set_tid", "map_files", "exe_fd"]) {
		assert.match(stdout, new RegExp(`^  ${suite} \\(\\d+\\)`, "m"));
	}
	assert.doesNotMatch(stdout, /^ {4}/m, "no case is named unasked");
	assert.match(stdout, /^cases \(\d{4}\): /m);
	const every = await cli(["list", "--cases"]);
	assert.ok((every.stdout.match(/^ {4}\w+\./gm) ?? []).length > 4000);
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

test("a reader that has seen enough is no error", async (t) => {
	const script = `"$0" "$1" list --json 2>"$2" | head -n 1; echo "\${PIPESTATUS[0]}"`;
	const folder = t.testdir();
	const errors = join(folder, "stderr");
	const { stdout } = await execa("bash", [
		"-c",
		script,
		process.execPath,
		CLI,
		errors,
	]);
	assert.equal(stdout, "{\n0");
	assert.equal((await execa("cat", [errors])).stdout, "");
});

test("what is refused leaves no file behind", async (t) => {
	const folder = t.testdir();
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
