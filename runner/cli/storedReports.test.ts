import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { cli, entries } from "./spawnCli.test.helper.js";

import { stored } from "./stored.test.helper.js";

test("a stored report is shown in any format, from a file or standard input", async (t) => {
	const folder = t.testdir({
		"r.json": stored("fail"),
	});
	const tap = await cli(["show", "r.json"], { cwd: folder });
	assert.equal(tap.status, 0);
	assert.match(tap.stdout, /^TAP version 14\n[\s\S]*not ok/);
	const args = ["show", "-", "--report", "json=again.json"];
	const input = await cli(args, { cwd: folder, input: "no report" });
	assert.equal(input.status, 2);
	assert.deepEqual(entries(folder), ["r.json"], "nothing half is left");
	const json = await cli(args, { cwd: folder, input: stored("fail") });
	assert.equal(json.status, 0, json.stderr);
	const again = readFileSync(join(folder, "again.json"), "utf8");
	assert.deepEqual(JSON.parse(again), JSON.parse(stored("fail")));
});

test("TAP is shown and compared as the JSON of the same run", async (t) => {
	const folder = t.testdir({
		"old.json": stored("pass"),
		"new.json": stored("fail"),
	});
	const { stdout } = await cli(["show", "new.json"], { cwd: folder });
	writeFileSync(join(folder, "mail"), stdout.replace(/^/gm, "> "));
	const compared = await cli(["compare", "old.json", "mail"], {
		cwd: folder,
	});
	assert.equal(compared.status, 1, compared.stderr);
	assert.match(compared.stdout, /1 regression/);
	const same = await cli(["compare", "new.json", "mail"], { cwd: folder });
	assert.equal(same.status, 0, same.stderr);
	assert.match(same.stdout, /1 case is as before/);
	const shown = await cli(["show", "mail", "--report", "json"], {
		cwd: folder,
	});
	assert.equal(shown.status, 0, shown.stderr);
	assert.equal(JSON.parse(shown.stdout).targets[0].totals.fail, 1);
	const cut = stdout.slice(0, stdout.indexOf("# totals"));
	writeFileSync(join(folder, "cut.tap"), cut);
	const refused = await cli(["show", "cut.tap"], { cwd: folder });
	assert.deepEqual([refused.status, refused.stdout], [2, ""]);
	assert.match(refused.stderr, /^crcap: cut\.tap: the file ends after 1 case /);
});

test("show of a report that was cut ends as a run that was given up", async (t) => {
	const folder = t.testdir({
		"r.json": stored("pass").slice(0, -2),
	});
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

test("compare: 1 for a regression, 0 without, in every format", async (t) => {
	const folder = t.testdir({
		"old.json": stored("pass"),
		"new.json": stored("fail"),
	});
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

test("a report in which nothing ran is no success to show, merge or compare", async (t) => {
	const none = JSON.stringify({ ...JSON.parse(stored("skip")), targets: [] });
	const folder = t.testdir({
		"skip.json": stored("skip"),
		"pass.json": stored("pass"),
		"none.json": none,
	});
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

test("what is known of a pass excuses no failure", async (t) => {
	const [fail, pass] = [
		JSON.parse(stored("fail")),
		JSON.parse(stored("pass", { id: "a.b", known: { reason: "it was" } })),
	];
	fail.targets[0].cases.push(...pass.targets[0].cases);
	Object.assign(fail.targets[0], { planned: 2 });
	fail.targets[0].totals.pass = 1;
	const folder = t.testdir({ "r.json": JSON.stringify(fail) });
	assert.equal((await cli(["merge", "r.json"], { cwd: folder })).status, 1);
});

test("a merged KCIDB report says who reports, and of which commit", async (t) => {
	const folder = t.testdir({
		"r.json": stored("pass"),
	});
	const hash = "0123456789".repeat(4);
	const { status, stdout } = await cli(
		[
			...["merge", "r.json", "--report", "kcidb", "--kcidb-origin", "me"],
			...["--kcidb-git-commit", hash],
		],
		{ cwd: folder },
	);
	assert.equal(status, 0);
	const { checkouts, tests } = JSON.parse(stdout);
	assert.equal(checkouts[0].git_commit_hash, hash);
	assert.equal(tests[0].origin, "me");
	assert.match(tests[0].id, /^me:/);
});

test("merge has the exit status of the whole", async (t) => {
	for (const verdict of ["pass", "fail"] as const) {
		const folder = t.testdir({ "r.json": stored(verdict) });
		const { status } = await cli(["merge", "r.json"], { cwd: folder });
		assert.equal(status, verdict === "pass" ? 0 : 1);
	}
});
