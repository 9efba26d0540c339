import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { test } from "tap";
import type { Report } from "../model/model.js";
import {
	cleanReport,
	HOSTILE,
	sampleReport,
} from "../testing/sample.test.data.js";
import { golden, matchGoldens, render } from "../testing/support.test.data.js";
import { COLUMNS, columns } from "../text/wrap.js";

for (const format of ["text", "markdown"] as const) {
	test(`${format}, golden`, golden(), async (t) => {
		await matchGoldens(t, format);
	});

	test(`${format}: every failure is named, and no control character passes`, async () => {
		const text = await render(format, sampleReport());
		for (const { cases } of sampleReport().targets) {
			for (const one of cases) {
				if (["fail", "error", "timeout", "crash"].includes(one.verdict))
					assert.ok(text.includes(one.id), one.id);
			}
		}
		assert.doesNotMatch(text, /(?!\n)[\p{Cc}\u202e]/u);
	});
}

test("text has at most 72 columns, whatever the results hold", async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.string({ maxLength: 200, unit: "binary" }),
			fc.nat(41),
			async (foreign, at) => {
				const report = sampleReport();
				const target = report.targets[at < 21 ? 0 : 1];
				const one = target?.cases[at % 21];
				assert.ok(target && one);
				Object.assign(one, {
					subject: foreign,
					suite: foreign,
					observed: foreign,
					args: foreign,
					console: [foreign],
				});
				target.name = foreign;
				target.kernel.version = foreign;
				for (const line of (await render("text", report)).split("\n")) {
					assert.ok(columns(line) <= COLUMNS, line);
				}
			},
		),
		{ numRuns: 40 },
	);
});

test("text answers first: the verdict stands before the table, the table before the failures", async () => {
	const text = await render("text", sampleReport());
	const offsets = [
		"cases did not pass",
		"uid1000-cap_checkpoint_restore",
		"1. ns_last_pid.write.uid0-none",
	].map((part) => text.indexOf(part));
	assert.ok(offsets.every((offset) => offset > 0));
	assert.deepEqual(
		offsets,
		offsets.toSorted((a, b) => a - b),
	);
});

test("the replay lines mean the same to a shell when they are pasted", async () => {
	const path = `/srv/${"builds of kernels/".repeat(2)}${"linux/".repeat(20)}bzImage`;
	const qemu = `qemu-system-x86_64 -nodefaults -m 256 -kernel '${path}' -initrd initramfs.cpio -append 'console=ttyS0 panic=-1 crcap_program="uid=1000 caps=none # dumpable=1 -- clone3=tid:20000"'`;
	const keep = `crcap run --kernel '${path}' --append 'a b' --keep .`;
	const report = sampleReport();
	const one = report.targets[0]?.cases[3];
	assert.ok(one);
	one.verdict = "fail";
	one.replay.qemu = `${qemu} # initramfs.cpio: ${keep}`;
	const text = await render("text", report);
	const [, boot, from] =
		/^ {2}boot the same guest:\n( {4}qemu-system-x86_64 -nodefaults[\s\S]*?)^ {2}initramfs\.cpio is left here by:\n([\s\S]*?)(?=^(?! {4}|['"])|\n$)/m.exec(
			text,
		) ?? [];
	assert.ok(boot && from, text);
	const argv = (...commands: string[]) => {
		const tell = `tell() { printf '<%s>\\n' "$@"; }\nalias crcap='tell crcap' qemu-system-x86_64='tell qemu'\n`;
		const done = spawnSync("sh", ["-c", tell + commands.join("\n")], {
			encoding: "utf8",
		});
		assert.equal(done.stderr, "");
		return done.stdout;
	};
	assert.equal(argv(boot, from), argv(qemu, keep));
	assert.match(
		argv(boot),
		/^<qemu>\n[\s\S]*crcap_program="uid=1000 caps=none # dump/,
	);
});

test("a clean run says that all passed, and shows no failure", async () => {
	for (const format of ["text", "markdown"] as const) {
		const text = await render(format, cleanReport());
		assert.match(text, /All 21 cases that ran passed\./);
		assert.doesNotMatch(text, /by hand|<details>|❌/);
	}
});

/** A report of one suite with these subjects, one of whom fails. */
function withSubjects(names: string[], failing: string): Report {
	const report = cleanReport();
	const [target] = report.targets;
	const [first] = target?.cases ?? [];
	assert.ok(target && first);
	target.cases = names.map((subject, n) => ({
		...first,
		id: `a.b.s${n}`,
		subject,
		verdict: subject === failing ? "fail" : "pass",
	}));
	return report;
}

test("of many subjects those without trouble share a row with their family", async () => {
	const names = Array.from({ length: 100 }, (_, n) =>
		n < 50 ? `uid0-${n}` : n < 98 ? `route_${n}` : `alone${n}`,
	);
	const report = withSubjects(names, "uid0-7");
	const text = await render("text", report);
	assert.match(text, /^uid0-7 +1F$/m);
	assert.match(text, /^uid0-\* \(49\) +ok$/m);
	assert.match(text, /^route_\* \(48\) +ok$/m);
	assert.match(text, /^alone99 +ok$/m);
	assert.doesNotMatch(text, /uid0-8/);
	const markdown = await render("markdown", report);
	assert.match(markdown, /^\| uid0-7 \| ❌ 1F \|$/m);
});

test("where even the families are many, those without trouble are counted", async () => {
	const names = Array.from({ length: 100 }, (_, n) => `subject${n}`);
	const report = withSubjects(names, "subject50");
	const text = await render("text", report);
	assert.match(text, /^subject50 +1F$/m);
	assert.doesNotMatch(text, /^subject51/m);
	for (const format of ["text", "markdown"] as const) {
		assert.match(
			await render(format, report),
			/^Nothing went wrong with the other 99 subjects\.$/m,
		);
	}
});

test("a run in which nothing ran does not say that all passed", async () => {
	const report = cleanReport();
	for (const one of report.targets[0]?.cases ?? []) one.verdict = "skip";
	assert.match(
		await render("text", report),
		/No case ran: 21 of 21 were skipped: CAP_CHECKPOINT_RESTORE\nin the owner of the pid namespace is required \(21\)\./,
	);
});

test("markdown: foreign text makes no element, no link and no row", async () => {
	const whole = await render("markdown", sampleReport());
	const text = whole.replace(/^(`{3,}).*\n[\s\S]*?^\1$/gm, "");
	assert.doesNotMatch(text, /<script|<img|\]\(javascript/);
	assert.ok(text.includes("&#124; a &#124; &#96;b&#96;"));
	assert.ok(!text.includes(HOSTILE.markdown));
});

test("markdown: a fence is longer than any in the text", async () => {
	const report = sampleReport();
	const one = report.targets[0]?.cases[3];
	assert.ok(one);
	one.console = ["`````", "<b>"];
	assert.match(
		await render("markdown", report),
		/^``````\n`````\n<b>\n``````$/m,
	);
});

/** The clean report with so many failures in each of so many targets, as long as a guest's are. */
function failing(count: number, targets = 1): Report {
	const report = cleanReport();
	const [target] = report.targets;
	const [first] = target?.cases ?? [];
	assert.ok(target && first);
	const cases = Array.from({ length: count }, (_, n) => ({
		...first,
		id: `ns_last_pid.dropped_after_open.uid1000-${n}`,
		verdict: "fail" as const,
		subject: `uid1000-${n % 60}`,
		replay: { ...first.replay, qemu: `qemu ${"-device virtio ".repeat(40)}` },
	}));
	report.targets = Array.from({ length: targets }, (_, n) => ({
		...target,
		name: `kernel ${n}`,
		cases,
	}));
	return report;
}

for (const [count, targets] of [
	[40, 1],
	[305, 1],
	[5000, 1],
	[305, 5],
	[300, 60],
] as const) {
	test(`markdown: ${count} failures in each of ${targets} fit a comment on GitHub, and none is forgotten`, async () => {
		const text = await render("markdown", failing(count, targets));
		assert.ok(text.length <= 60_000, String(text.length));
		const sections = text.split(/^### /m).slice(1);
		for (const section of sections) {
			const full = section.match(/^<details>$/gm)?.length ?? 0;
			assert.equal(section.match(/^<\/details>$/gm)?.length ?? 0, full);
			const named = section.match(/^- <code>/gm)?.length ?? 0;
			const left = Number(
				/^(\d+) (?:more )?that did not pass are left out here: `crcap show/m.exec(
					section,
				)?.[1] ?? 0,
			);
			if (/^The rest is left out here/m.test(section)) continue;
			assert.equal(full + named + left, count);
			if (targets === 1) assert.ok(full > 10, `${full} in full`);
		}
		assert.ok(
			sections.length === targets || /^The rest is left out here/m.test(text),
		);
	});
}
