/** What there is to say of one failure, for every report that people read. */

import type { CaseResult, Citation } from "../model/model.js";
import { oneLine } from "./escape.js";

/** Writes a citation as `REF, since VERSION: NOTE`. */
export function citationWords({ ref, since, note }: Citation): string {
	return `${ref}${since === undefined ? "" : `, since ${since}`}${note === undefined ? "" : `: ${note}`}`;
}

/** Label and text for each thing known of a case, safe to show, in the order of interest; replay lines and console left out. */
export function detailRows(result: CaseResult): [string, string][] {
	const { citation, known } = result;
	const rows: [string, string | undefined][] = [
		["tried", `${result.probe} ${result.args}`.trim()],
		["subject", result.subject],
		["read back", result.readback],
		["expected", result.expected],
		["observed", result.observed],
		["reason", result.reason],
		["citation", citation === null ? undefined : citationWords(citation)],
		[
			"known",
			known === undefined
				? undefined
				: `${known.reason}${known.until === undefined ? "" : ` (until ${known.until})`}`,
		],
	];
	return rows
		.filter(
			(row): row is [string, string] => row[1] !== undefined && row[1] !== "",
		)
		.map(([label, text]) => [label, oneLine(text)]);
}
