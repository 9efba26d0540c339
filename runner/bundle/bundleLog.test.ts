/** A log that the agent itself wrote, read back; and what is done to logs on their way. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { crcHex } from "../../vm/index.js";
import { agentPath } from "../targets/agents.js";
import { localArch } from "../targets/localTarget.js";
import { LogError, programKey, readBundleLog } from "./bundleLog.js";

const SELECT = encodeURIComponent(
	JSON.stringify({ suite: ["a b"], subject: [], case: [] }),
);

/** Three cases: one that must hold and does, one that must be refused and is not, one that nobody can tell here. */
const BODY = `program 0 -- fork
program 1 -- open=f,r,/nowhere
about ${programKey("-- fork")} a.good.x 0:x
case 0 10000 - =0
about ${programKey("-- fork 2")} a.breach.x EPERM
case 1 10000 - =0
about ${programKey("-- open=f,r,/nowhere")} a.other.x 0
case 2 10000 - =1
`;

const requestsOf = (body: string): string =>
	`crcap-requests 1 id=0123456789abcdef version=1.2.3 arch=x86_64 cases=3 host=1 select=${SELECT} crc=${crcHex(body)}\n${body}`;

/** Runs the agent over requests, in a folder of the test's; `args` follow their file's name. */
function batch(t: Test, requests: string, ...args: string[]) {
	const cwd = t.testdir({ requests });
	const { status, stdout, stderr } = spawnSync(
		agentPath(localArch()),
		["--batch", "requests", ...args],
		{ cwd, encoding: "utf8" },
	);
	return { cwd, status, stdout, stderr };
}

function makeLog(t: Test): string {
	const { stdout, status } = batch(t, requestsOf(BODY));
	assert.equal(status, 0);
	return stdout;
}

test("what can be judged at once is told as KTAP", async (t) => {
	const { cwd, stdout, status } = batch(t, requestsOf(BODY), "log");
	assert.equal(status, 0);
	assert.equal(
		stdout,
		[
			"KTAP version 1",
			"1..3",
			// Evidence that is another one is no breach.
			"ok 1 a.good.x # SKIP judged later",
			"not ok 2 a.breach.x",
			"ok 3 a.other.x # SKIP judged later",
			"",
		].join("\n"),
	);
	assert.match(readFileSync(join(cwd, "log"), "utf8"), /bye 3\n$/);
});

test("a log is read as it was written, whatever stands around its lines", async (t) => {
	const log = makeLog(t);
	for (const text of [
		log,
		log.replaceAll("\n", "\r\n"),
		log.replaceAll("\n", "\r\r\n"),
		log.replaceAll(/^# crcap/gm, "[   12.3] # crcap"),
		`login: root\n${log}root@board:~# `,
	]) {
		const { head, answers, facts, cut } = readBundleLog(text);
		assert.equal(cut, undefined);
		assert.deepEqual(head, {
			id: "0123456789abcdef",
			version: "1.2.3",
			arch: "x86_64",
			cases: 3,
			host: true,
			selection: { suite: ["a b"], subject: [], case: [] },
		});
		assert.ok(facts.release);
		const [answer] = answers.get(programKey("-- fork")) ?? [];
		assert.match(answer ?? "", /^obs 0 us=\d+ end=ok who=uid:\S+ r=fork:0:/);
		// Its read-back is the first one's, told by number there.
		const [second] = answers.get(programKey("-- fork 2")) ?? [];
		assert.match(second ?? "", / who=uid:/);
	}
});

test("a log that is not what the agent wrote is told", async (t) => {
	const log = makeLog(t);
	const lines = log.split("\n");
	const record = (at: number) =>
		lines.findIndex((line) =>
			line.startsWith(
				`# crcap ${log.slice(log.indexOf("# crcap") + 8, log.indexOf("# crcap") + 16)} ${at} `,
			),
		);
	const third = record(3);
	const other = makeLog(t).split("\n");
	for (const [text, wanted] of [
		[log.replace(/(fact release=.)/, "$19"), /^line \d+ was changed$/],
		[
			lines.toSpliced(third, 1).join("\n"),
			/^line \d+ has number 4 where 3 was due: lines are missing/,
		],
		[
			lines.toSpliced(third, 0, lines[third] ?? "").join("\n"),
			/^line \d+ has number 3 where 4 was due/,
		],
		[
			[...lines.slice(0, third), ...other.slice(third)].join("\n"),
			/^line \d+ is of another run than those before it$/,
		],
		[`${log}# crcap 0\n`, /^line \d+ was changed$/],
		["", /^no log of a bundle is in it/],
		[lines.slice(0, third).join("\n"), /^the log ends before the first case$/],
	] as const)
		assert.throws(
			() => readBundleLog(text),
			(error: Error) => error instanceof LogError && wanted.test(error.message),
			String(wanted),
		);
});

test("a log that ends early is read as far as it goes", async (t) => {
	const log = makeLog(t);
	for (const [text, count] of [
		[log.slice(0, log.indexOf("ok 1")), 1],
		[log.slice(0, log.lastIndexOf("# crcap")), 3],
		[log.slice(0, log.lastIndexOf(" end=") + 3), 2],
		[
			`${log.slice(0, log.lastIndexOf(" end="))}\n[    0.0] Booting\nlogin: `,
			2,
		],
	] as const)
		assert.equal(
			readBundleLog(text).cut,
			`the log was cut short: it has ${count} of 3 answers`,
		);
});

test("requests that were changed, or are none, are not obeyed", async (t) => {
	for (const [text, wanted] of [
		[requestsOf(BODY).replace("fork", "true"), /were changed or cut short/],
		[requestsOf(BODY).slice(0, -20), /were changed or cut short/],
		["#!/bin/sh\n", /no requests of crcap/],
		["", /no requests of crcap/],
	] as const) {
		const { status, stdout, stderr } = batch(t, text);
		assert.equal(status, 1);
		assert.equal(stdout, "");
		assert.match(stderr, wanted);
		assert.equal(stderr.trim().split("\n").length, 1);
	}
});

test("standard ends that are closed take no log's place", async (t) => {
	const cwd = t.testdir({ requests: requestsOf(BODY) });
	const agent = agentPath(localArch());
	const sh = (line: string) =>
		spawnSync("sh", ["-c", line, "sh", agent], { cwd, encoding: "utf8" });
	for (const closed of ["<&-", ">&-", "<&- >&- 2>&-"]) {
		const { status } = sh(`"$1" --batch requests log ${closed}`);
		assert.equal(status, 0, closed);
		const log = readFileSync(join(cwd, "log"), "utf8");
		assert.equal(readBundleLog(log).cut, undefined, closed);
	}
	const { status, stderr } = sh('"$1" --batch requests >&-');
	assert.equal(status, 1);
	assert.match(stderr, /standard output: the log could not be written in full/);
	for (const end of [">&-", ">/dev/full"]) {
		const facts = sh(`"$1" --facts ${end}`);
		assert.equal(facts.status, 1, end);
		assert.match(facts.stderr, /^crprobe: standard output: /);
	}
});

test("a log that can't be written in full is no success", async (t) => {
	const { status, stderr } = batch(t, requestsOf(BODY), "/dev/full");
	assert.equal(status, 1);
	assert.match(stderr, /\/dev\/full: the log could not be written in full/);
});
