/** What a row expects of one operation: whether a result meets it, and how people read it. */
import {
	matchesPattern,
	type StepResult,
	takenValues,
} from "../model/observation.js";
import type { ExpectedResult } from "../model/row.js";

/**
 * Is the result what was expected of this step? A pid that another process has can't be given, so the next free one is as
 * good: the helper reports which were taken, and neither may be the one that must not come.
 */
export function meets(result: StepResult, expected: ExpectedResult): boolean {
	const cut = expected.indexOf(":");
	if (cut < 0) return result.result === expected;
	const pattern = expected.slice(cut + 1);
	if (result.result !== expected.slice(0, cut)) return false;
	// No evidence is no evidence of anything, nor of the absence of something.
	if (result.value === undefined) return false;
	const values = [result.value, ...takenValues(result)];
	return pattern.startsWith("!")
		? !values.some((value) => matchesPattern(pattern.slice(1), value))
		: values.some((value) => matchesPattern(pattern, value));
}

/** For people: `open ok, write EPERM, fork ok (not 21001)`. */
export function formatExpected(
	steps: readonly string[],
	expected: readonly ExpectedResult[],
): string {
	return expected
		.map((result, index) => {
			const step = steps[index] ?? "?";
			if (result === "-") return `${step} not tried`;
			if (!result.startsWith("0")) return `${step} ${result}`;
			if (result === "0") return `${step} ok`;
			const pattern = result.slice(2);
			return pattern.startsWith("!")
				? `${step} ok (not ${pattern.slice(1)})`
				: `${step} ok (${pattern})`;
		})
		.join(", ");
}
