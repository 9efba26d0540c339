/** What is counted while a run goes on. Apart from the model, whose checks take long to load and are needed later. */
import type { PlanGroup, Totals } from "./model.js";

/** The plan by suite and subject, for `TargetHead.groups`. A suite that comes again later starts anew. */
export function planGroups(
	cases: Iterable<{ suite: string; subject: string }>,
): PlanGroup[] {
	const groups: PlanGroup[] = [];
	let suite: string | undefined;
	let open = new Map<string, PlanGroup>();
	for (const planned of cases) {
		if (planned.suite !== suite) {
			suite = planned.suite;
			open = new Map();
		}
		const known = open.get(planned.subject);
		if (known !== undefined) {
			known.cases += 1;
			continue;
		}
		const group = {
			suite: planned.suite,
			subject: planned.subject,
			cases: 1,
		};
		open.set(planned.subject, group);
		groups.push(group);
	}
	return groups;
}

/** Totals with no case of any verdict, to be counted up. */
export function noTotals(): Totals {
	return {
		pass: 0,
		fail: 0,
		skip: 0,
		error: 0,
		timeout: 0,
		crash: 0,
		not_run: 0,
	};
}

/** Puts a count before its noun: `1 case`, `2 cases`. */
export function counted(
	count: number,
	one: string,
	many: string = `${one}s`,
): string {
	return `${count} ${count === 1 ? one : many}`;
}
