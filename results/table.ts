/** The table of boundaries by subject, as cells for any format. */
import type { Totals } from "./model.js";
import {
	bad,
	isBad,
	subjects,
	sum,
	type TargetSummary,
	worst,
} from "./summary.js";

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

/** Subjects in a table that all of them still fit in; beyond, those without trouble are counted. */
const MAX_ROWS = 40;

export interface Table {
	boundaries: string[];
	rows: { subject: string; cells: string[] }[];
	/** Subjects that are left out, as nothing of theirs went wrong. */
	quiet: number;
}

/** A row a subject, a column a boundary. */
export function table(target: TargetSummary): Table {
	const boundaries = [...target.groups.keys()];
	const all = subjects(target).map((subject) => ({
		subject,
		cells: boundaries.map((boundary) =>
			cell(target.groups.get(boundary)?.get(subject)),
		),
	}));
	if (all.length <= MAX_ROWS) return { boundaries, rows: all, quiet: 0 };
	const rows = all.filter(({ cells }) => cells.some(isTrouble));
	return { boundaries, rows, quiet: all.length - rows.length };
}

function isTrouble(cell: string): boolean {
	return !["", "ok", "skip"].includes(cell);
}

/** Each boundary's cases, counted. */
export function boundaryRows(
	target: TargetSummary,
): { boundary: string; pass: number; bad: number; skip: number }[] {
	return [...target.groups].map(([boundary, each]) => {
		const totals = sum(each.values());
		const { pass, skip } = totals;
		return { boundary, pass, bad: bad(totals), skip };
	});
}

/** What is said of the subjects that a table leaves out. */
export function quietWords({ rows, quiet }: Table): string {
	return rows.length === 0
		? `Nothing went wrong with any of the ${quiet} subjects.`
		: `Nothing went wrong with the other ${quiet} subjects.`;
}
