import assert from "node:assert/strict";
import { join } from "node:path";
import { Readable } from "node:stream";
import fc from "fast-check";
import { test } from "tap";
import { Parser } from "tap-parser";
import { FORMATS } from "../model/formats.js";
import type { Report } from "../model/model.js";
import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import { Memory, render } from "../testing/support.test.data.js";
import { createWriter } from "../writers.js";
import { ReportError, readReport, streamReport } from "./read.js";

const text = await render("json", sampleReport());

function read(json: string, chunk = 65536): Promise<Report> {
	const bytes = Buffer.from(json);
	const chunks = Array.from(
		{ length: Math.ceil(bytes.length / chunk) },
		(_, n) => bytes.subarray(n * chunk, (n + 1) * chunk),
	);
	return readReport(Readable.from(chunks), "it.json");
}

test("what was written is read back the same", async () => {
	assert.deepEqual(await read(text), sampleReport());
	assert.deepEqual(await read(text, 777), sampleReport());
});

for (const { name } of FORMATS) {
	test(`stored results become ${name}, byte for byte as the run's own`, async (t) => {
		const path = join(t.testdir({ "it.json": text }), "it.json");
		const out = new Memory();
		await streamReport(path, createWriter(name, out, { env: {} }));
		assert.equal(out.text, await render(name, sampleReport()));
	});
}

test("keys in another order are the same report", async () => {
	const sorted = JSON.stringify(sampleReport(), (_, value) =>
		typeof value === "object" && value !== null && !Array.isArray(value)
			? Object.fromEntries(
					Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)),
				)
			: value,
	);
	assert.ok(sorted.indexOf('"cases"') < sorted.indexOf('"facts"'));
	assert.ok(sorted.indexOf('"targets"') < sorted.indexOf('"tool"'));
	assert.deepEqual(await read(sorted), sampleReport());
	assert.deepEqual(
		await read(JSON.stringify(sampleReport(), null, 4)),
		sampleReport(),
	);
});

test("keys that a newer tool added are passed over", async () => {
	const report = JSON.parse(text);
	report.more = { targets: [{ cases: [1] }] };
	report.targets[0].cases[0].more = [{}];
	report.targets[0].more = { cases: [1] };
	assert.deepEqual(await read(JSON.stringify(report)), sampleReport());
});

test("a byte order mark is no trouble", async () => {
	assert.deepEqual(await read(`\ufeff${text}`), sampleReport());
});

/** A change to a report, and what the reader must say of it. */
const WRONG: [string, (report: Report) => unknown, RegExp][] = [
	[
		"a wrong verdict",
		(r) => Object.assign(r.targets[0]?.cases[3] ?? {}, { verdict: "great" }),
		/^it\.json: targets\[0\]\.cases\[3\]\.verdict: /,
	],
	[
		"a missing key",
		(r) => Object.assign(r.targets[1] ?? {}, { kernel: {} }),
		/^it\.json: targets\[1\]\.kernel\.release: /,
	],
	[
		"a hostile id",
		(r) => Object.assign(r.targets[1]?.cases[0] ?? {}, { id: "a b" }),
		/targets\[1\]\.cases\[0\]\.id: /,
	],
	[
		"other totals",
		(r) => Object.assign(r.targets[0]?.totals ?? {}, { pass: 99 }),
		/targets\[0\]\.totals\.pass: 99, but 14 of its cases say so/,
	],
	[
		"a case that was taken away",
		(r) => {
			const [target] = r.targets;
			const gone = target?.cases.pop();
			if (target && gone) target.totals[gone.verdict] -= 1;
		},
		/targets\[0\]\.planned: 21, but it holds 20 cases/,
	],
	[
		"an id that comes twice",
		(r) =>
			Object.assign(r.targets[1]?.cases[5] ?? {}, {
				id: r.targets[1]?.cases[2]?.id,
			}),
		/targets\[1\]\.cases\[5\]\.id: \S+ is there already/,
	],
	[
		"a newer schema",
		(r) => Object.assign(r, { schemaVersion: 3 }),
		/schemaVersion 3, and this crcap reads 2: use the crcap that wrote it/,
	],
	[
		"another tool",
		(r) => Object.assign(r, { tool: { name: "x", version: "1" } }),
		/tool\.name: /,
	],
	[
		"no object for a target",
		(r) => Object.assign(r, { targets: [1] }),
		/targets holds what is no object/,
	],
	[
		"no targets",
		(r) => Object.assign(r, { targets: "none" }),
		/targets, a list, is missing/,
	],
	[
		"cases that are no list",
		(r) => Object.assign(r.targets[0] ?? {}, { cases: 1 }),
		/cases, a list, is missing/,
	],
];

for (const [what, change, says] of WRONG) {
	test(`the reader names the place of ${what}`, async () => {
		const report = sampleReport();
		change(report);
		await assert.rejects(
			read(JSON.stringify(report)),
			(error) => error instanceof ReportError && says.test(error.message),
		);
	});
}

test("what is no JSON, or no object, or nothing, is refused with the file's name", async () => {
	for (const bad of [
		"",
		"[]",
		"1",
		"null",
		"TAP version 14\n",
		"{}",
		'{"a":',
		`${text}x`,
		'"a"',
	]) {
		await assert.rejects(
			read(bad),
			/^ReportError: it\.json(?: is no (?:JSON )?report of crcap: (?!.*is this)|: it is no JSON$)/,
			bad.slice(0, 20),
		);
	}
	await assert.rejects(
		readReport("/nonexistent/a.json"),
		/^ReportError: \/nonexistent\/a\.json: .*no such file/,
	);
});

test("a report cut anywhere is an error that says where, never a shorter report", async () => {
	const clean = await render("json", cleanReport());
	await fc.assert(
		fc.asyncProperty(fc.nat(clean.length - 3), async (end) => {
			await assert.rejects(read(clean.slice(0, end)), ReportError);
		}),
		{ numRuns: 200 },
	);
	await assert.rejects(
		read(clean.slice(0, -400)),
		/the file ends after 2\d cases of targets\[0\], in the middle/,
	);
});

for (const { name } of FORMATS) {
	test(`what was written as ${name} of a report that breaks off can't be taken for a whole one`, async () => {
		let begun = 0;
		const [one] = cleanReport().targets;
		assert.ok(one);
		const two = [one, { ...one, name: "again" }];
		for (const report of [
			cleanReport(),
			{ ...cleanReport(), plannedTargets: 2, targets: two },
		]) {
			const whole = await render("json", report);
			for (let cut = 0; cut < whole.length - 2; cut += 1999) {
				const out = new Memory();
				const writer = createWriter(name, out, { env: {} });
				const source = Readable.from([Buffer.from(whole.slice(0, cut))]);
				await assert.rejects(streamReport(source, writer, "it"), ReportError);
				if (out.text !== "") begun += 1;
				if (out.text === "") continue;
				if (name === "json") assert.throws(() => JSON.parse(out.text));
				else if (name === "events") {
					const last = out.text.trimEnd().split("\n").at(-1) ?? "";
					assert.match(JSON.parse(last).reason, /^it: the file ends /);
					continue;
				} else assert.match(out.text, /^Bail out! it: the file ends .*\n$/m);
				if (name !== "json") assert.equal(bailout(out.text), true);
			}
		}
		assert.equal(begun > 0, ["tap", "tap13", "json", "events"].includes(name));
	});
}

/** Whether a reader of TAP takes it for a run that was given up. */
function bailout(tap: string): boolean {
	return Parser.parse(tap).some(([event]) => event === "bailout");
}

test("where a report was cut is counted well", async () => {
	for (const [mark, said] of [
		[/(?<="crcap".*\n.*"targets":\[)/s, /ends after 0 targets, /],
		[/(?<="ns_last_pid\.read\.uid0-none".*\n)/, /after 1 case of targets\[0\]/],
	] as const) {
		const cut = text.search(mark);
		assert.ok(cut > 0);
		await assert.rejects(read(text.slice(0, cut)), said);
	}
});

test("a report with a byte changed is read or refused, and nothing worse", async () => {
	const clean = await render("json", cleanReport());
	await fc.assert(
		fc.asyncProperty(
			fc.nat(clean.length - 1),
			fc.string({ minLength: 1, maxLength: 1 }),
			async (at, char) => {
				try {
					await read(clean.slice(0, at) + char + clean.slice(at + 1));
				} catch (error) {
					assert.ok(error instanceof ReportError, String(error));
				}
			},
		),
		{ numRuns: 300 },
	);
});
