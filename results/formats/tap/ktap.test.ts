import assert from "node:assert/strict";
import { join } from "node:path";
import { type Test, test } from "tap";
import type { Report } from "../../model/model.js";
import { cleanReport, sampleReport } from "../../testing/sample.test.data.js";
import {
	consume,
	golden,
	matchGoldens,
	missing,
	render,
	totalsOf,
} from "../../testing/support.test.data.js";
import { findKunit } from "./kunit.test.data.js";

test("ktap, golden", golden(), async (t) => {
	await matchGoldens(t, "ktap");
});

test("a version line, then the plan, at every level", async () => {
	const lines = (await render("ktap", sampleReport())).split("\n");
	const starts = lines.flatMap((line, at) =>
		/^ *KTAP version 1$/.test(line) ? [at] : [],
	);
	assert.equal(starts.length, 1 + 2 * (1 + 4 + 4 * 3));
	for (const at of starts) {
		const next = lines
			.slice(at + 1)
			.find((line) => !line.trimStart().startsWith("#"));
		assert.match(next ?? "", /^ *1\.\.\d+$/);
	}
});

test("the head names the target, one or many", async () => {
	const one = await render("ktap", cleanReport());
	assert.match(one, /^1\.\.\d+\n(# .*\n)*# target: debian:bookworm\/cloud\n/m);
	const many = await render("ktap", sampleReport());
	assert.match(many, /^ {2}# Subtest: debian:bookworm\/cloud$/m);
});

test("every kind of trouble has the directive that the format names", async () => {
	const text = await render("ktap", sampleReport());
	assert.match(
		text,
		/^ *ok \d+ ns_last_pid\.read\.userns-all # SKIP CONFIG_CHECKPOINT_RESTORE is not set/m,
	);
	assert.match(
		text,
		/^ *not ok \d+ map_files\.read\.uid0-none # TIMEOUT no answer within 10 s$/m,
	);
	assert.match(
		text,
		/^ *not ok \d+ set_tid\.free_tid\.uid0-none # ERROR error: /m,
	);
	assert.match(
		text,
		/^ *not ok \d+ set_tid\.free_tid\.userns-all # ERROR crash: /m,
	);
	assert.match(
		text,
		/^ *not ok \d+ exe_fd\.swap\.uid0-none # ERROR not run: /m,
	);
	assert.match(
		text,
		/^ *ok \d+ set_tid\.live_tid\.userns-all # XFAIL reported upstream$/m,
	);
});

const kunit = findKunit();
const skip =
	"missing" in kunit
		? kunit.missing
		: missing("python3", "apt install python3");

/** The line in which kunit.py gives its totals, and its complaints. */
async function parse(t: Test, report: Report) {
	const text = await render("ktap", report);
	const file = join(t.testdir({ "report.ktap": text }), "report.ktap");
	const { stdout, stderr, status } = consume(
		"python3",
		["path" in kunit ? kunit.path : "", "parse", file],
		"",
	);
	return {
		said: stdout,
		stderr,
		status,
		last: stdout.trim().split("\n").at(-1)?.slice(11),
	};
}

test("the kernel's kunit.py reads the same totals and has no complaint", {
	skip,
}, async (t) => {
	const { said, last, stderr } = await parse(t, sampleReport());
	const {
		pass,
		fail,
		error,
		timeout,
		crash,
		not_run,
		skip: skipped,
	} = totalsOf(sampleReport());
	const failed = fail + error + timeout + crash + not_run - 2;
	assert.equal(
		last,
		`Testing complete. Ran 42 tests: passed: ${pass + 2}, failed: ${failed}, skipped: ${skipped}`,
	);
	assert.equal(stderr, "");
	assert.doesNotMatch(said, /\[ERROR\]|\[CRASHED\]/);
});

test("kunit.py accepts a clean run", { skip }, async (t) => {
	const { last, status } = await parse(t, cleanReport());
	assert.equal(last, "Testing complete. Ran 21 tests: passed: 21");
	assert.equal(status, 0);
});

test("a quoted console does not end the report for kunit.py", {
	skip,
}, async (t) => {
	const report = sampleReport();
	const [first] = report.targets;
	assert.ok(first?.cases[3]);
	first.cases[3].console = [
		"reboot: System halted",
		"List of all partitions:",
		"Kernel panic - not syncing: VFS: no root",
		"KTAP version 1",
		"# Subtest: x",
		"1..9",
	];
	first.cases[4] = {
		...first.cases[4],
		reason: "KTAP version 1",
	} as (typeof first.cases)[0];
	const { last, said } = await parse(t, report);
	assert.match(last ?? "", /Ran 42 tests: passed: 24, failed: 17, skipped: 1$/);
	assert.doesNotMatch(said, /\[ERROR\]/);
});
