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
	const again = JSON.parse(readFileSync(join(folder, "again.json"), "utf8"));
	// Only what is written says it.
	const { summary } = again.targets[0];
	assert.match(summary, /^1 of 1 case did not pass/);
	const before = JSON.parse(stored("fail"));
	before.targets[0].summary = summary;
	assert.deepEqual(again, before);
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

test("a trend of a directory is that of the reports in it", async (t) => {
	const [old, later] = [JSON.parse(stored("pass")), JSON.parse(stored("fail"))];
	later.startedAt = "2026-11-23T00:00:00Z";
	const folder = t.testdir({
		nightly: {
			"1.json": JSON.stringify(old),
			"2.json": JSON.stringify(later),
			"package.json": '{"name": "x"}',
			"notes.txt": "no report",
			".3.json": "hidden",
			below: { "4.json": "not looked at" },
		},
		empty: { "notes.txt": "" },
		none: { "a.json": "{}" },
	});
	const trend = (...args: string[]) => cli(["trend", ...args], { cwd: folder });
	const files = await trend("nightly/2.json", "nightly/1.json");
	assert.deepEqual([files.status, files.stderr], [0, ""]);
	assert.match(files.stdout, /^<!doctype html>/i);
	const whole = await trend("nightly");
	assert.deepEqual([whole.status, whole.stdout], [0, files.stdout]);
	assert.match(
		whole.stderr,
		/^crcap: trend: passed over: nightly\/package\.json is no .*\n$/,
	);
	const both = await trend("nightly", "nightly/package.json");
	assert.deepEqual([both.status, both.stdout], [2, ""]);
	assert.match(both.stderr, /^crcap: nightly\/package\.json is no /m);
	for (const [path, why] of [
		["empty", /^crcap: empty: no \*\.json is in this directory$/m],
		["none", /^crcap: none: no report of crcap$/m],
		["nowhere", /^crcap: nowhere: no such file$/m],
	] as const) {
		const refused = await trend(path);
		assert.deepEqual([refused.status, refused.stdout], [2, ""], path);
		assert.match(refused.stderr, why);
	}
	const over = await trend("nightly", "--report", "html=nightly/1.json");
	assert.equal(over.status, 2);
	assert.match(over.stderr, /would be written over nightly\/1\.json/);
});
