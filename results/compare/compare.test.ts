import assert from "node:assert/strict";
import { test } from "tap";
import type { CaseResult, Report, Verdict } from "../model/model.js";
import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import { golden, Memory } from "../testing/support.test.data.js";
import { COLUMNS, columns } from "../text/wrap.js";
import { type Comparison, compare } from "./compare.js";
import {
	comparisonJson,
	comparisonMarkdown,
	comparisonText,
} from "./compareFormats.js";
import { COMPARE_FORMATS, writeComparison } from "./compareWriters.js";

/** The clean report with some cases changed, by their place. */
function changed(...edits: [number, Partial<CaseResult>][]): Report {
	const report = cleanReport();
	for (const [at, edit] of edits)
		Object.assign(report.targets[0]?.cases[at] ?? {}, edit);
	return report;
}

function diff(old: Report, newer: Report): Comparison {
	return compare(
		{ name: "old.json", report: old },
		{ name: "new.json", report: newer },
	);
}

/** What became of the first case. */
function became(was: Partial<CaseResult>, is: Partial<CaseResult>) {
	const { pairs, exitCode } = diff(changed([0, was]), changed([0, is]));
	const [pair] = pairs;
	assert.ok(pair);
	const kinds = Object.entries(pair.changes).filter(
		([, list]) => list.length > 0,
	);
	return [...kinds.map(([kind]) => kind), exitCode];
}

const known = { reason: "reported" };

/** Before, after, the kind of change, and the exit code. */
const TABLE: [Verdict, Verdict, ...(string | number)[]][] = [
	["pass", "pass", 0],
	["pass", "fail", "regressions", 1],
	["pass", "crash", "regressions", 1],
	["pass", "timeout", "regressions", 1],
	["pass", "skip", "lost", 0],
	["pass", "error", "lost", 3],
	["pass", "not_run", "lost", 3],
	["fail", "pass", "fixes", 0],
	["fail", "fail", 0],
	["fail", "crash", "regressions", 1],
	["crash", "fail", "fixes", 0],
	["timeout", "fail", "reasons", 0],
	["skip", "fail", "regressions", 1],
	["skip", "pass", "reasons", 0],
	["error", "pass", "fixes", 0],
	["not_run", "fail", "regressions", 1],
	["fail", "not_run", "lost", 3],
	["skip", "error", "reasons", 0],
];

for (const [was, is, ...expected] of TABLE) {
	test(`${was} that becomes ${is}: ${expected.join(", ")}`, async () => {
		assert.deepEqual(became({ verdict: was }, { verdict: is }), expected);
	});
}

test("a failure that is known is no regression", async () => {
	assert.deepEqual(became({}, { verdict: "fail", known }), ["reasons", 0]);
});

test("the same verdict for another reason, or another errno, is told", async () => {
	assert.deepEqual(became({}, { reason: "other" }), ["reasons", 0]);
	assert.deepEqual(
		became({ verdict: "fail" }, { verdict: "fail", observed: "EINVAL" }),
		["reasons", 0],
	);
	assert.deepEqual(
		became({}, { durationUs: 9, readback: "x", args: "y" }),
		[0],
	);
});

test("new and vanished cases are told", async () => {
	const { pairs } = diff(
		changed([0, { id: "a.old" }]),
		changed([0, { id: "a.new" }]),
	);
	assert.deepEqual(
		pairs[0]?.changes.appeared.map(({ id }) => id),
		["a.new"],
	);
	assert.deepEqual(
		pairs[0]?.changes.vanished.map(({ id }) => id),
		["a.old"],
	);
	assert.equal(pairs[0]?.same, 20);
});

/** A verdict of a case that is on one side only, and the exit code. */
const ONE_SIDED: ["old" | "new", Partial<CaseResult>, number][] = [
	["old", { verdict: "pass" }, 3],
	["old", { verdict: "fail" }, 3],
	["old", { verdict: "crash", known }, 3],
	["old", { verdict: "skip" }, 0],
	["old", { verdict: "not_run" }, 0],
	["new", { verdict: "pass" }, 0],
	["new", { verdict: "skip" }, 0],
	["new", { verdict: "error" }, 0],
	["new", { verdict: "fail", known }, 0],
	["new", { verdict: "fail" }, 1],
	["new", { verdict: "timeout" }, 1],
	["new", { verdict: "crash" }, 1],
];

for (const [side, edit, code] of ONE_SIDED) {
	test(`${edit.verdict}${edit.known ? ", known," : ""} in the ${side} results only: ${code}`, async () => {
		for (const version of ["1.2.3", "2.0.0"]) {
			const more = changed([0, { id: "a.more", ...edit }]);
			const less = cleanReport();
			less.targets[0]?.cases.shift();
			const [old, newer] = side === "old" ? [more, less] : [less, more];
			newer.tool.version = version;
			assert.equal(diff(old, newer).exitCode, code);
		}
	});
}

test("a selection held against the whole is not taken for all of it", async () => {
	const some = cleanReport();
	some.targets[0]?.cases.splice(1);
	const { pairs, exitCode } = diff(cleanReport(), some);
	assert.equal(pairs[0]?.changes.vanished.length, 20);
	assert.equal(exitCode, 3);
});

test("a new case that fails is told first, with the line that tries it", async () => {
	const less = cleanReport();
	less.targets[0]?.cases.shift();
	const comparison = diff(less, changed([0, { verdict: "fail" }]));
	assert.equal(comparison.newFailures, 1);
	const text = [...comparisonText(comparison)].join("");
	assert.match(text, /^No regression, but failures in what is new: 1: /);
	assert.match(text, /^ {4}crprobe /m);
	const markdown = [...comparisonMarkdown(comparison)].join("");
	assert.match(markdown, /^## ❌ /);
	assert.match(markdown, /^crprobe /m);
});

test("a new target that fails is no less than a new case", async () => {
	const [one] = cleanReport().targets;
	assert.ok(one?.cases[0]);
	one.name = "more";
	one.kernel.release = "9.9";
	const newer = { ...cleanReport(), targets: [...cleanReport().targets, one] };
	assert.equal(diff(cleanReport(), newer).exitCode, 0);
	one.cases[0].verdict = "fail";
	const { onlyNew, exitCode } = diff(cleanReport(), newer);
	assert.deepEqual(onlyNew, ["new.json: more, failures: 1"]);
	assert.equal(exitCode, 1);
});

test("results without a verdict are nothing to compare with", async () => {
	const empty = cleanReport();
	for (const one of empty.targets[0]?.cases ?? []) one.verdict = "not_run";
	for (const [old, newer] of [
		[empty, empty],
		[empty, cleanReport()],
		[cleanReport(), empty],
	] as const) {
		const { warnings, exitCode } = diff(old, newer);
		assert.match(warnings.join(), /has no case with a verdict/);
		assert.equal(exitCode, 3);
	}
});

test("another version of the tool is told, with a word on ids", async () => {
	const newer = changed([0, { id: "a.new" }]);
	newer.tool = { name: "crcap", version: "2.0.0" };
	const { warnings } = diff(cleanReport(), newer);
	assert.match(
		warnings.join(),
		/of crcap 1\.2\.3, new\.json of 2\.0\.0; .*ids in the old results only: 1, in the new only: 1/,
	);
});

test("targets pair by name, then by kernel, and a single one with a single one", async () => {
	const arm = cleanReport();
	Object.assign(arm.targets[0] ?? {}, { name: "other", accel: "kvm" });
	Object.assign(arm.targets[0]?.kernel ?? {}, {
		arch: "aarch64",
		release: "7.2",
	});
	const { pairs } = diff(cleanReport(), arm);
	assert.equal(pairs.length, 1);
	assert.ok(pairs[0]?.differences.includes("arch: x86_64 -> aarch64"));
	assert.ok(pairs[0]?.differences.includes("accel: tcg -> kvm"));
	const two = diff(sampleReport(), {
		...sampleReport(),
		targets: sampleReport().targets.toReversed(),
	});
	assert.deepEqual(
		two.pairs.map((pair) => [pair.old, pair.new]),
		[
			["old.json: debian:bookworm/cloud", "new.json: debian:bookworm/cloud"],
			["old.json: sid # SKIP </script>", "new.json: sid # SKIP </script>"],
		],
	);
});

test("a target that is gone is not passed over", async () => {
	const { onlyOld, exitCode } = diff(sampleReport(), {
		...sampleReport(),
		targets: sampleReport().targets.slice(0, 1),
	});
	assert.deepEqual(onlyOld, [
		"old.json: sid # SKIP </script>, not in new.json",
	]);
	assert.equal(exitCode, 3);
	assert.equal(
		diff(cleanReport(), { ...cleanReport(), targets: [] }).exitCode,
		3,
	);
});

test("several newer results are each compared with the old", async () => {
	const report = (name: string, verdict: Verdict) => ({
		name,
		report: changed([0, { verdict }]),
	});
	const { pairs, exitCode } = compare(
		report("a", "pass"),
		report("b", "pass"),
		report("c", "fail"),
	);
	assert.deepEqual(
		pairs.map((pair) => pair.changes.regressions.length),
		[0, 1],
	);
	assert.equal(exitCode, 1);
});

/** One comparison with everything in it. */
function everything(): Comparison {
	const old = cleanReport();
	const newer = sampleReport();
	newer.tool = { name: "crcap", version: "2.0.0" };
	Object.assign(newer.targets[0]?.cases[0] ?? {}, {
		reason: "other | <b>reason</b>",
	});
	Object.assign(newer.targets[0]?.cases[1] ?? {}, {
		id: "ns_last_pid.renamed",
	});
	return diff(old, newer);
}

test("comparisons, golden", golden(), async (t) => {
	t.matchSnapshot(
		[...comparisonText(everything())].join(""),
		"results/golden/compare.text",
	);
	t.matchSnapshot(
		[...comparisonMarkdown(everything())].join(""),
		"results/golden/compare.markdown",
	);
	t.matchSnapshot(
		[...comparisonJson(everything())].join(""),
		"results/golden/compare.json",
	);
});

test("every format of a comparison can be written", async () => {
	const reports = [
		{ name: "old.json", report: cleanReport() },
		{ name: "new.json", report: sampleReport() },
	];
	const [old, newer] = reports;
	assert.ok(old && newer);
	const comparison = compare(old, newer);
	for (const { name } of COMPARE_FORMATS) {
		const out = new Memory();
		await writeComparison(name, out, comparison, reports);
		assert.match(out.text, /map_files\.read\.uid0-none/, name);
	}
});

test("the text form keeps to 72 columns and shows no control character", async () => {
	const text = [...comparisonText(everything())].join("");
	for (const line of text.split("\n"))
		assert.ok(columns(line) <= COLUMNS, line);
	assert.doesNotMatch(text, /(?!\n)[\p{Cc}\u202e]/u);
	assert.match(text, /^\d+ regressions, failures in what is new: 1;\s/);
});

test("one of anything is one", async () => {
	const [old, newer] = [cleanReport(), cleanReport()];
	if (newer.targets[0]) newer.targets[0].kernel.release = "6.1.0-57";
	for (const { targets } of [old, newer])
		targets[0]?.cases.splice(1, targets[0].cases.length);
	const comparison = diff(old, newer);
	const [pair] = comparison.pairs;
	pair?.differences.splice(1);
	assert.match(
		[...comparisonText(comparison)].join(""),
		/^1 case is as before\.$/m,
	);
	const markdown = [...comparisonMarkdown(comparison)].join("");
	assert.match(markdown, /^1 case is as before\.$/m);
	assert.match(markdown, />1 difference between the targets</);
});

test("markdown fits a comment on GitHub however much changed", async () => {
	const report = cleanReport();
	const [target] = report.targets;
	const [first] = target?.cases ?? [];
	assert.ok(target && first);
	const of = (verdict: Verdict): Report => ({
		...report,
		targets: ["a", "b", "c"].map((name) => ({
			...target,
			name,
			cases: Array.from({ length: 300 }, (_, n) => ({
				...first,
				id: `ns_last_pid.dropped_after_open.uid1000-${n}`,
				verdict,
			})),
		})),
	});
	const out = new Memory();
	await writeComparison("markdown", out, diff(of("pass"), of("fail")), []);
	assert.ok(out.text.length <= 60_000, String(out.text.length));
	assert.match(out.text, /^The rest is left out here: `crcap compare/m);
});

test("the JSON form is the comparison", async () => {
	const { schemaVersion, ...rest } = JSON.parse(
		[...comparisonJson(everything())].join(""),
	);
	assert.equal(schemaVersion, 2);
	assert.deepEqual(rest, JSON.parse(JSON.stringify(everything())));
});
