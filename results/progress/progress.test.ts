import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { test } from "tap";
import type { Report } from "../model/model.js";
import { count, newTarget } from "../model/summary.js";
import { cleanReport, sampleReport } from "../testing/sample.test.data.js";
import { palette, wantsColour } from "../text/ansi.js";
import { columns } from "../text/wrap.js";
import { createProgress, type ProgressOptions } from "./progress.js";
import { liveLines, type TargetProgress } from "./progressLines.js";

/** What progress writes for a report, and on the way. */
function watch(report: Report, tty: boolean, options: ProgressOptions = {}) {
	const written: string[] = [];
	let clock = 0;
	const out = {
		write: (text: string) => written.push(text),
		isTTY: tty,
		columns: 60,
	};
	const progress = createProgress(out, {
		env: {},
		now: () => (clock += 150),
		...options,
	});
	for (const target of report.targets) progress.boot(target.name);
	for (const target of report.targets) {
		progress.head(target.name, target);
		for (const one of target.cases) progress.result(target.name, one);
		progress.tail(target.name, target);
	}
	progress.end([{ format: "json", file: "all.json" }]);
	return { text: written.join(""), written };
}

/** What a terminal shows in the end: enough of one for cursor-up and erase-below. */
function screen(text: string): string[] {
	const lines: string[] = [""];
	for (const part of text.split(/(\p{Cc}\[\d+[AJ])/u)) {
		const code = /^\p{Cc}\[(\d+)([AJ])$/u.exec(part);
		if (code?.[2] === "A")
			lines.splice(
				lines.length - 1 - Number(code[1]),
				Number.POSITIVE_INFINITY,
				"",
			);
		else if (code === null) {
			const [first = "", ...rest] = part.split("\n");
			lines[lines.length - 1] += first;
			lines.push(...rest);
		}
	}
	return lines;
}

test("the last screen says what passed, what did not, why, and how to see it", async () => {
	const { text } = watch(sampleReport(), false);
	assert.match(
		text,
		/^FAIL {2}debian:bookworm\/cloud: Linux 6\.1\.0-56-cloud-amd64 x86_64, tcg$/m,
	);
	assert.match(
		text,
		/^ +✗ ns_last_pid\.write\.uid0-none: expected EPERM, observed ok, the next pid was 9001$/m,
	);
	assert.match(text, /^ +the write must be refused without the capability$/m);
	assert.match(
		text,
		/^ +crprobe 'capset=eff:checkpoint_restore -- ns_last_pid\.write=9000'$/m,
	);
	assert.match(text, /see all of it: crcap show all\.json/);
	const clean = watch(cleanReport(), false).text;
	assert.match(clean, /^PASS {2}debian:bookworm\/cloud/m);
	assert.match(clean, /All 21 cases that ran passed\./);
	assert.doesNotMatch(clean, /✗|FAIL|see all/);
});

test("incomplete is neither pass nor fail, and nothing ran is not a pass", async () => {
	const lost = cleanReport();
	Object.assign(lost.targets[0] ?? {}, {
		complete: false,
		incompleteReason: "no goodbye",
	});
	assert.match(watch(lost, false).text, /^INCOMPLETE /m);
	const skipped = cleanReport();
	for (const one of skipped.targets[0]?.cases ?? []) one.verdict = "skip";
	assert.match(watch(skipped, false).text, /^INCOMPLETE /m);
});

test("where nothing ran, the most frequent reasons are told", async () => {
	const skipped = cleanReport();
	const { cases = [] } = skipped.targets[0] ?? {};
	for (const [n, one] of cases.entries())
		Object.assign(one, {
			verdict: "skip",
			reason: n < 2 ? "rare" : n < 6 ? "frequent" : "most frequent",
		});
	assert.match(
		watch(skipped, false).text,
		/were skipped: most frequent \(15\); frequent \(4\)\.$/m,
	);
});

test("of a probe that failed at length only the outcome is shown", async () => {
	const report = cleanReport();
	Object.assign(report.targets[0] ?? {}, { accelReason: "x".repeat(300) });
	assert.match(
		watch(report, false).text,
		/accelerator tcg \(no usable KVM\)$/m,
	);
	Object.assign(report.targets[0] ?? {}, {
		accelReason: "there is no /dev/kvm",
	});
	assert.match(
		watch(report, false).text,
		/accelerator tcg \(there is no \/dev\/kvm\)$/m,
	);
});

test("elsewhere than on a terminal there are lines and no escapes", async () => {
	const { text } = watch(sampleReport(), false);
	assert.equal(stripVTControlCharacters(text), text);
	assert.match(text, /^crcap: debian:bookworm\/cloud: starting$/m);
	assert.match(
		text,
		/^crcap: sid # SKIP <\/script>: 13 of 21 cases did not pass/m,
	);
});

test("one case is one case", async () => {
	const report = cleanReport();
	const [target] = report.targets;
	assert.ok(target);
	Object.assign(target, { planned: 1, cases: target.cases.slice(0, 1) });
	const { text } = watch(report, false);
	assert.match(text, /, 1 case, accelerator tcg/);
	assert.doesNotMatch(text, /\b1 cases/);
});

test("a terminal is left with the lines that were said and the last screen, no bars", async () => {
	const { text } = watch(sampleReport(), true);
	assert.match(text, /━/);
	const left = stripVTControlCharacters(screen(text).join("\n"));
	assert.doesNotMatch(left, /━|booting/);
	assert.match(left, /^FAIL {2}debian:bookworm/m);
	assert.equal(left.match(/13 of 21 cases did not pass/g)?.length, 2);
});

test("no frame is wider than the terminal", async () => {
	const { written } = watch(sampleReport(), true);
	const frames = written.filter((text) => /━|booting/.test(text));
	assert.ok(frames.length > 10);
	for (const line of frames.join("").split("\n")) {
		if (/━|booting/.test(line))
			assert.ok(columns(stripVTControlCharacters(line)) < 60, line);
	}
});

test("colours are asked for as no-color.org has it", async () => {
	assert.equal(wantsColour(true, {}), true);
	assert.equal(wantsColour(true, { NO_COLOR: "1" }), false);
	assert.equal(wantsColour(true, { NO_COLOR: "" }), true);
	assert.equal(wantsColour(true, { TERM: "dumb" }), false);
	assert.equal(wantsColour(false, {}), false);
	assert.equal(wantsColour(false, { FORCE_COLOR: "1" }), true);
	const { text } = watch(sampleReport(), true, {
		env: { NO_COLOR: "1" },
		live: false,
	});
	assert.equal(stripVTControlCharacters(text), text);
});

test("a line says how far it is, what went wrong and how long it takes", async () => {
	const report = sampleReport();
	const [head] = report.targets;
	assert.ok(head);
	const summary = newTarget(head);
	for (const one of head.cases.slice(0, 11)) count(summary, one);
	const target: TargetProgress = {
		name: "a",
		phase: "run",
		bootedAt: 0,
		ranAt: 1000,
		summary,
		failures: [],
	};
	const [line] = liveLines([target], 12_000, 100, palette(false));
	assert.match(
		line ?? "",
		/^a {2}━+─+ 11\/21 {2}2 fail, 1 error {2}about 10 s left$/,
	);
});

test("of many targets a few are shown, and the rest counted", async () => {
	const many = Array.from(
		{ length: 30 },
		(_, n): TargetProgress => ({
			name: `t${n}`,
			phase: n < 5 ? "done" : "boot",
			bootedAt: 0,
			failures: [],
		}),
	);
	const lines = liveLines(many, 0, 80, palette(false));
	assert.equal(lines.length, 10);
	assert.deepEqual(lines.slice(-2), ["… and 17 more", "5 of 30 targets done"]);
});
