/** `crcap export kselftest` under the kernel tree's own runner, on this machine's kernel. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
import { t, test } from "tap";
import { cacheDir } from "../vm/index.js";
import { exists, inScratch, newAttempt } from "./kernel/scratch.js";
import { sourcePackage, VERSIONS } from "./kernel/source.js";

const CLI = join(import.meta.dirname, "../crcap/main.js");
const CASES = ["--case", "set_tid.free_tid.*", "--case", "exe_fd.*-none"];

/** Unpacking takes longer than all else here, so what is needed of the tree is kept. */
async function selftests(): Promise<string> {
	const cache = cacheDir("faults");
	mkdirSync(cache, { recursive: true });
	const attempt = newAttempt(cache, () => {}, undefined);
	const source = await sourcePackage(attempt, VERSIONS[0]);
	const kept = join(cache, `selftests-${source.version}`);
	if (await exists(kept)) return kept;
	await inScratch(attempt, async (scratch) => {
		const name = basename(source.deb).split("_")[0];
		const tree = `${name}/tools/testing/selftests`;
		await attempt.run("dpkg-deb", ["-x", source.deb, join(scratch, "package")]);
		await attempt.run("tar", [
			...["-xJf", join(scratch, `package/usr/src/${name}.tar.xz`)],
			...["-C", scratch, "--strip-components=4"],
			...[`${tree}/run_kselftest.sh`, `${tree}/kselftest`],
		]);
		const made = join(scratch, "made");
		mkdirSync(made);
		for (const part of ["run_kselftest.sh", "kselftest"])
			cpSync(join(scratch, part), join(made, part), { recursive: true });
		await attempt.place(made, kept);
	});
	return kept;
}

let top: string;
t.before(async () => {
	top = t.testdir({ "kselftest-list.txt": "other:absent\n" });
	cpSync(await selftests(), top, { recursive: true });
	const done = await execa(
		process.execPath,
		[CLI, "export", "kselftest", top, ...CASES],
		{ reject: false },
	);
	assert.equal(done.exitCode, 0, done.stderr);
});

const file = (...names: string[]): string => join(top, "crcap", ...names);

async function runner(): Promise<string> {
	// The runner opens /dev/stdout, which a socket does not allow: Node's pipes are sockets.
	const { stdout } = await execa(
		"sh",
		["-c", "./run_kselftest.sh -c crcap | cat"],
		{ cwd: top },
	);
	return stdout;
}

/** The result lines inside, as KTAP readers nest them. */
const points = (log: string): string[] =>
	log.split("\n").filter((line) => /^# (not )?ok \d+ /.test(line));

test("the tree's runner finds it beside others, and it passes", async () => {
	const list = readFileSync(join(top, "kselftest-list.txt"), "utf8");
	assert.equal(list, "other:absent\ncrcap:crcap\n");
	const log = await runner();
	assert.match(log, /^ok 1 selftests: crcap: crcap$/m);
	const [, count = ""] = /^# 1\.\.(\d+)$/m.exec(log) ?? [];
	assert.ok(Number(count) > 100, count);
	assert.equal(points(log).length, Number(count));
	const passed = points(log).filter((line) => !line.includes("# SKIP"));
	assert.ok(passed.length > 50, `${passed.length}`);
	assert.match(
		log,
		/^# # Totals: pass:\d+ fail:0 xfail:0 xpass:0 skip:\d+ error:0$/m,
	);
});

test("what a kernel answers otherwise is a failure, with both told", async () => {
	const whole = readFileSync(file("cases"), "utf8");
	const line = /^(set_tid\.free_tid\.\S*-none)\t.*\tclone3:EPERM\t/m.exec(
		whole,
	);
	assert.ok(line);
	try {
		writeFileSync(
			file("cases"),
			whole.replace(line[0], line[0].replace("clone3:EPERM", "clone3:0")),
		);
		const log = await runner();
		assert.match(log, /^not ok 1 selftests: crcap: crcap # exit=1$/m);
		const failed = points(log).filter((one) => one.startsWith("# not ok"));
		assert.equal(failed.length, 1);
		assert.ok(failed[0]?.endsWith(` ${line[1]}`));
		assert.match(log, /^# # observed: obs 0 .* r=clone3:EPERM$/m);
	} finally {
		writeFileSync(file("cases"), whole);
	}
});

test("a list that is cut short, or none, is no pass", async () => {
	const whole = readFileSync(file("cases"), "utf8");
	try {
		for (const text of [
			whole.slice(0, whole.length / 2),
			"",
			"crcap-ktap 1 0\n",
		]) {
			writeFileSync(file("cases"), text);
			assert.match(await runner(), /^not ok 1 .*# exit=1$/m);
		}
		writeFileSync(file("cases"), "crcap-ktap 1 1\nx\t-\t10\tfork:0\n");
		const log = await runner();
		assert.match(log, /^# not ok 1 line-1 # ERROR it is no case$/m);
		assert.match(log, /^not ok 1 .*# exit=1$/m);
	} finally {
		writeFileSync(file("cases"), whole);
	}
});

test("what the kernel lacks is skipped, and nothing but skips is no pass", async () => {
	const whole = readFileSync(file("cases"), "utf8");
	try {
		writeFileSync(
			file("cases"),
			"crcap-ktap 1 2\na\tclone3,no_such_fact\t9000\tfork:0\t-- fork\nb\tuid!0\t9000\tfork:0\t-- fork\n",
		);
		const log = await runner();
		assert.match(
			log,
			/^# ok 1 a # SKIP the kernel's facts lack no_such_fact$/m,
		);
		assert.match(log, /^# ok 2 b # SKIP /m);
		assert.match(log, /^ok 1 selftests: crcap: crcap # SKIP$/m);
	} finally {
		writeFileSync(file("cases"), whole);
	}
});

test("another's directory of that name is left alone", async (t) => {
	const dir = t.testdir({ crcap: { mine: "" } });
	const done = await execa(
		process.execPath,
		[CLI, "export", "kselftest", dir, "--case", "set_tid.free_tid.pidns-none"],
		{ reject: false },
	);
	assert.equal(done.exitCode, 2);
	assert.match(done.stderr, /name another directory/);
	assert.equal(readFileSync(join(dir, "crcap", "mine"), "utf8"), "");
});
