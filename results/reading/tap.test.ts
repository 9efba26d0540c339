import assert from "node:assert/strict";
import { Readable } from "node:stream";
import fc from "fast-check";
import { test } from "tap";
import { compare } from "../compare/compare.js";
import { noTotals, planGroups } from "../model/counts.js";
import type { CaseResult, Report } from "../model/model.js";
import { isBad, isKnown } from "../model/summary.js";
import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import { render } from "../testing/support.test.data.js";
import { visible } from "../text/escape.js";
import { ReportError, readReport } from "./read.js";

/** The sample without the string that TAP cuts. */
function sample(): Report {
	const report = sampleReport();
	for (const { cases } of report.targets)
		for (const one of cases)
			if (one.console)
				one.console = one.console.filter((line) => line.length < 4096);
	return report;
}

/** A few of its cases, for what is read hundreds of times. */
function few(): Report {
	const report = sample();
	for (const target of report.targets) {
		const cases = target.cases.filter(({ id }) =>
			/^ns_last_pid\.|^set_tid\.live_tid\.u.*s-all/.test(id),
		);
		const totals = noTotals();
		for (const { verdict } of cases) totals[verdict] += 1;
		const groups = planGroups(cases);
		Object.assign(target, { cases, totals, groups, planned: cases.length });
	}
	return report;
}

const FORMATS = ["tap", "tap13"] as const;

function read(text: string, chunk = 65536): Promise<Report> {
	const bytes = Buffer.from(text);
	const chunks = Array.from(
		{ length: Math.ceil(bytes.length / chunk) },
		(_, n) => bytes.subarray(n * chunk, (n + 1) * chunk),
	);
	return readReport(Readable.from(chunks), "it.tap");
}

/** What TAP tells of a case. */
function inTap(result: CaseResult): unknown {
	const { id, suite, subject, verdict, reason, known, ...rest } = result;
	const { expected, observed, probe, args, citation, durationUs } = rest;
	return {
		...{ id, suite, subject, verdict },
		...((isKnown(result) || verdict === "pass") && known && { known }),
		...(verdict === "skip" && { reason: visible(reason) }),
		...(isBad(verdict) && {
			...{ reason: visible(reason), expected: visible(expected) },
			...{ observed: visible(observed), probe, args, citation, durationUs },
			...{
				readback: visible(rest.readback ?? ""),
				lines: rest.console?.length,
			},
			crprobe: visible(rest.replay.crprobe),
			qemu: visible(rest.replay.qemu ?? ""),
		}),
	};
}

for (const format of FORMATS) {
	for (const [what, report] of [
		["every verdict", sample()],
		["a clean run", cleanReport()],
	] as const) {
		test(`${format} of ${what} is read back with all that it tells`, async () => {
			for (const chunk of [65536, 77]) {
				const again = await read(await render(format, report), chunk);
				assert.equal(again.startedAt, report.startedAt);
				assert.deepEqual(again.tool, report.tool);
				assert.equal(again.plannedTargets, report.targets.length);
				for (const [at, target] of report.targets.entries()) {
					const got = again.targets[at];
					assert.ok(got);
					for (const key of [
						...(["name", "kind", "kernel", "accel", "accelReason"] as const),
						...(["tools", "planned", "complete", "totals"] as const),
						...(["incompleteReason"] as const),
					])
						assert.deepEqual(got[key], target[key], key);
					// With subtests, the cases of one subject stand together.
					const sorted = (cases: CaseResult[]): unknown[] =>
						cases.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(inTap);
					assert.deepEqual(sorted(got.cases), sorted(target.cases));
				}
			}
		});
	}

	test(`${format} that was read is written the same again`, async () => {
		const first = await render(format, sample());
		const second = await render(format, await read(first));
		assert.equal(second.replace(/^ *# note: read from TAP.*\n/gm, ""), first);
		assert.equal(await render(format, await read(second)), second);
	});

	test(`${format} compares with the JSON of the same run as the same`, async () => {
		const report = await read(await render(format, cleanReport()));
		const json = { name: "json", report: cleanReport() };
		const { pairs, exitCode } = compare(json, { name: "tap", report });
		assert.deepEqual([exitCode, pairs[0]?.same], [0, 21]);
	});

	test(`${format} cut in any place is an error, or all that there is to tell`, async () => {
		for (const report of [few(), cleanReport()]) {
			const whole = await render(format, report);
			const all = await read(whole);
			// Behind the totals stands at most a bail-out, which the comments before them told already.
			for (let end = 0; end < whole.length; end += 499)
				await refused(whole.slice(0, end), all);
			for (const { index } of whole.matchAll(/\n/g))
				await refused(whole.slice(0, index + 1), all);
		}
	});

	test(`${format} without one of its lines is never a run that went better`, async () => {
		const lines = (await render(format, few())).split("\n");
		const all = await read(lines.join("\n"));
		for (let gone = 0; gone < lines.length; gone += 1)
			await refused(lines.toSpliced(gone, 1).join("\n"), all);
	});
}

/** Refused as no report, or read with every verdict that the whole has. */
async function refused(text: string, whole: Report): Promise<void> {
	try {
		const { targets } = await read(text);
		for (const [at, target] of whole.targets.entries()) {
			assert.deepEqual(targets[at]?.totals, target.totals);
			assert.equal(targets[at]?.cases.length, target.cases.length);
		}
	} catch (error) {
		assert.ok(error instanceof ReportError, String(error));
	}
}

const WRAPPED: [string, (text: string) => string][] = [
	[
		"a mail that quotes it",
		(text) =>
			`From: a\n\nOn Monday it said "TAP version 14":\n\n${text.replace(/^/gm, "> > ").replace(/ +$/gm, "")}\n-- \nme\n`,
	],
	[
		"a log with times",
		(text) =>
			text
				.split("\n")
				.map((line, at) => `2026-11-22T05:0${at % 10}:00.${at}Z ${line}`)
				.join("\n")
				.replace(/^/, "2026-11-22T05:00:00.0Z starting\n"),
	],
	[
		"a kernel's log",
		(text) =>
			text
				.split("\n")
				.map((line, at) => `[${String(at * 7).padStart(6)}.123456] ${line}`)
				.join("\n"),
	],
	["Windows", (text) => `\ufeff${text.replaceAll("\n", "\r\n")}`],
];

for (const [what, wrap] of WRAPPED) {
	test(`TAP is read out of ${what}`, async () => {
		for (const format of FORMATS) {
			const text = await render(format, sample());
			// Times in a log have one width.
			const wrapped = wrap(text).replace(/(?<=:00\.)\d+(?=Z)/g, "000");
			assert.deepEqual(await read(wrapped), await read(text));
		}
	});
}

test("subtests under the older version's name are read as well", async () => {
	const env = { TAP_VERSION: "13" };
	const older = await render("tap", sample(), { env });
	assert.match(older, /^TAP version 13\n/);
	assert.deepEqual(
		await read(older),
		await read(await render("tap", sample())),
	);
});

const clean = await render("tap", cleanReport());

const WRONG: [string, string, RegExp][] = [
	["another's TAP", "TAP version 14\n1..1\nok 1 - a\n", / is no report of crc/],
	["no TAP", "hello\n", /is no report of crcap: it is neither/],
	["two reports", clean + clean, /: it holds more than one report/],
	[
		"a bail-out in the middle",
		`${clean.slice(0, clean.indexOf("# Subtest: set_tid"))}Bail out! it burns\n`,
		/: it bailed out after 6 cases of debian:bookworm\/cloud: it burns$/,
	],
	[
		"a case that was turned around",
		clean.replace("ok 1 - set_tid.", "not ok 1 - set_tid."),
		/: set_tid\.free_tid\.uid0-none: its YAML block is missing$/,
	],
	[
		"a case that comes twice",
		clean.replace("set_tid.free_tid.uid0", "ns_last_pid.read.uid0"),
		/: ns_last_pid\.read\.uid0-none is there already$/,
	],
	[
		"other totals",
		clean.replace("pass=21", "pass=20"),
		/: its totals say pass=20, but 21 of its cases do: the file was changed$/,
	],
	[
		"another plan",
		clean.replace("# planned: 21", "# planned: 22"),
		/: 22 cases planned, but it holds 21: lines of it are missing$/,
	],
	[
		"a name that is no case",
		clean.replace("ok 1 - set_tid.free_tid.uid0-none", "ok 1 - what?"),
		/: "what\?" is no case of crcap$/,
	],
];

for (const [what, text, says] of WRONG) {
	test(`refused: ${what}`, async () => {
		await assert.rejects(
			read(text),
			(error) => error instanceof ReportError && says.test(error.message),
		);
	});
}

test("a run that was lost stays incomplete", async () => {
	const lost = clean.replace("# totals", "# incomplete: it died\n# totals");
	for (const text of [lost, `${lost}Bail out! k: it died\n`]) {
		const [target] = (await read(text)).targets;
		assert.equal(target?.complete, false);
		assert.equal(target?.incompleteReason, "it died");
	}
	const [target] = (await read(`${clean}Bail out! why\n`)).targets;
	assert.deepEqual(
		[target?.complete, target?.incompleteReason],
		[false, "why"],
	);
});

test("nothing that was done to a report makes the reader fail otherwise than it should", async () => {
	const text = await render("tap", few());
	const piece = fc.oneof(
		fc.string({ maxLength: 20, unit: "binary" }),
		fc.constantFrom(
			...["\n", "    ", "ok 1\n", "not ok", "1..9\n", "1..0\n", "{\n", "}\n"],
			...["# target: a (qemu)\n", "  ---\n", "  ...\n", "# Subtest: a\n"],
			...["Bail out!\n", "TAP version 14\n", "pragma +strict\n", "\u0000"],
			...["# totals: pass=1\n", " - !re /(/\n", "block: 1\n", "&a [*a, *a]\n"],
		),
	);
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.tuple(fc.nat(text.length), fc.nat(200), piece), {
				minLength: 1,
				maxLength: 4,
			}),
			async (edits) => {
				let spoilt = text;
				for (const [at, length, put] of edits)
					spoilt = spoilt.slice(0, at) + put + spoilt.slice(at + length);
				try {
					await read(spoilt);
				} catch (error) {
					assert.ok(error instanceof ReportError, String(error));
				}
			},
		),
		{ numRuns: 300 },
	);
});

test("a line far to the right is no part of it, and takes no time", async () => {
	const deep = `${"    ".repeat(10_000)}ok 1 - a.b\n`.repeat(1000);
	assert.deepEqual(await read(clean + deep), await read(clean));
});

const HUGE: [string, string, string][] = [
	["one line", clean, "x".repeat(1 << 20)],
	[
		"a YAML block",
		clean.replace(/ok 1 - exe_fd\.swap[\s\S]*/, "not ok 1 - a.b.c\n"),
		`${" ".repeat(10)}---\n${"          a: b\n".repeat(200_000)}`,
	],
	["binary data", "", "\u0000\ufffd\u0001".repeat(1 << 20)],
	[
		"test points",
		clean.slice(0, clean.indexOf("# Subtest")),
		Array.from({ length: 210_000 }, (_, n) => `ok ${n + 9} - a.${n}\n`).join(
			"",
		),
	],
];

for (const [what, before, much] of HUGE) {
	test(`refused: too much of ${what}`, async () => {
		await assert.rejects(read(before + much), ReportError);
	});
}
