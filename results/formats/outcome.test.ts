/** No two formats may say different things of one run. */
import assert from "node:assert/strict";
import { test } from "tap";
import { noTotals } from "../model/counts.js";
import type { Format } from "../model/formats.js";
import type { CaseResult, Report, Verdict } from "../model/model.js";
import type { Outcome } from "../model/summary.js";
import { createProgress } from "../progress/progress.js";
import { cleanReport } from "../testing/sample.test.data.js";
import { render } from "../testing/support.test.data.js";

/** A verdict, or a failure that is known. */
type Word = Verdict | "known";

/** A report of one target, or with `other` of two, whose cases have these verdicts. */
function reportOf(words: Word[], complete = true, other?: Word[]): Report {
	const report = cleanReport();
	const [template] = report.targets;
	const [first] = template?.cases ?? [];
	assert.ok(template && first);
	const make = (name: string, list: Word[]) => {
		const cases = list.map((word, n): CaseResult => {
			const known = word === "known";
			return {
				...first,
				id: `a.b${n}.c`,
				verdict: known ? "fail" : word,
				...(known && { known: { reason: "reported" } }),
			};
		});
		const totals = noTotals();
		for (const { verdict } of cases) totals[verdict] += 1;
		const { groups: _, ...rest } = template;
		return { ...rest, name, cases, totals, planned: cases.length, complete };
	};
	report.targets = [make("first", words)];
	if (other !== undefined) report.targets.push(make("second", other));
	report.plannedTargets = report.targets.length;
	return report;
}

const TABLE: [string, Outcome, Report][] = [
	["all passed", "passed", reportOf(["pass", "pass"])],
	["passed and skipped", "passed", reportOf(["pass", "skip"])],
	["one failed", "failed", reportOf(["pass", "fail"])],
	["a crash", "failed", reportOf(["crash", "not_run"], false)],
	["a timeout", "failed", reportOf(["pass", "timeout"])],
	["a known failure", "passed", reportOf(["pass", "known"])],
	["a known failure alone", "passed", reportOf(["known"])],
	["a known failure and another", "failed", reportOf(["known", "fail"])],
	["a case in error", "incomplete", reportOf(["pass", "error"])],
	["a case not run", "incomplete", reportOf(["pass", "not_run"])],
	["all skipped", "incomplete", reportOf(["skip", "skip"])],
	["incomplete", "incomplete", reportOf(["pass"], false)],
	["a known failure, and incomplete", "incomplete", reportOf(["known"], false)],
	["no case", "incomplete", reportOf([])],
	["one of two skipped all", "incomplete", reportOf(["pass"], true, ["skip"])],
	["one of two failed", "failed", reportOf(["pass"], true, ["fail"])],
	["two that passed", "passed", reportOf(["pass"], true, ["known"])],
];

/** Is the run good, by what a format says of it? KCIDB has cases only, and JSON is the report itself. */
const GOOD: Partial<Record<Format, (text: string) => boolean>> = {
	tap: (text) => !/^ *not ok(?!.*# TODO)|^Bail out!/m.test(text),
	tap13: (text) => !/^not ok(?!.*# TODO)|^Bail out!/m.test(text),
	ktap: (text) => !/^ *not ok/m.test(text),
	junit: (text) => /^<testsuites .*failures="0" errors="0"/m.test(text),
	markdown: (text) => text.startsWith("## ✅"),
	text: (text) => !/^(FAIL|INCOMPLETE):/m.test(text),
	html: (text) => !text.includes('"good":false'),
};

for (const [what, outcome, report] of TABLE) {
	for (const [format, good] of Object.entries(GOOD)) {
		test(`${what}: ${outcome} in ${format}`, async () => {
			const text = await render(format as Format, report);
			assert.equal(good(text), outcome === "passed", text.slice(0, 2000));
		});
	}

	test(`${what}: ${outcome} where all three have a word`, async () => {
		const mark = { passed: "✅", failed: "❌", incomplete: "⚠️" }[outcome];
		assert.ok((await render("markdown", report)).startsWith(`## ${mark} `));
		const word = { passed: "PASS", failed: "FAIL", incomplete: "INCOMPLETE" };
		const wanted = new RegExp(`^${word[outcome]}\\b`, "m");
		assert.match(await render("text", report), wanted);
		assert.match(lastScreen(report), wanted);
	});
}

/** What a person sees at the end of a run. */
function lastScreen(report: Report): string {
	let text = "";
	const progress = createProgress(
		{
			write: (piece) => {
				text += piece;
			},
		},
		{ env: {} },
	);
	for (const { cases, ...target } of report.targets) {
		progress.boot(target.name);
		progress.head(target.name, target);
		for (const one of cases) progress.result(target.name, one);
		progress.tail(target.name, target);
	}
	progress.end();
	return text;
}
