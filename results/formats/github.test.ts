import assert from "node:assert/strict";
import { test } from "tap";
import type { Report } from "../model/model.js";
import {
	cleanReport,
	HOSTILE,
	sampleReport,
} from "../testing/sample.test.data.js";
import { golden, matchGoldens, render } from "../testing/support.test.data.js";

interface Command {
	readonly name: string;
	readonly title: string;
	readonly message: string;
}

const undo = (text: string): string =>
	text.replace(/%(25|0D|0A|3A|2C)/g, (code) => decodeURIComponent(code));

/** As GitHub's runner reads a log: the commands in it. */
function commands(log: string): Command[] {
	return log.split(/\r\n|\r|\n/).flatMap((line): Command[] => {
		assert.ok(!line.includes("##["), line);
		if (!line.trimStart().startsWith("::")) return [];
		const [, name = "", title = "", message = ""] =
			/^::([a-z]+) title=([^:,]*)::(.*)$/.exec(line) ?? assert.fail(line);
		return [{ name, title: undo(title), message: undo(message) }];
	});
}

test("github, golden", golden(), async (t) => {
	await matchGoldens(t, "github");
});

test("every kind is said at most ten times, and what is left out is counted", async () => {
	const report = sampleReport();
	const found = commands(await render("github", report));
	for (const kind of ["error", "warning", "notice"])
		assert.ok(found.filter(({ name }) => name === kind).length <= 10, kind);
	const clean = commands(await render("github", cleanReport()));
	assert.deepEqual(
		clean.map(({ name }) => name),
		["warning"],
		"the note that a boot was tried again",
	);
	const many = structuredClone(cleanReport());
	for (const { cases, totals } of many.targets) {
		Object.assign(totals, { pass: 0, fail: cases.length });
		for (const one of cases) one.verdict = "fail";
	}
	const errors = commands(await render("github", many)).filter(
		({ name }) => name === "error",
	);
	assert.equal(errors.length, 10);
	assert.match(errors[9]?.title ?? "", /: 12 more did not pass$/);
});

test("foreign text gives no command, and arrives as it was", async () => {
	const report: Report = structuredClone(cleanReport());
	const [target] = report.targets;
	const [first] = target?.cases ?? [];
	assert.ok(target && first);
	target.name = "100%25 a,b: ::stop-commands::x";
	target.notes = ["x\n::error::y", "##[error]z", ...Object.values(HOSTILE)];
	target.totals = { ...target.totals, pass: target.totals.pass - 1, fail: 1 };
	Object.assign(first, { verdict: "fail", observed: "%0A::set-output x=1" });
	const found = commands(await render("github", report));
	assert.ok(found.every(({ name }) => name === "error" || name === "warning"));
	const error = found.find(({ name }) => name === "error");
	assert.equal(error?.title, `${first.id} on ${target.name}`);
	assert.ok(error?.message.includes("observed %0A::set-output x=1"));
});

test("a run without a target, or one that broke off, is an error", async () => {
	const none = { ...cleanReport(), targets: [] };
	assert.equal(commands(await render("github", none))[0]?.name, "error");
	const report = structuredClone(cleanReport());
	for (const target of report.targets)
		Object.assign(target, { complete: false, incompleteReason: "it hung" });
	const [lost] = commands(await render("github", report));
	assert.match(lost?.title ?? "", /: incomplete$/);
	assert.equal(lost?.message, "it hung");
});
