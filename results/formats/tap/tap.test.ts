import assert from "node:assert/strict";
import { join } from "node:path";
import { type Test, test } from "tap";
import { type FinalResults, Parser, type Result } from "tap-parser";
import { parse } from "yaml";
import { cleanReport, sampleReport } from "../../testing/sample.test.data.js";
import {
	consume,
	golden,
	Memory,
	matchGoldens,
	missing,
	render,
	totalsOf,
} from "../../testing/support.test.data.js";
import { createWriter } from "../../writers.js";

interface Read {
	points: Result[];
	final: FinalResults;
	bailout: string | undefined;
	extra: string[];
}

/** What tap-parser makes of a report: the innermost points, and the end. */
function read(text: string): Read {
	const points: Result[] = [];
	const extra: string[] = [];
	let bailout: string | undefined;
	const watch = (parser: Parser): void => {
		parser.on("child", watch);
		parser.on("extra", (line: string) => extra.push(line));
		parser.on("assert", (result) => {
			if (!/^[^.]*$/.test(result.name) && !result.closingTestPoint)
				points.push(result);
		});
	};
	let final: FinalResults | undefined;
	const parser = new Parser({ strict: true }, (results) => {
		final = results;
	});
	parser.on("bailout", (reason: string) => {
		bailout = reason;
	});
	watch(parser);
	parser.end(text);
	assert.ok(final);
	return { points, final, bailout, extra };
}

for (const format of ["tap", "tap13"] as const) {
	test(`${format} is read by tap-parser with the same totals`, async () => {
		const { points, final, bailout, extra } = read(
			await render(format, sampleReport()),
		);
		const sum = totalsOf(sampleReport());
		assert.equal(points.filter((one) => one.ok && !one.skip).length, sum.pass);
		assert.equal(points.filter((one) => one.skip).length, sum.skip);
		assert.equal(
			points.filter((one) => !one.ok).length,
			sum.fail + sum.error + sum.timeout + sum.crash + sum.not_run,
		);
		assert.equal(
			points.filter((one) => !one.ok && !one.todo).length,
			points.filter((one) => !one.ok).length - 2,
		);
		assert.equal(final.ok, false);
		assert.equal(bailout, "sid # SKIP </script>: the kernel panicked");
		assert.deepEqual(extra, []);
	});

	test(`${format} of a clean run is ok to tap-parser`, async () => {
		const { points, final, bailout } = read(
			await render(format, cleanReport()),
		);
		assert.equal(points.length, 21);
		assert.deepEqual(final.failures, []);
		assert.equal(final.ok, true);
		assert.equal(bailout, undefined);
	});

	test(`${format}, golden`, golden(), async (t) => {
		await matchGoldens(t, format);
	});
}

test("a failure's YAML block says all that is needed to try it again", async () => {
	const { points } = read(await render("tap", sampleReport()));
	const failed = points.find(
		(one) => one.name === "ns_last_pid.write.uid0-none",
	);
	assert.ok(failed && !failed.ok);
	const {
		verdict,
		expected,
		observed,
		reason,
		citation,
		subject,
		readback,
		replay,
	} = failed.diag;
	assert.deepEqual(
		{
			verdict,
			expected,
			observed,
			reason,
			citation,
			subject,
			readback,
			replay,
		},
		{
			verdict: "fail",
			expected: "EPERM",
			observed: "ok, the next pid was 9001",
			reason: "the write must be refused without the capability",
			citation: {
				ref: "124ea650d3072b005457faed69909221c2905a1f",
				since: "5.9",
				note: "kernel/pid.c alloc_pid()",
			},
			subject: "uid0-none",
			readback: "uid=1000 eff=0000010000000000",
			replay: {
				crprobe:
					"crprobe 'capset=eff:checkpoint_restore -- ns_last_pid.write=9000'",
				qemu: "qemu-system-x86_64 -kernel vmlinuz -nographic",
			},
		},
	);
});

test("trouble that is not the kernel's answer shows in the name, and is not ok", async () => {
	const { points } = read(await render("tap", sampleReport()));
	for (const word of ["(error)", "(timeout)", "(crash)", "(not run)"]) {
		const hit = points.filter((one) => one.name.endsWith(word));
		assert.notEqual(hit.length, 0, word);
		assert.ok(
			hit.every((one) => !one.ok),
			word,
		);
	}
});

test("a skip carries its reason, directives in it quoted", async () => {
	const { points } = read(await render("tap", sampleReport()));
	const skips = points.filter((one) => one.skip);
	assert.match(String(skips[0]?.skip), /CONFIG_CHECKPOINT_RESTORE is not set/);
});

test("nothing of a guest's reaches a terminal as a control character", async () => {
	for (const format of ["tap", "tap13"] as const) {
		assert.doesNotMatch(
			await render(format, sampleReport()),
			/(?!\n)[\p{Cc}\u202e]/u,
		);
	}
});

test("every YAML block is YAML", async () => {
	const text = await render("tap13", sampleReport());
	const blocks = [...text.matchAll(/^ {2}---\n([\s\S]*?)^ {2}\.\.\.$/gm)];
	assert.equal(blocks.length, 19);
	for (const [, block] of blocks)
		assert.equal(typeof parse(block ?? "").verdict, "string");
});

test("a group is written when its last case is known, not at the end", async () => {
	const out = new Memory();
	const writer = createWriter("tap", out, { env: {} });
	const { targets, ...head } = cleanReport();
	const [target] = targets;
	assert.ok(target);
	const { cases, ...rest } = target;
	writer.begin(head);
	writer.beginTarget(rest);
	const first = rest.groups?.[0];
	for (const one of cases.slice(0, 4)) writer.caseResult(one);
	assert.match(out.text, new RegExp(`^ {4}ok 1 - ${first?.subject}$`, "m"));
	assert.doesNotMatch(out.text, /^ {4}ok 2/m);
});

test("without a plan in the head, plans come last and the verdict is the same", async () => {
	const report = cleanReport();
	delete report.plannedTargets;
	for (const target of report.targets) delete target.groups;
	const { points, final } = read(await render("tap", report));
	assert.equal(points.length, 21);
	assert.equal(final.ok, true);
});

test("a case that was planned and never reported makes the report fail", async () => {
	for (const format of ["tap", "tap13"] as const) {
		const report = cleanReport();
		report.targets[0]?.cases.pop();
		assert.equal(read(await render(format, report)).final.ok, false);
	}
	const report = cleanReport();
	report.targets[0]?.cases.pop();
	assert.match(await render("tap", report), /^ {4}not ok 3 - userns-all$/m);
});

const noProve = missing("prove", "apt install perl");

test("Perl's prove counts what the report holds", {
	skip: noProve,
}, async (t) => {
	const good = prove(t, await render("tap13", cleanReport()));
	assert.match(good.stdout, /Tests=21,/);
	assert.match(good.stdout, /^Result: PASS$/m);
	assert.equal(good.status, 0);
	const report = { ...sampleReport(), plannedTargets: 1 };
	report.targets.pop();
	const bad = prove(t, await render("tap13", report));
	assert.match(bad.stdout, /Tests: 21 Failed: 4\)/);
	assert.match(bad.stdout, /TODO passed: +9/);
	assert.notEqual(bad.status, 0);
});

test("Perl's prove stops at the bail-out of a lost guest", {
	skip: noProve,
}, async (t) => {
	const { stdout, stderr, status } = prove(
		t,
		await render("tap13", sampleReport()),
	);
	assert.match(stdout + stderr, /Further testing stopped.*the kernel panicked/);
	assert.notEqual(status, 0);
});

test("under Perl's prove the report with subtests is accepted too", {
	skip: noProve,
}, async (t) => {
	const { stdout, status } = prove(
		t,
		await render("tap", cleanReport(), { env: { TAP_VERSION: "13" } }),
	);
	assert.match(stdout, /Tests=4,/);
	assert.equal(status, 0);
});

/** Perl's harness on a report. */
function prove(t: Test, text: string) {
	const path = join(t.testdir({ "report.tap": text }), "report.tap");
	return consume("prove", ["--exec", "cat", path], "");
}
