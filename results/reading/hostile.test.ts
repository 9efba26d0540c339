/** Any string at all in any place where a guest, a file or a person can put one. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import fc from "fast-check";
import { parse as parseJunit } from "junit2json";
import { test } from "tap";
import { Parser } from "tap-parser";
import { VERDICTS } from "../model/basics.js";
import type { CaseResult, Report, TargetResult } from "../model/model.js";
import { cleanReport, HOSTILE } from "../testing/sample.test.data.js";
import {
	asRead,
	ROOT,
	render,
	totalsOf,
} from "../testing/support.test.data.js";
import { readReport } from "./read.js";

const nasty = fc.oneof(
	fc.string({ maxLength: 40, unit: "binary" }),
	fc.constantFrom(
		...Object.values(HOSTILE).filter((text) => text.length < 500),
	),
	fc.string({
		maxLength: 30,
		unit: fc.constantFrom(
			"#",
			" ",
			"\\",
			"\n",
			"-",
			".",
			"'",
			'"',
			":",
			"<",
			"]",
			">",
			"&",
			"ok ",
			"not ok 1",
			"1..2",
			"SKIP",
			"TODO",
			"Bail out!",
		),
	}),
);

const verdict = fc.constantFrom(...VERDICTS);

const edits = fc.array(
	fc.record({
		at: fc.nat(20),
		verdict,
		suite: nasty,
		probe: nasty,
		args: nasty,
		subject: nasty,
		reason: nasty,
		expected: nasty,
		observed: nasty,
		readback: nasty,
		crprobe: nasty,
		console: fc.array(nasty, { maxLength: 3 }),
	}),
	{ maxLength: 6 },
);

const heads = fc.record({
	name: nasty,
	release: nasty,
	path: nasty,
	note: nasty,
	fact: nasty,
});

/** The clean report with these strings in it. */
function spoilt(
	changes: typeof edits extends fc.Arbitrary<infer T> ? T : never,
	head: typeof heads extends fc.Arbitrary<infer T> ? T : never,
): Report {
	const report = cleanReport();
	const target = report.targets[0] as TargetResult;
	for (const { at, crprobe, ...rest } of changes)
		Object.assign(target.cases[at] as CaseResult, rest, {
			replay: { crprobe },
		});
	target.cases.sort((a, b) =>
		a.suite < b.suite ? -1 : a.suite > b.suite ? 1 : 0,
	);
	delete target.groups;
	target.name = head.name;
	Object.assign(target.kernel, { release: head.release, path: head.path });
	target.notes = [head.note];
	target.facts = { [head.fact]: head.fact };
	target.totals = totalsOf(report);
	return report;
}

/** Holds a property for many reports. */
async function always(check: (report: Report) => Promise<void>) {
	await fc.assert(
		fc.asyncProperty(edits, heads, (changes, head) =>
			check(spoilt(changes, head)),
		),
		{ numRuns: 150 },
	);
}

function badOf(report: Report): number {
	const { pass, skip } = totalsOf(report);
	return 21 - pass - skip;
}

for (const format of ["tap", "tap13"] as const) {
	test(`${format} keeps its totals`, async () => {
		await always(async (report) => {
			let ok = 0;
			let bad = 0;
			let skip = 0;
			let extra = 0;
			const watch = (parser: Parser): void => {
				let children = 0;
				parser.on("child", (child) => {
					children += 1;
					watch(child);
				});
				parser.on("extra", () => {
					extra += 1;
				});
				parser.on("complete", () => assert.equal(children >= 0, true));
				parser.on("assert", (one) => {
					if (one.closingTestPoint) return;
					if (one.skip !== false) skip += 1;
					else if (one.ok) ok += 1;
					else bad += 1;
				});
			};
			const parser = new Parser({ strict: true });
			watch(parser);
			parser.end(await render(format, report));
			const sum = totalsOf(report);
			assert.deepEqual(
				{ ok, bad, skip, extra },
				{ ok: sum.pass, bad: badOf(report), skip: sum.skip, extra: 0 },
			);
			assert.equal(parser.ok, badOf(report) === 0);
		});
	});
}

test("ktap keeps its result lines", async () => {
	await always(async (report) => {
		const text = await render("ktap", report);
		const leaves = text
			.split("\n")
			.filter((line) => /^ {4}(ok|not ok) \d+ /.test(line));
		assert.equal(leaves.length, 21);
		assert.equal(
			leaves.filter((line) => /^ *not ok/.test(line)).length,
			badOf(report),
		);
		assert.equal(
			leaves.filter((line) => / # SKIP/.test(line)).length,
			totalsOf(report).skip,
		);
	});
});

test("junit stays readable with the same totals", async () => {
	await always(async (report) => {
		const suites = await parseJunit(await render("junit", report));
		assert.ok(suites && "testsuite" in suites);
		const cases = (suites.testsuite ?? []).flatMap(
			(suite) => suite.testcase ?? [],
		);
		assert.equal(cases.length, 21);
		assert.equal(
			cases.filter((one) => one.failure || one.error).length,
			badOf(report),
		);
	});
});

test("kcidb stays valid", async () => {
	const ajv = new Ajv();
	addFormats.default(ajv);
	const valid = ajv.compile(
		JSON.parse(
			readFileSync(
				join(ROOT, "results/fixtures/kcidb-5.3.schema.json"),
				"utf8",
			),
		),
	);
	await always(async (report) => {
		assert.equal(
			valid(JSON.parse(await render("kcidb", report))),
			true,
			JSON.stringify(valid.errors),
		);
	});
});

test("html keeps its data and its elements", async () => {
	await always(async (report) => {
		const page = await render("html", report);
		assert.equal(page.match(/<script/g)?.length, 2);
		const data = JSON.parse(
			/id="data">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? "",
		);
		assert.equal(data.shown, 21);
	});
});

test("json is read back the same", async (t) => {
	const path = join(t.testdir(), "it.json");
	await always(async (report) => {
		// A report is JSON text, and in that a lone surrogate comes back as it went.
		const text = await render("json", report);
		writeFileSync(path, text);
		assert.deepEqual(await readReport(path), asRead(text));
	});
});

test("no format lets a control character through", async () => {
	await always(async (report) => {
		for (const format of [
			"tap",
			"tap13",
			"ktap",
			"text",
			"markdown",
			"junit",
			"kcidb",
			"html",
		] as const) {
			const text = (await render(format, report)).replace(
				/<style>[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>/g,
				"",
			);
			assert.doesNotMatch(
				text,
				/(?!\n)[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Cs}/u,
				format,
			);
		}
	});
});
