/** What is counted while a run goes on. Apart from the model, whose checks take long to load and are needed later. */
import type { PlanGroup, Totals } from "./model.js";

/**
 * `pass` and `fail` judge the kernel. `skip`: a fact says that the case can't apply. `error`: the subject could
 * not be made, or the harness failed. `timeout`: the case's deadline passed. `crash`: the kernel or the guest died
 * in it. `not_run`: the run ended before its turn.
 */
export const VERDICTS = [
	"pass",
	"fail",
	"skip",
	"error",
	"timeout",
	"crash",
	"not_run",
] as const;

/** The plan by boundary and subject, for `TargetHead.groups`. A boundary that comes again later starts anew. */
export function planGroups(
	cases: Iterable<{ boundary: string; subject: string }>,
): PlanGroup[] {
	const groups: PlanGroup[] = [];
	let boundary: string | undefined;
	let open = new Map<string, PlanGroup>();
	for (const planned of cases) {
		if (planned.boundary !== boundary) {
			boundary = planned.boundary;
			open = new Map();
		}
		const known = open.get(planned.subject);
		if (known !== undefined) {
			known.cases += 1;
			continue;
		}
		const group = {
			boundary: planned.boundary,
			subject: planned.subject,
			cases: 1,
		};
		open.set(planned.subject, group);
		groups.push(group);
	}
	return groups;
}

/** No verdict yet. */
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

/** `1 case`, `2 cases`. */
export function counted(
	count: number,
	one: string,
	many: string = `${one}s`,
): string {
	return `${count} ${count === 1 ? one : many}`;
}
