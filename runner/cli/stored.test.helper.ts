import { noTotals } from "../../results/model/counts.js";
import type { CaseResult, TargetResult } from "../../results/model/model.js";
import { unobserved } from "../execute/caseResults.js";
import { KERNEL, plannedCase } from "../execute/fakes.test.helper.js";

/** A stored report of one target with one case. */
export function stored(
	verdict: "pass" | "fail" | "skip",
	more: Partial<CaseResult> = {},
): string {
	const sink = { ...noTotals(), [verdict]: 1 };
	const target: TargetResult = {
		name: "k",
		kind: "qemu",
		kernel: KERNEL,
		accel: "tcg",
		facts: {},
		tools: {},
		planned: 1,
		complete: true,
		notes: [],
		totals: sink,
		durationMs: 1,
		cases: [
			{ ...unobserved(plannedCase(0), verdict, "why", undefined), ...more },
		],
	};
	return JSON.stringify({
		schemaVersion: 2,
		tool: { name: "crcap", version: "0.1.0" },
		startedAt: "2026-11-22T00:00:00Z",
		targets: [target],
	});
}
