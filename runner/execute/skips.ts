/** Whether so much was skipped that a kernel was not really tried. */
import type { PlannedCase } from "../common/suiteApi.js";

export interface SkipLimit {
	/** How much of the plan may be skipped, percent; all where nothing is said. */
	readonly maxSkipped?: number;
	/** How often the plan is repeated in `cases`. */
	readonly repeat?: number;
}

/** Why the run is incomplete: a kernel that lacks most of what is asked for was not tried, whatever the rest says. */
export function tooManySkips(
	cases: readonly PlannedCase[],
	{ maxSkipped = 100, repeat = 1 }: SkipLimit,
): string | undefined {
	const all = cases.length / repeat;
	const skips = cases.slice(0, all).filter(({ skip }) => skip !== undefined);
	if (skips.length * 100 <= all * maxSkipped) return undefined;
	const why = mostFrequent(skips.map(({ skip = "" }) => skip));
	return `${skips.length} of ${all} cases could not apply here, more than ${maxSkipped} % (--max-skipped), most of them since ${why}`;
}

function mostFrequent(texts: readonly string[]): string {
	const counts = new Map<string, number>();
	for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
	return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? "";
}
