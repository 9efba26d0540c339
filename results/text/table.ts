/** The table of suites by subject, as cells for any format. */
import { counted } from "../model/counts.js";
import type { Totals } from "../model/model.js";
import {
	bad,
	isBad,
	subjects,
	sum,
	type TargetSummary,
	worst,
} from "../model/summary.js";

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

/** Rows that a table may have before subjects without trouble are put together by their families, or left out. */
const MAX_ROWS = 40;

export interface Row {
	/** A subject, or a family of them: `uid1000-* (5)`. */
	subject: string;
	cells: string[];
}

export interface Table {
	suites: string[];
	rows: Row[];
	/** Subjects that are left out, as nothing of theirs went wrong. */
	quiet: number;
}

/** A row a subject, a column a suite. Where that gets long, subjects without trouble share a row. */
export function table(target: TargetSummary): Table {
	const suites = [...target.groups.keys()];
	const all = subjects(target);
	const row = (label: string, members: readonly string[]): Row => ({
		subject: label,
		cells: suites.map((suite) =>
			cell(sum(members.flatMap((one) => of(target, suite, one)))),
		),
	});
	const single = all.map((subject) => row(subject, [subject]));
	if (all.length <= MAX_ROWS) return { suites, rows: single, quiet: 0 };
	const trouble = new Set(
		single
			.filter(({ cells }) => cells.some(isTrouble))
			.map(({ subject }) => subject),
	);
	const family = families(all.filter((subject) => !trouble.has(subject)));
	const members = groupBy(all, (one) => family.get(one) ?? one);
	if (members.size > MAX_ROWS + trouble.size) {
		const rows = single.filter(({ subject }) => trouble.has(subject));
		return { suites, rows, quiet: all.length - rows.length };
	}
	const rows = [...members].map(([label, names]) =>
		row(names.length === 1 ? label : `${label} (${names.length})`, names),
	);
	return { suites, rows, quiet: 0 };
}

function of(target: TargetSummary, suite: string, subject: string) {
	const totals = target.groups.get(suite)?.get(subject);
	return totals === undefined ? [] : [totals];
}

/** The family of each subject that has one: others with the same first part, before `-` or else before `_`. */
function families(names: readonly string[]): Map<string, string> {
	const found = new Map<string, string>();
	for (const mark of ["-", "_"]) {
		const left = names.filter(
			(name) => !found.has(name) && name.includes(mark),
		);
		for (const [first, same] of groupBy(
			left,
			(name) => name.split(mark)[0] ?? name,
		)) {
			if (same.length < 2) continue;
			for (const name of same) found.set(name, `${first}${mark}*`);
		}
	}
	return found;
}

/** The names by a key, in their order. */
function groupBy(
	names: readonly string[],
	key: (name: string) => string,
): Map<string, string[]> {
	const groups = new Map<string, string[]>();
	for (const name of names) {
		const group = groups.get(key(name)) ?? [];
		groups.set(key(name), group);
		group.push(name);
	}
	return groups;
}

function isTrouble(cell: string): boolean {
	return !["", "ok", "skip"].includes(cell);
}

/** Counts the cases of each suite. */
export function suiteRows(
	target: TargetSummary,
): { suite: string; pass: number; bad: number; skip: number }[] {
	return [...target.groups].map(([suite, each]) => {
		const totals = sum(each.values());
		const { pass, skip } = totals;
		return { suite, pass, bad: bad(totals), skip };
	});
}

/** What is said of the subjects that a table leaves out. */
export function quietWords({ rows, quiet }: Table): string {
	return rows.length === 0
		? `Nothing went wrong with any of the ${counted(quiet, "subject")}.`
		: `Nothing went wrong with the other ${counted(quiet, "subject")}.`;
}
