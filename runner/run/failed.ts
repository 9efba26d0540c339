/** The cases that did not pass last time, from the report of that run. */
import type { Report } from "../../results/model/model.js";
import { isBad } from "../../results/model/summary.js";
import { UsageError } from "../common/usage.js";
import { loadReport } from "../reports/stored.js";

/** Ids that are told by name where they are no cases any more. */
const TOLD = 10;

/** What `--failed` leaves of a plan. */
export interface Failed {
	readonly ids: ReadonlySet<string>;
	/** What there is to say of those that are no cases any more; empty where there are none. */
	readonly notes: readonly string[];
	/** Why nothing is left to run; absent where something is. */
	readonly nothing?: string;
}

/**
 * Reads a stored report, JSON or TAP, for what did not pass on any of its targets.
 * @param known the ids of the cases that there are now, after the selection
 * @param all every id that there is now
 * @throws UsageError for a file that is no whole report
 */
export async function loadFailed(
	file: string,
	known: readonly string[],
	all: readonly string[],
): Promise<Failed> {
	let report: Report;
	try {
		report = await loadReport(file);
	} catch (error) {
		if (!(error instanceof UsageError)) throw error;
		throw new UsageError(`--failed: ${error.message}`);
	}
	return failedOf(report, file, known, all);
}

/** The same of a report that is read already. */
export function failedOf(
	report: Report,
	file: string,
	known: readonly string[],
	all: readonly string[],
): Failed {
	const bad = new Set(
		report.targets.flatMap(({ cases }) =>
			cases.filter(({ verdict }) => isBad(verdict)).map(({ id }) => id),
		),
	);
	const there = new Set(all);
	const gone = [...bad].filter((id) => !there.has(id));
	const ids = new Set(known.filter((id) => bad.has(id)));
	const notes = gone.length === 0 ? [] : [goneText(file, gone)];
	if (ids.size > 0) return { ids, notes };
	const why =
		bad.size === 0
			? `every case of ${file} passed or was skipped`
			: gone.length === bad.size
				? `none of the cases that did not pass in ${file} is there any more`
				: `the selection has none of the cases that did not pass in ${file}`;
	return {
		ids,
		notes,
		nothing: `--failed: ${why}: there is nothing to run, and no report is written`,
	};
}

function goneText(file: string, gone: readonly string[]): string {
	const named = gone.slice(0, TOLD).join(", ");
	const more = gone.length > TOLD ? ` and ${gone.length - TOLD} more` : "";
	return `--failed ${file}: not in the plan any more, and left out: ${named}${more}`;
}
