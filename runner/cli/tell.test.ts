import assert from "node:assert/strict";
import { test } from "tap";
import { OwnFault } from "../common/ownFault.js";
import { reportTrouble } from "./program.js";
import { cli } from "./spawnCli.test.helper.js";

const HOSTILE = "\u001b]0;title\u0007\u202e\ncrcap: all passed";

test("what an error quotes of files and words is shown, never obeyed", async (t) => {
	const folder = t.testdir({
		"r.json": JSON.stringify({ targets: HOSTILE }),
		"config.json": JSON.stringify({ [HOSTILE]: 1 }),
	});
	const facts = "fact release=6%1b[31m\nfact cap_last_cap=40\n";
	for (const [args, input] of [
		[["show", `r${HOSTILE}.json`]],
		[["list", "--suite", HOSTILE]],
		[["list", HOSTILE]],
		[["run", "--config", "config.json"]],
		[["explain", "*", "--kernel-facts", "-"], facts],
	] as const) {
		const options = input === undefined ? {} : { input };
		const { status, stderr, stdout } = await cli(args, {
			cwd: folder,
			...options,
		});
		const what = JSON.stringify([args, stderr.slice(0, 300)]);
		if (input === undefined) assert.equal(status, 2, what);
		assert.doesNotMatch(stdout + stderr, /(?!\n)[\p{Cc}\u202e]/u, what);
		assert.doesNotMatch(stderr, /^crcap: all passed/m, what);
	}
});

test("a bug still shows where it comes from, line by line", async () => {
	const error = new Error("a \u001b[31mbug\nof ours");
	const enoent = Object.assign(new Error("ENOENT"), { syscall: "open" });
	const written: string[] = [];
	const { write } = process.stderr;
	process.stderr.write = ((text: string) => written.push(text)) as never;
	try {
		const { reportTrouble } = await import("./program.js");
		assert.equal(reportTrouble(error, []), 70);
		assert.equal(reportTrouble(error, ["--bisect"]), 128);
		// However it is wrapped: only a cause that the system named makes an error the system's.
		for (const wrapped of [
			new OwnFault(error),
			new OwnFault(enoent),
			new Error("it could not be done", { cause: error }),
		])
			assert.equal(reportTrouble(wrapped, []), 70);
	} finally {
		process.stderr.write = write;
	}
	assert.match(
		written.join(""),
		/^crcap: a fault of crcap's own .*: Error: a \\x1b\[31mbug\\nof ours\n {4}at .*tell\.test\.[jt]s/,
	);
});

test("too few open files are told with what helps", async () => {
	const emfile = Object.assign(new Error("EMFILE: too many open files, open"), {
		...{ code: "EMFILE", syscall: "open" },
	});
	const { write } = process.stderr;
	const written: string[] = [];
	process.stderr.write = ((text: string) =>
		written.push(text) > 0) as typeof write;
	try {
		assert.equal(reportTrouble(emfile, []), 3);
		assert.equal(reportTrouble(new Error("x", { cause: emfile }), []), 3);
	} finally {
		process.stderr.write = write;
	}
	assert.equal(written.length, 2);
	for (const text of written) assert.match(text, /ulimit -n 1024/);
});
