/** The table of boundaries by subject, as cells for any format. */
import type { Totals } from "./model.js";
import { isBad, subjects, type TargetSummary, worst } from "./summary.js";

/** What one letter after a number means in a cell. */
export const LETTERS = {
	crash: "C",
	fail: "F",
	timeout: "T",
	error: "E",
	not_run: "N",
} as const;

/** `ok`, `skip`, an empty cell where nothing was planned, or how many did not pass: `2F 1T`. */
export function cell(totals: Totals | undefined): string {
	const verdict = totals === undefined ? null : worst(totals);
	if (totals === undefined || verdict === null) return "";
	if (!isBad(verdict)) return verdict === "pass" ? "ok" : "skip";
	return Object.entries(LETTERS)
		.filter(([name]) => totals[name as keyof typeof LETTERS] > 0)
		.map(([name, letter]) => `${totals[name as keyof typeof LETTERS]}${letter}`)
		.join(" ");
}

export interface Table {
	boundaries: string[];
	rows: { subject: string; cells: string[] }[];
}

/** A row a subject, a column a boundary. */
export function table(target: TargetSummary): Table {
	const boundaries = [...target.groups.keys()];
	const rows = subjects(target).map((subject) => ({
		subject,
		cells: boundaries.map((boundary) =>
			cell(target.groups.get(boundary)?.get(subject)),
		),
	}));
	return { boundaries, rows };
}
