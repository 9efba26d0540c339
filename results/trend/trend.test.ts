import assert from "node:assert/strict";
import { test } from "tap";
import type { Report } from "../model/model.js";
import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import { anyRan, trendPage, trendRuns } from "./trend.js";

const page = (...reports: Report[]): string =>
	[
		...trendPage(
			reports.flatMap((report, i) => trendRuns(`${i}.json`, report)),
		),
	].join("");

const at = (report: Report, startedAt: string): Report => ({
	...report,
	startedAt,
});

/** A clean report whose first case failed. */
function broken(): Report {
	const report = cleanReport();
	const [target] = report.targets;
	const [first] = target?.cases ?? [];
	assert.ok(target && first);
	first.verdict = "fail";
	target.totals.pass--;
	target.totals.fail++;
	return report;
}

test("runs stand in the order of time, with what changed", async () => {
	const html = page(
		at(broken(), "2026-02-01T00:00:00Z"),
		at(cleanReport(), "2026-01-01T00:00:00Z"),
	);
	assert.ok(html.indexOf("2026-01-01") < html.indexOf("2026-02-01"));
	assert.match(html, /<li>[\w.-]+: pass → fail<\/li>/);
	assert.match(html, /FAIL/);
	assert.ok(!html.includes("<script"));
});

test("nothing of a report becomes markup", async () => {
	const report = cleanReport();
	const hostile = "<img src=x onerror=alert(1)>\"'&\u001b[31m\u202e";
	for (const target of report.targets) {
		target.name = hostile;
		target.kernel = { ...target.kernel, release: hostile, arch: hostile };
	}
	const html = page({ ...report, startedAt: hostile });
	assert.ok(!html.includes("<img"));
	for (const char of ["\u001b", "\u202e"]) assert.ok(!html.includes(char));
	assert.match(html, /&#60;img/);
});

test("a report of nothing is drawn, and told apart", async () => {
	assert.equal(anyRan({ ...cleanReport(), targets: [] }), false);
	assert.equal(anyRan(sampleReport()), true);
	assert.match(page({ ...cleanReport(), targets: [] }), /0 runs of 0 kernels/);
});
