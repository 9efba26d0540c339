import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "tap";
import type { CaseResult, TargetResult } from "../results/model/model.js";
import {
	EVERYWHERE,
	type Fault,
	findingOf,
	isSound,
	markdown,
	verdictText,
} from "./table.js";

const FAULT: Fault = {
	name: "set_tid-check_missing",
	boundary: "set_tid",
	kind: "check missing",
	description: "The check | was lost.",
};

/** A run of these cases, `id` to verdict. */
function ran(
	verdicts: Record<string, CaseResult["verdict"]>,
	incompleteReason?: string,
): TargetResult {
	const cases = Object.entries(verdicts).map(([id, verdict]) => ({
		id,
		verdict,
		expected: "clone3 EPERM",
		observed: "clone3 ok (20000)",
		reason: "why",
	}));
	return {
		complete: incompleteReason === undefined,
		incompleteReason,
		cases,
	} as unknown as TargetResult;
}

const concerns = (id: string): string[] => [id.split(".")[0] ?? ""];
const find = (target: TargetResult, fault: Fault | null = FAULT) =>
	findingOf(target, fault, concerns);

test("a fault that a case of its boundary fails by is caught", async () => {
	for (const verdict of ["fail", "crash", "timeout"] as const) {
		const finding = find(
			ran({ "set_tid.a.x": "pass", "set_tid.b.x": verdict }),
		);
		assert.deepEqual(finding.caught, ["set_tid.b.x"]);
		assert.ok(isSound(finding, FAULT), verdict);
		assert.equal(verdictText(finding, FAULT), "set_tid.b.x");
	}
	const more = find(ran({ "set_tid.a.x": "fail", "set_tid.b.x": "fail" }));
	assert.equal(verdictText(more, FAULT), "set_tid.a.x and 1 more");
});

test("one that nothing fails by has survived, whatever was skipped or in error", async () => {
	for (const verdict of ["pass", "skip", "error", "not_run"] as const) {
		const finding = find(ran({ "set_tid.a.x": verdict }));
		assert.ok(!isSound(finding, FAULT), verdict);
		assert.equal(verdictText(finding, FAULT), "SURVIVED", verdict);
	}
});

test("a fault of no boundary may be caught anywhere", async () => {
	const fault: Fault = { ...FAULT, boundary: EVERYWHERE };
	assert.ok(isSound(find(ran({ "exe_fd.a.x": "fail" }), fault), fault));
});

test("one that other boundaries' cases do not pass with has spread, unless its entry says so", async () => {
	for (const verdict of ["fail", "crash", "timeout", "error"] as const) {
		const target = ran({ "set_tid.a.x": "fail", "exe_fd.a.x": verdict });
		const finding = find(target);
		assert.ok(!isSound(finding, FAULT), verdict);
		assert.equal(
			verdictText(finding, FAULT),
			"set_tid.a.x; SPREAD to exe_fd.a.x",
		);
		assert.deepEqual(finding.details, [
			`exe_fd.a.x: ${verdict}: expected clone3 EPERM; observed clone3 ok (20000) (why)`,
		]);
		const announced: Fault = {
			...FAULT,
			maySpread: [{ boundary: "exe_fd", reason: "they share it" }],
		};
		assert.ok(isSound(find(target, announced), announced), verdict);
	}
});

test("an incomplete run shows nothing, but for what was caught before", async () => {
	const dead = find(ran({ "set_tid.a.x": "not_run" }, "no boot"));
	assert.ok(!isSound(dead, FAULT));
	assert.match(verdictText(dead, FAULT), /NOTHING SHOWN.*no boot/);
	assert.ok(isSound(find(ran({ "set_tid.a.x": "crash" }, "panic")), FAULT));
});

test("without a fault nothing may fail, be in error or be left out", async () => {
	assert.ok(isSound(find(ran({ "set_tid.a.x": "pass" }), null), null));
	for (const verdict of ["fail", "crash", "timeout", "error"] as const)
		assert.ok(
			!isSound(find(ran({ "set_tid.a.x": verdict }), null), null),
			verdict,
		);
	assert.ok(!isSound(find(ran({ "set_tid.a.x": "pass" }, "x"), null), null));
});

test("the page counts what was caught, and survives what stands in it", async () => {
	const finding = find(ran({ "set_tid.a.x": "fail" }));
	const survived = find(ran({ "set_tid.a.x": "pass" }));
	const page = markdown(
		[
			{ config: "base", fault: FAULT, finding },
			{ config: "base", fault: FAULT, finding: survived },
			{
				config: "base",
				fault: null,
				finding: find(ran({ "set_tid.a.x": "pass" }), null),
			},
		],
		{ date: "2020-01-01" },
	);
	assert.match(page, /- caught: 1 of 2/);
	assert.match(page, /The check \\\| was lost\. \| set_tid\.a\.x \|/);
	assert.match(
		page,
		/\| none \| {2}\| the kernel as it is \| nothing failed \|/,
	);
	assert.match(page, /SURVIVED/);
	const sound = markdown([{ config: "base", fault: FAULT, finding }], {});
	assert.match(sound, /^- caught: every one$/m);
});

test("the page in the documentation says of its rows what they show", async () => {
	const ours = (path: string): string =>
		readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
	const known = new Set(
		(JSON.parse(ours("faults/faults.json")) as Fault[]).map(({ name }) => name),
	);
	const page = ours("docs/faults.md");
	const rows = [
		...page.matchAll(/^\| ([\w-]+) \| \w* \| .* \| (.*) \|$/gm),
	].filter(([, name]) => name !== "fault");
	assert.ok(rows.length > 200, `${rows.length} rows`);
	for (const [, name = ""] of rows)
		assert.ok(name === "none" || known.has(name), `there is no fault ${name}`);
	const bad = rows.filter(([, , verdict = ""]) =>
		/SURVIVED|SPREAD|FAILED|NOTHING SHOWN/.test(verdict),
	);
	assert.equal(/^- caught: every one\b/m.test(page), bad.length === 0);
});
