/** Real kernels in real guests, with plans made for the purpose. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { type Test, test } from "tap";
import { Report } from "../../results/model/model.js";
import { gone, heard, run, TCG } from "./guestRun.test.helper.js";
import {
	cli,
	descendants,
	entries,
	type FixturePlan,
	startCli,
} from "./spawnCli.test.helper.js";

test("a run that ends well", async (t) => {
	const { status, target, verdicts } = await run(t, {
		a: "-- fork",
		b: "-- fork",
	});
	assert.equal(status, 0);
	assert.deepEqual(verdicts, ["pass", "pass"]);
	assert.equal(target.complete, true);
	assert.equal(target.accel, "tcg");
	assert.match(target.kernel.release, /^6\.1\./);
	assert.match(target.kernel.sha256, /^[0-9a-f]{64}$/);
	assert.match(target.kernel.source ?? "", /^linux-image-/);
	assert.ok(target.tools.qemu && target.tools.crprobe && target.tools.node);
});

test("a kernel thread that takes the pid is told with the pid that came instead", async (t) => {
	// Turning huge pages on makes the kernel start a thread of its own.
	const file = "/sys/kernel/mm/transparent_hugepage/enabled";
	const open = `-- put=${file},never open=f,w,/proc/sys/kernel/ns_last_pid`;
	const { target } = await run(t, {
		thread: `${open} write=f,9000 put=${file},always fork last_pid`,
		own: `${open} write=f,9100 child { fork }`,
		none: `${open} put=${file},always next_pid=f,9200`,
		taken: "-- clone3=tid:2",
	});
	const [thread, own, none, taken] = target.cases.map(
		({ observed }) => observed,
	);
	assert.match(thread ?? "", / r=fork:0:9002~9001 r=last_pid:0:9002$/);
	assert.match(own ?? "", / r=fork:0:9102$/);
	assert.match(none ?? "", / r=next_pid:0:\+1$/);
	assert.match(taken ?? "", / taken=2 .* r=clone3:EEXIST$/);
});

test("a case past its deadline is a timeout, and the run goes on", async (t) => {
	const plan = { a: "-- fork", b: "-- hang=case", c: "-- fork" };
	const { status, verdicts, target } = await run(t, plan, [
		"--case-timeout",
		"2",
	]);
	assert.deepEqual(verdicts, ["pass", "timeout", "pass"]);
	assert.equal(target.complete, true);
	assert.equal(status, 1);
});

for (const [what, step, verdict] of [
	["panics", "-- sysrq=c", "crash"],
	["restarts", "-- sysrq=b", "crash"],
	["powers off", "-- sysrq=o hang=case", "crash"],
	["hangs", "-- hang=guest", "timeout"],
] as const) {
	test(`a guest that ${what}: the case is named, and another guest takes the rest`, async (t) => {
		const plan = { first: "-- fork", second: step, third: "-- fork" };
		const { status, verdicts, target } = await run(t, plan, [
			"--case-timeout",
			"2",
		]);
		assert.deepEqual(verdicts, ["pass", verdict, "pass"]);
		assert.equal(status, 1);
		assert.equal(target.complete, true);
		assert.match(
			target.notes.join("\n"),
			/fixture\.second.*another guest went on without it/,
		);
		assert.ok((target.cases[1]?.console ?? []).length > 0);
	});

	test(`a guest that ${what}, and none to take its place: the rest did not run`, async (t) => {
		const plan = {
			first: "-- fork",
			second: step,
			third: "-- fork",
			fourth: "-- fork",
		};
		const { status, verdicts, target } = await run(t, plan, [
			...["--case-timeout", "2", "--max-crashes", "0"],
		]);
		// The first one's answer may have died with the guest.
		assert.deepEqual(verdicts.slice(1), [verdict, "not_run", "not_run"]);
		assert.equal(status, 1);
		assert.equal(target.complete, false);
		assert.match(target.incompleteReason ?? "", /fixture\.second/);
		assert.ok((target.consoleTail ?? []).length > 0);
		assert.ok((target.cases[1]?.console ?? []).length > 0);
	});
}

test("a panic is told in the kernel's own words", async (t) => {
	const { target } = await run(t, { a: "-- sysrq=c" });
	assert.match(target.cases[0]?.reason ?? "", /sysrq triggered crash/);
	assert.match(
		target.cases[0]?.console?.join("\n") ?? "",
		/Kernel panic - not syncing/,
	);
});

test("a kernel that does not reach the agent: an incomplete run, no verdict", async (t) => {
	const { status, verdicts, target } = await run(t, { a: "-- fork" }, [
		"--append",
		"rdinit=/none init=/none",
	]);
	assert.equal(status, 3);
	assert.deepEqual(verdicts, ["not_run"]);
	assert.equal(target.complete, false);
	assert.ok(
		target.notes.some((note) => /boot 1 failed/.test(note)),
		target.notes.join(),
	);
	const bisected = await cli(
		["run", ...TCG, "--append", "rdinit=/none init=/none", "--bisect"],
		{ plan: { a: "-- fork" } },
	);
	assert.equal(bisected.status, 125);
});

test("the kernel's command line takes what is appended", async (t) => {
	const { status, target } = await run(t, { a: "-- fork" }, [
		"--append",
		"panic_on_oops=1",
		"--append",
		"quiet",
	]);
	assert.equal(status, 0);
	assert.match(String(target.facts.cmdline), /panic_on_oops=1 quiet/);
});

test("the whole run's time: what is known is reported", async (t) => {
	const plan = { a: "-- hang=case", b: "-- fork" };
	const args = ["--timeout", "10", "--case-timeout", "1000"];
	const { status, verdicts, target } = await run(t, plan, args);
	assert.equal(status, 3);
	assert.deepEqual(verdicts, ["not_run", "not_run"]);
	assert.match(target.incompleteReason ?? "", /--timeout 10/);
});

/** Starts a run whose plan hangs, in a folder of its own and with a temporary directory of its own. */
function startHanging(t: Test, plan: FixturePlan) {
	const top = t.testdir({ run: {}, tmp: {} });
	const [folder, temporary] = [join(top, "run"), join(top, "tmp")];
	const running = startCli(
		["run", ...TCG, "--case-timeout", "1000", "--report", "json=r.json"],
		{ plan, cwd: folder, env: { TMPDIR: temporary } },
	);
	return { folder, temporary, running };
}

test("a signal: the report is written, and no QEMU and no file is left", async (t) => {
	for (const signal of ["SIGTERM", "SIGINT"] as const) {
		const plan = { a: "-- fork", b: "-- hang=case", c: "-- fork" };
		const { folder, temporary, running } = startHanging(t, plan);
		const pid = running.pid ?? 0;
		await heard(running.stderr, /3 cases/);
		const qemu = await guestOf(pid);
		running.kill(signal);
		const { exitCode } = await running;
		assert.equal(exitCode, 130);
		await gone(qemu);
		const report = Report.parse(
			JSON.parse(readFileSync(join(folder, "r.json"), "utf8")),
		);
		assert.equal(report.targets[0]?.complete, false);
		assert.match(report.targets[0]?.incompleteReason ?? "", new RegExp(signal));
		assert.deepEqual(entries(folder), ["r.json"]);
		assert.deepEqual(entries(temporary), []);
	}
});

test("a second signal ends it at once, with nothing left", async (t) => {
	const plan = { a: "-- hang=case" };
	const { folder, temporary, running } = startHanging(t, plan);
	const pid = running.pid ?? 0;
	await heard(running.stderr, /1 case,/);
	const qemu = await guestOf(pid);
	running.kill("SIGINT");
	running.kill("SIGTERM");
	const { exitCode } = await running;
	assert.equal(exitCode, 130);
	await gone(qemu);
	// Whichever signal came first, the report is whole or not there.
	for (const name of entries(folder)) {
		assert.equal(name, "r.json");
		Report.parse(JSON.parse(readFileSync(join(folder, name), "utf8")));
	}
	assert.deepEqual(entries(temporary), []);
});

/** Quotes in it must not end those around a replay line's pieces. */
test("several kernels, one report, in the order in which they were named", async (t) => {
	const folder = t.testdir();
	const name = "debian:bookworm";
	const args = [
		"run",
		...TCG,
		"--kernel",
		name,
		"--kernel",
		name,
		"--jobs",
		"2",
		"--report",
		"json=r.json",
	];
	const { status } = await cli(args, { plan: { a: "-- fork" }, cwd: folder });
	assert.equal(status, 0);
	const report = Report.parse(
		JSON.parse(readFileSync(join(folder, "r.json"), "utf8")),
	);
	assert.deepEqual(
		report.targets.map((target) => target.name),
		[name, `${name}#2`],
	);
});

test("shards are joined to what the whole run reports", async (t) => {
	const folder = t.testdir();
	const plan = {
		a: "-- fork",
		b: "-- fork",
		c: "-- fork",
		d: "-- fork",
		e: "-- fork",
	};
	const shard = (i: number) =>
		cli(["run", ...TCG, "--shard", `${i}/2`, "--report", `json=${i}.json`], {
			plan,
			cwd: folder,
		});
	const [one, two] = await Promise.all([shard(1), shard(2)]);
	assert.equal(one.status, 0);
	assert.equal(two.status, 0);
	const merged = await cli(["merge", "2.json", "1.json", "--report", "json"], {
		cwd: folder,
	});
	assert.equal(merged.status, 0, merged.stderr);
	const { targets } = Report.parse(JSON.parse(merged.stdout));
	assert.deepEqual(
		targets[0]?.cases.map((result) => result.probe),
		["a", "b", "c", "d", "e"],
	);
	const gap = await cli(["merge", "2.json"], { cwd: folder });
	assert.equal(gap.status, 2);
	assert.match(gap.stderr, /missing: 1\/2/);
	const twice = await cli(["merge", "1.json", "1.json", "2.json"], {
		cwd: folder,
	});
	assert.match(twice.stderr, /overlap/);
});

test("a known failure does not fail the run, and one that passes is told", async (t) => {
	const entry = { reason: "being fixed", expires: "2999-12-31" };
	const config = {
		accel: "tcg",
		caseTimeout: 2,
		reports: ["json=r.json"],
		knownFailures: [
			{ case: "fixture.bad.*", ...entry },
			{ case: "fixture.good.*", ...entry },
		],
	};
	const folder = t.testdir({ "crcap.config.json": JSON.stringify(config) });
	const plan = { good: "-- fork", bad: "-- hang=case" };
	const { status, stderr } = await cli(["run"], { plan, cwd: folder });
	assert.equal(status, 0);
	assert.match(stderr, /fixture\.good\.as_is passes/);
	const report = Report.parse(
		JSON.parse(readFileSync(join(folder, "r.json"), "utf8")),
	);
	assert.equal(report.targets[0]?.cases[1]?.known?.reason, "being fixed");
});

test("a reader that leaves in the middle is no crash", async (t) => {
	const script = `"$0" "$1" run --accel tcg 2>"$2" | head -n 1; echo "\${PIPESTATUS[0]}"`;
	const folder = t.testdir();
	const errors = join(folder, "stderr");
	const { stdout } = await execa(
		"bash",
		[
			"-c",
			script,
			process.execPath,
			join(import.meta.dirname, "fixtureCli.test.helper.js"),
			errors,
		],
		{ env: { CRCAP_TEST_PLAN: JSON.stringify({ a: "-- fork" }) } },
	);
	assert.match(stdout, /^TAP version 14\n0$/);
	assert.doesNotMatch(readFileSync(errors, "utf8"), /EPIPE|Error/);
});

/** The QEMU that runs below a process, by its id. */
async function guestOf(pid: number): Promise<number> {
	const qemu = (await descendants(pid)).find(({ args }) =>
		/^qemu-system/.test(args),
	);
	assert.ok(qemu);
	return qemu.pid;
}
