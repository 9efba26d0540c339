/** CRIU on a real kernel, in a guest that carries it. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { Report, type TargetResult } from "../../results/model/model.js";
import { cli } from "./spawnCli.test.helper.js";

const PLAIN = "criu.plain.criu_ambient-";

/** The named cases on Debian's 6.1. */
async function tried(
	t: Test,
	cases: readonly string[],
	more: readonly string[] = [],
): Promise<{ status: number | undefined; target: TargetResult }> {
	const folder = t.testdir();
	const { status, stderr } = await cli(
		[
			...["run", "--kernel", "debian:bookworm", "--report", "json=r.json"],
			...[...cases.flatMap((id) => ["--case", id]), ...more],
		],
		{ cwd: folder },
	);
	const file = join(folder, "r.json");
	assert.ok(existsSync(file), stderr);
	const report = Report.parse(JSON.parse(readFileSync(file, "utf8")));
	const [target] = report.targets;
	assert.ok(target);
	return { status, target };
}

test("with the capability alone a process goes on where it was, without it CRIU refuses", async (t) => {
	const { status, target } = await tried(t, [
		`${PLAIN}none`,
		`${PLAIN}cap_checkpoint_restore`,
	]);
	assert.match(String(target.facts.criu), /^4\./);
	assert.deepEqual(
		target.cases.map(({ id, verdict, reason }) => [id, verdict, reason]),
		target.cases.map(({ id, reason }) => [id, "pass", reason]),
	);
	assert.equal(target.cases.length, 2);
	assert.match(target.cases[1]?.observed ?? "", /criu ok \(resumed\)/);
	assert.equal(status, 0);
});

test("a large program goes on from its heap, and both its times are told", async (t) => {
	const { status, target } = await tried(t, [
		"criu.program.criu_ambient-cap_checkpoint_restore",
		"criu.plain.criu_container-cap_checkpoint_restore",
	]);
	assert.match(String(target.facts.program), /^nodejs \d/);
	const verdicts = target.cases.map(({ verdict, reason }) => [verdict, reason]);
	assert.deepEqual(
		verdicts,
		target.cases.map(({ reason }) => ["pass", reason]),
	);
	const observed = target.cases.map((one) => one.observed);
	assert.match(
		observed.find((text) => text.includes("startup")) ?? "",
		/startup ok \(from nothing \d+ ms, restored \d+ ms\)/,
	);
	assert.equal(status, 0);
});

test("what keeps CRIU from working with any capability is quoted, and no kernel is blamed", async (t) => {
	const { status, target } = await tried(
		t,
		[`${PLAIN}cap_checkpoint_restore`],
		["--append", "sysctl.kernel.yama.ptrace_scope=3"],
	);
	const [only] = target.cases;
	assert.equal(only?.verdict, "skip", only?.reason);
	assert.match(only?.reason ?? "", /as little: dump failed: criu\//);
	assert.notEqual(status, 0);
});
