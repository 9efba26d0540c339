/** A bundle from its making to its judging: the verdicts of `--local`, the same bytes, and a log that is not what it was is told. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { test } from "tap";
import { outcomes } from "../cli/boards/outcome.test.helper.js";
import { cli } from "../cli/spawnCli.test.helper.js";
import { localArch } from "../targets/localTarget.js";

/** As in ssh.test.ts: every way in which a case is made. */
const SELECTION = [
	"--case",
	"{set_tid.free_tid,exe_fd.same_exe,map_files.read_memfd,ns_last_pid.next_pid,ipc_next_id.sem}.*",
	"--subject",
	"{uid1000-*,uid0-*,userns*-cap_checkpoint_restore,route_*}",
];

async function makeBundle(folder: string, name: string): Promise<string> {
	const file = join(folder, name);
	const { status, stderr } = await cli([
		...["bundle", "--arch", localArch(), "-o", file],
		...SELECTION,
	]);
	assert.equal(status, 0, stderr);
	return file;
}

test("what takes more than a run usually has goes only where it is named", async (t) => {
	const folder = t.testdir();
	const suitesOf = async (...selection: string[]): Promise<string[]> => {
		const file = join(folder, "bundle.tar.gz");
		const { status, stderr } = await cli([
			...["bundle", "--arch", localArch(), "-o", file],
			...selection,
		]);
		assert.equal(status, 0, stderr);
		const { stdout } = await execa("tar", [
			...["xzOf", file, `crcap-${localArch()}/requests`],
		]);
		return [...stdout.matchAll(/^about \S+ (\w+)/gm)].map(
			([, one]) => one ?? "",
		);
	};
	const usual = new Set(await suitesOf("--subject", "*-none"));
	assert.ok(usual.has("set_tid") && !usual.has("criu"));
	assert.ok((await suitesOf("--suite", "criu")).includes("criu"));
});

/** What a TAP reader sees of a log. */
function checkKtap(log: string): void {
	const lines = log.split("\n").filter((line) => !line.startsWith("#"));
	const [first, plan, ...points] = lines;
	assert.equal(first, "KTAP version 1");
	assert.equal(plan, `1..${points.length}`);
	assert.ok(points.some((point) => /^ok \d+ [\w.-]+$/.test(point)));
	for (const [at, point] of points.entries())
		assert.match(
			point,
			new RegExp(`^ok ${at + 1} [\\w.-]+( # SKIP judged later)?$`),
		);
}

test("run.sh under every shell, and the verdicts of --local", async (t) => {
	const folder = t.testdir();
	const file = await makeBundle(folder, "one.tar.gz");
	assert.deepEqual(
		readFileSync(file),
		readFileSync(await makeBundle(folder, "two.tar.gz")),
	);
	await execa("tar", ["xzf", file, "-C", folder]);
	const script = join(folder, `crcap-${localArch()}`, "run.sh");
	const log = join(folder, "log");
	for (const shell of ["busybox sh", "dash", "bash --posix", "mksh"]) {
		const [command = "", ...args] = `${shell} ${script}`.split(" ");
		const { stdout } = await execa(command, args);
		checkKtap(stdout);
		writeFileSync(log, stdout);
	}
	const doctor = await execa("sh", [script, "--doctor", "--json"], {
		reject: false,
	});
	assert.equal(typeof JSON.parse(doctor.stdout), "object");
	for (const [args, wanted] of [
		[["-x"], /^run\.sh: unknown argument -x; /],
		[["-o", ""], /^run\.sh: -o takes the name of a file$/],
		[["-o"], /^run\.sh: -o takes the name of a file$/],
	] as const) {
		const { exitCode, stderr } = await execa("sh", [script, ...args], {
			reject: false,
		});
		assert.equal(exitCode, 2);
		assert.match(stderr, wanted);
	}
	const cut = join(folder, "cut");
	writeFileSync(cut, readFileSync(log, "utf8").slice(0, -2000));
	const [judged, here, ended] = await outcomes(folder, [
		["judge", log, "--bundle", file],
		["run", "--local", ...SELECTION],
		["judge", cut],
	]);
	assert.deepEqual(judged, here);
	assert.equal(ended?.status, 3);
	assert.match(ended.incomplete, /the log was cut short: it has \d+ of \d+/);
});
