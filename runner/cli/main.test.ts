import assert from "node:assert/strict";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { noTotals } from "../../results/model/counts.js";
import type { CaseResult, TargetResult } from "../../results/model/model.js";
import { unobserved } from "../run/caseResults.js";
import { KERNEL, plannedCase } from "../run/fakes.test.helper.js";
import {
	cli,
	cliBatch,
	entries,
	startCli,
	withFolder,
} from "./spawnCli.test.helper.js";

const CLI = join(import.meta.dirname, "main.js");

const COMMANDS = [
	"run",
	"list",
	"explain",
	"show",
	"compare",
	"merge",
	"kernels",
];

/** A stored report of one target with one case. */
function stored(
	verdict: "pass" | "fail" | "skip",
	more: Partial<CaseResult> = {},
): string {
	const sink = { ...noTotals(), [verdict]: 1 };
	const target: TargetResult = {
		name: "k",
		kind: "qemu",
		kernel: KERNEL,
		accel: "tcg",
		facts: {},
		tools: {},
		planned: 1,
		complete: true,
		notes: [],
		totals: sink,
		durationMs: 1,
		cases: [
			{ ...unobserved(plannedCase(0), verdict, "why", undefined), ...more },
		],
	};
	return JSON.stringify({
		schemaVersion: 1,
		tool: { name: "crcap", version: "0.1.0" },
		startedAt: "2026-11-22T00:00:00Z",
		targets: [target],
	});
}

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
	[
		"a suite of the archive with a letter too few",
		["run", "--kernel", "debian:bookwrm"],
		/there is no suite bookwrm \(Did you mean debian:bookworm\?\)/,
	],
	[
		"the same to fetch",
		["kernels", "fetch", "debian:bookwrm"],
		/Did you mean debian:bookworm\?/,
	],
	[
		"a command of kernels",
		["kernels", "fech", "debian:bookworm"],
		/unknown command 'fech' \(Did you mean fetch\?\)/,
	],
	["help for no command", ["help", "rnu"], /'rnu' \(Did you mean run\?\)/],
	["a case of history", ["history", "--case", "nope"], /--case nope matches/],
	[
		"a part of an id to explain",
		["explain", "set_tid.free_tid"],
		/^crcap: set_tid\.free_tid matches nothing \(Did you mean set_tid\.free_tid\.\*\?\)/m,
	],
	["a path unlike any", ["run", "--kernel", "/nope"], /no such file; /],
	[
		"--compat without a guest",
		["run", "--local", "--compat"],
		/--compat is for guests/,
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
		/--config \/no\/config\.json: no such file$/m,
	],
	["a folder for a configuration", ["run", "--config", "/etc"], /is a dir/],
	[
		"an endless configuration",
		["run", "--config", "/dev/zero"],
		/\/dev\/zero is no regular file/,
	],
	[
		"a report that is none",
		["show", "/etc/passwd"],
		/^crcap: \/etc\/passwd is no JSON report of crcap: it is no JSON$/m,
	],
	["a folder for a report", ["show", "/etc"], /^crcap: \/etc is a directory$/m],
	[
		"a report that is not there",
		["compare", "/no/report.json", "/no/other.json"],
		/^crcap: \/no\/report\.json: no such file$/m,
	],
	["a grouping", ["list", "--group", "subjects"], /Did you mean subject\?/],
	[
		"a kernel to fetch",
		["kernels", "fetch", "debian/bookworm"],
		/not in the catalogue/,
	],
];

test("refused before anything is done", async (t) => {
	const results = await cliBatch(REFUSED.map(([, args]) => args));
	for (const [i, [what, , message]] of REFUSED.entries()) {
		await t.test(what, () => {
			assert.match(results[i]?.stderr ?? "", message);
			assert.equal(results[i]?.status, 2);
			assert.equal(results[i]?.stdout, "");
		});
	}
});

test("links that lead nowhere or to themselves are told", async () => {
	await withFolder(async (folder) => {
		symlinkSync("loop", join(folder, "loop"));
		symlinkSync("nowhere", join(folder, "dangling"));
		symlinkSync("nowhere", join(folder, "crcap.config.json"));
		const kernel = async (name: string): Promise<string> => {
			const args = ["run", "--config", "c.json", "--kernel", name];
			const { status, stderr } = await cli(args, { cwd: folder });
			assert.equal(status, 2);
			return stderr;
		};
		writeFileSync(join(folder, "c.json"), "\ufeff{}");
		assert.match(await kernel("loop"), /loop: a symbolic link that leads to/);
		assert.match(
			await kernel("dangling"),
			/dangling: a symbolic link that leads nowhere; (?!.*Did you mean)/,
		);
		const { status, stderr } = await cli(["run"], { cwd: folder });
		assert.equal(status, 2);
		assert.match(stderr, /config\.json: a symbolic link that leads nowhere$/m);
	});
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

test("a pipe without another end holds nothing up", async () => {
	await withFolder(async (folder) => {
		await execa("mkfifo", ["crcap.config.json", "pipe"], { cwd: folder });
		writeFileSync(join(folder, "r.json"), stored("pass"));
		const config = await cli(["run", "--kernel", "/no"], { cwd: folder });
		assert.equal(config.status, 2);
		assert.match(config.stderr, /config\.json is no regular file/);
		const args = ["show", "r.json", "--report", "tap=pipe"];
		const report = await cli(args, { cwd: folder });
		assert.equal(report.status, 2);
		assert.match(report.stderr, /pipe can't be written: .* nobody reads/);
		assert.equal(await stopped(["show", "pipe"], folder, 1), 130);
	});
});

test("pipes with another end are read and written", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "r.json"), stored("pass"));
		const bash = (script: string): Promise<{ stdout: string }> =>
			execa("bash", ["-c", script, process.execPath, CLI], { cwd: folder });
		const json = stored("pass");
		const read = await bash(
			'mkfifo in; cat r.json > in & "$0" "$1" show in -r json',
		);
		assert.deepEqual(JSON.parse(read.stdout), JSON.parse(json));
		const given = await bash('"$0" "$1" show <(cat r.json) -r json');
		assert.deepEqual(JSON.parse(given.stdout), JSON.parse(json));
		const written = await bash(
			'mkfifo out; cat out & "$0" "$1" show r.json -r json=out; wait',
		);
		assert.deepEqual(JSON.parse(written.stdout), JSON.parse(json));
		const few = await bash(
			'"$0" "$1" show r.json -r json=>(head -c 1); echo "=$?"; sleep 0.2',
		);
		assert.match(few.stdout, /=0/);
	});
});

test("a standard output that is full costs only what was for it", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "r.json"), stored("pass"));
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
});

test("a report is not written over one that is read", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "a.json"), stored("pass"));
		writeFileSync(join(folder, "b.json"), stored("fail"));
		symlinkSync("a.json", join(folder, "link"));
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
});

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
	// The machine's trouble would be every commit's.
	await withFolder(async (folder) => {
		const image = Buffer.alloc(8192);
		image.write("ARM\x64", 56, "latin1");
		writeFileSync(join(folder, "Image"), image);
		const bisect = ["run", "--bisect", "--kernel", "Image"];
		const env = { PATH: folder };
		const { status, stderr } = await cli(bisect, { cwd: folder, env });
		assert.match(stderr, /^crcap: qemu-system-aarch64 is not on the PATH/);
		assert.equal(status, 128);
	});
	assert.equal((await cli(["run", "--bisect", "--kernle", "x"])).status, 128);
	assert.equal(
		(await cli(["run", "--bisect", "--suite", "nosuch"])).status,
		128,
	);
});

test("trouble of our own is neither a failed case nor a bad commit", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "r.json"), stored("pass"));
		const args = ["show", "r.json", "--report", "tap=/dev/full"];
		const { status, stderr } = await cli(args, { cwd: folder });
		assert.equal(status, 3);
		assert.match(stderr, /\/dev\/full could not be written/);
	});
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
			join(import.meta.dirname, "main.js"),
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

test("a stored report is shown in any format, from a file or standard input", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "r.json"), stored("fail"));
		const tap = await cli(["show", "r.json"], { cwd: folder });
		assert.equal(tap.status, 0);
		assert.match(tap.stdout, /^TAP version 14\n[\s\S]*not ok/);
		const args = ["show", "-", "--report", "json=again.json"];
		const input = await cli(args, { cwd: folder, input: tap.stdout });
		assert.equal(input.status, 2);
		assert.deepEqual(entries(folder), ["r.json"], "nothing half is left");
		const json = await cli(args, { cwd: folder, input: stored("fail") });
		assert.equal(json.status, 0, json.stderr);
		const again = readFileSync(join(folder, "again.json"), "utf8");
		assert.deepEqual(JSON.parse(again), JSON.parse(stored("fail")));
	});
});

test("show of a report that was cut ends as a run that was given up", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "r.json"), stored("pass").slice(0, -2));
		const { status, stdout } = await cli(["show", "r.json"], { cwd: folder });
		assert.equal(status, 2);
		assert.match(stdout, /\nBail out! r\.json: the file ends .*\n$/);
		for (const report of ["text", "json=copy.json"]) {
			const shown = await cli(["show", "r.json", "--report", report], {
				cwd: folder,
			});
			assert.deepEqual([shown.status, shown.stdout], [2, ""]);
		}
		assert.deepEqual(entries(folder), ["r.json"]);
	});
});

test("compare: 1 for a regression, 0 without, in every format", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "old.json"), stored("pass"));
		writeFileSync(join(folder, "new.json"), stored("fail"));
		const worse = await cli(["compare", "old.json", "new.json"], {
			cwd: folder,
		});
		assert.equal(worse.status, 1);
		assert.match(worse.stdout, /1 regression/);
		const better = await cli(["compare", "new.json", "old.json"], {
			cwd: folder,
		});
		assert.equal(better.status, 0);
		const formats = await cli(
			[
				"compare",
				"old.json",
				"new.json",
				"--report",
				"json",
				"--report",
				"markdown=c.md",
			],
			{ cwd: folder },
		);
		assert.equal(JSON.parse(formats.stdout).exitCode, 1);
		assert.match(readFileSync(join(folder, "c.md"), "utf8"), /^## /);
		const unknown = await cli(
			["compare", "old.json", "new.json", "--report", "markdwn"],
			{ cwd: folder },
		);
		assert.match(unknown.stderr, /Did you mean markdown\?/);
		assert.equal(unknown.status, 2);
	});
});

test("a report in which nothing ran is no success to show, merge or compare", async () => {
	await withFolder(async (folder) => {
		writeFileSync(join(folder, "skip.json"), stored("skip"));
		writeFileSync(join(folder, "pass.json"), stored("pass"));
		const none = JSON.stringify({ ...JSON.parse(stored("skip")), targets: [] });
		writeFileSync(join(folder, "none.json"), none);
		for (const file of ["skip.json", "none.json"]) {
			const shown = await cli(["show", file], { cwd: folder });
			assert.equal(shown.status, 3);
			assert.match(shown.stdout, /^TAP version 14/);
			assert.match(shown.stderr, new RegExp(`${file}: no case of it ran`));
			for (const args of [
				["merge", file],
				["compare", file, file],
				["compare", "pass.json", file],
				["compare", file, "pass.json"],
			]) {
				const { status } = await cli(args, { cwd: folder });
				assert.equal(status, 3, args.join(" "));
			}
		}
	});
});

test("what is known of a pass excuses no failure", async () => {
	await withFolder(async (folder) => {
		const [fail, pass] = [
			JSON.parse(stored("fail")),
			JSON.parse(stored("pass", { id: "a.b", known: { reason: "it was" } })),
		];
		fail.targets[0].cases.push(...pass.targets[0].cases);
		Object.assign(fail.targets[0], { planned: 2 });
		fail.targets[0].totals.pass = 1;
		writeFileSync(join(folder, "r.json"), JSON.stringify(fail));
		assert.equal((await cli(["merge", "r.json"], { cwd: folder })).status, 1);
	});
});

test("merge has the exit status of the whole", async () => {
	await withFolder(async (folder) => {
		for (const verdict of ["pass", "fail"] as const) {
			writeFileSync(join(folder, "r.json"), stored(verdict));
			const { status } = await cli(["merge", "r.json"], { cwd: folder });
			assert.equal(status, verdict === "pass" ? 0 : 1);
		}
	});
});

test("explain: what, as whom, what is expected from which version on, and by hand", async () => {
	const id = "set_tid.free_tid.uid1000-cap_checkpoint_restore";
	const { status, stdout } = await cli(["explain", id]);
	assert.equal(status, 0);
	assert.match(stdout, new RegExp(`^${id}\n`));
	for (const line of [
		/^ {2}tries +\S/m,
		/^ {2}as +user 1000/m,
		/^ {2}expected +5\.5 to 5\.8: clone3 EPERM/m,
		/^ {2}expected +5\.9 on: clone3 ok/m,
		/^ {2}since +5\.9$/m,
		/^ {2}catches +\S/m,
		/^ {2}by hand +crprobe '.*clone3/m,
	]) {
		assert.match(stdout, line);
	}
	const unknown = await cli(["explain", `${id}s`]);
	assert.equal(unknown.status, 2);
	assert.match(unknown.stderr, new RegExp(`Did you mean ${id}\\?`));
});

test("explain for the kernel with given facts", async () => {
	const id = "set_tid.free_tid.uid1000-cap_checkpoint_restore";
	const args = ["explain", id, "--kernel-facts", "-"];
	const old = await cli(args, {
		input: "fact release=5.8.1\nfact cap_last_cap=39\n",
	});
	assert.match(old.stdout, /clone3 EPERM \(on Linux 5\.8\.1\)/);
	const none = await cli(args, { input: "no facts\n" });
	assert.equal(none.status, 2);
	assert.match(none.stderr, /crprobe --facts/);
	const odd = await cli(args, { input: "fact release=mine\n" });
	assert.equal(odd.status, 2);
	assert.match(odd.stderr, /mine/);
});
