import assert from "node:assert/strict";
import { test } from "tap";
import { noTotals } from "../../results/model/counts.js";
import type { CaseResult, TargetHead } from "../../results/model/model.js";
import { unobserved } from "../execute/caseResults.js";
import { KERNEL, plannedCase, Recorder } from "../execute/fakes.test.helper.js";
import type { KnownFailure } from "../request/runRequest.js";
import { KnownFailures } from "./known.js";

const HEAD: TargetHead = {
	name: "debian:bookworm",
	kind: "qemu",
	kernel: KERNEL,
	accel: "tcg",
	facts: {},
	tools: {},
	planned: 1,
};
const KNOWN: KnownFailure = {
	case: "set_tid.probe0.*",
	reason: "fixed in 6.2",
	expires: "2026-11-22",
};
const NOW = new Date("2026-11-22T23:00:00Z");

function through(
	verdict: CaseResult["verdict"],
	known: Partial<KnownFailure> = {},
	now = NOW,
): { result: CaseResult; notes: string[]; count: number } {
	const sink = new Recorder();
	const filter = new KnownFailures(sink, [{ ...KNOWN, ...known }], now);
	filter.beginTarget(HEAD);
	filter.caseResult(unobserved(plannedCase(0), verdict, "why", undefined));
	filter.endTarget({
		complete: true,
		notes: [],
		totals: noTotals(),
		durationMs: 1,
	});
	return {
		result: sink.results[0] as CaseResult,
		notes: sink.tails[0]?.notes ?? [],
		count: filter.count,
	};
}

test("a known failure stays a failure and is marked", async () => {
	for (const verdict of ["fail", "crash", "timeout"] as const) {
		const { result, count } = through(verdict);
		assert.equal(result.verdict, verdict);
		assert.deepEqual(result.known, {
			reason: "fixed in 6.2",
			until: "2026-11-22",
		});
		assert.equal(count, 1);
	}
});

test("a known failure that passes is told", async () => {
	const { result, notes, count } = through("pass");
	assert.equal(result.known, undefined);
	assert.match(notes.join(), /set_tid\.probe0\.root-all passes.*take it off/);
	assert.equal(count, 0);
});

test("after its last day it is a failure like any other", async () => {
	const { result, notes, count } = through(
		"fail",
		{},
		new Date("2026-11-23T00:00:00Z"),
	);
	assert.equal(result.known, undefined);
	assert.match(notes.join(), /expired on 2026-11-22/);
	assert.equal(count, 0);
});

test("neither errors nor what never ran are failures that can be known", async () => {
	for (const verdict of ["error", "not_run", "skip"] as const) {
		assert.equal(through(verdict).count, 0);
	}
});

test("it may be for some kernels only, by name or release", async () => {
	assert.equal(through("fail", { kernel: "debian:*" }).count, 1);
	assert.equal(through("fail", { kernel: "6.1.*" }).count, 1);
	assert.equal(through("fail", { kernel: "6.2.*" }).count, 0);
	assert.equal(through("fail", { case: "map_files.*" }).count, 0);
});
