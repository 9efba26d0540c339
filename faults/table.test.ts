import assert from "node:assert/strict";
import { test } from "tap";
import type { CaseResult, TargetResult } from "../results/model/model.js";
import {
	EVERYWHERE,
	type Fault,
	findingOf,
	isSound,
	together,
	verdictText,
} from "./table.js";

const FAULT: Fault = {
	name: "set_tid-check_missing",
	part: "set_tid",
	kind: "check missing",
	description: "The check | was lost.",
	caughtBy: "anyone",
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

test("a fault that a case of its part fails by is caught", async () => {
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

test("a fault of no one part may be caught anywhere", async () => {
	const fault: Fault = { ...FAULT, part: EVERYWHERE };
	assert.ok(isSound(find(ran({ "exe_fd.a.x": "fail" }), fault), fault));
});

test("one that other parts' cases do not pass with has spread, unless its entry says so", async () => {
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
			maySpread: [{ part: "exe_fd", reason: "they share it" }],
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

test("a fault is caught by the suite that has its part's name", async () => {
	const fault: Fault = { ...FAULT, name: "lsm-x", part: "lsm" };
	const about = (): string[] => ["set_tid"];
	const finding = findingOf(
		ran({ "lsm.set_tid.x": "fail", "routes.a.x": "fail" }),
		fault,
		about,
	);
	assert.deepEqual(finding.caught, ["lsm.set_tid.x"]);
	assert.deepEqual(finding.spread, ["routes.a.x"]);
});

test("boots of one kernel count as one run, whole only where each is", async () => {
	const both = together([
		ran({ "lsm.a.x": "pass" }),
		ran({ "lsm.b.x": "fail" }, "no boot"),
	]);
	assert.deepEqual(
		both.cases.map(({ id }) => id),
		["lsm.a.x", "lsm.b.x"],
	);
	assert.equal(both.complete, false);
	assert.equal(both.incompleteReason, "no boot");
	assert.equal(together([ran({ "lsm.a.x": "pass" })]).complete, true);
	assert.throws(() => together([]), /no target/);
});
