/**
 * The page's data, taken apart: rows of numbers become cases, and the same case on several targets one line.
 *
 * @typedef {{ id: string, suite: string, boundary: string, probe: string, args: string, subject: string, verdict: string,
 *   reason: string, expected: string, observed: string, citation: string, since: string, note: string,
 *   duration: number, readback: string, crprobe: string, qemu: string, console: string, known: string }} Case
 * @typedef {{ id: string, suite: string, subject: string, results: (Case | null)[], differs: boolean, bad: boolean, text: string }} Line
 * @typedef {{ name: string, kind: string, release: string, arch: string, accel: string, about: [string, string][],
 *   sentence: string, good: boolean, complete: boolean, notes: string[], consoleTail: string[], durationMs: number,
 *   totals: number[], groups: [string, [string, number[]][]][], rows: number[][] }} Target
 * @typedef {{ good: boolean, sentence: string, notes: string[], changes: { label: string, ids: string[], more: number }[] }} Lead
 * @typedef {{ lead: Lead | null, tool: string, startedAt: string, all: number, shown: number, fields: string[], verdicts: string[],
 *   targets: Target[], strings: string[] }} Raw
 * @typedef {{ raw: Raw, targets: Target[], lines: Line[], suites: string[], subjects: string[],
 *   counts: Map<string, number[]> }} Data
 */

/** Verdicts from the worst to the best. */
export const WORST = [
	"crash",
	"fail",
	"timeout",
	"error",
	"not_run",
	"pass",
	"skip",
];

/** What stands for a verdict where colour does not reach. */
export const MARKS = {
	crash: "C",
	fail: "F",
	timeout: "T",
	error: "E",
	not_run: "N",
	pass: "✓",
	skip: "–",
};

/** @param {string} verdict */
export function mark(verdict) {
	return MARKS[/** @type {keyof typeof MARKS} */ (verdict)] ?? "?";
}

/** @param {string} verdict */
export function words(verdict) {
	return verdict === "not_run" ? "not run" : verdict;
}

/** @param {string} verdict */
export function isBad(verdict) {
	return WORST.indexOf(verdict) < 5;
}

/**
 * A target's letter: A, B, …
 * @param {number} index
 * @returns {string}
 */
export function letter(index) {
	const last = String.fromCharCode(65 + (index % 26));
	return index < 26 ? last : letter(Math.floor(index / 26) - 1) + last;
}

/**
 * @param {Raw} raw
 * @returns {Data}
 */
export function decode(raw) {
	/** @type {Map<string, Line>} */
	const byId = new Map();
	for (const [at, target] of raw.targets.entries()) {
		for (const row of target.rows) add(byId, raw, at, toCase(raw, row));
	}
	const lines = [...byId.values()];
	for (const line of lines) finish(line);
	const suites = unique(
		raw.targets.flatMap((target) => target.groups.map(([name]) => name)),
	);
	const subjects = unique(
		raw.targets.flatMap(({ groups }) =>
			groups.flatMap(([, each]) => each.map(([name]) => name)),
		),
	);
	// Cases that only a later target has stand with their suite.
	const order = new Map(suites.map((name, at) => [name, at]));
	lines.sort((a, b) => (order.get(a.suite) ?? 0) - (order.get(b.suite) ?? 0));
	return {
		raw,
		targets: raw.targets,
		lines,
		suites,
		subjects,
		counts: countCells(raw),
	};
}

/**
 * @param {Raw} raw
 * @param {number[]} row
 * @returns {Case}
 */
function toCase(raw, row) {
	/** @type {Record<string, string | number>} */
	const result = {};
	for (const [at, field] of raw.fields.entries()) {
		const value = row[at] ?? 0;
		if (field === "duration") result[field] = value;
		else if (field === "verdict") result[field] = raw.verdicts[value] ?? "?";
		else result[field] = value === 0 ? "" : (raw.strings[value - 1] ?? "");
	}
	return /** @type {Case} */ (/** @type {unknown} */ (result));
}

/**
 * @param {Map<string, Line>} byId
 * @param {Raw} raw
 * @param {number} at
 * @param {Case} one
 */
function add(byId, raw, at, one) {
	let line = byId.get(one.id);
	if (line === undefined) {
		const { id, suite, subject } = one;
		const results = new Array(raw.targets.length).fill(null);
		line = {
			id,
			suite,
			subject,
			results,
			differs: false,
			bad: false,
			text: "",
		};
		byId.set(id, line);
	}
	line.results[at] = one;
}

/** @param {Line} line */
function finish(line) {
	const there = line.results.filter((one) => one !== null);
	const outcome = new Set(
		there.map((one) => `${one.verdict} ${one.expected} ${one.observed}`),
	);
	line.differs =
		outcome.size > 1 || (there.length > 0 && line.results.includes(null));
	line.bad = there.some((one) => isBad(one.verdict));
	line.text = [line.id, ...there.flatMap(searched)].join(" ").toLowerCase();
}

/** @param {Case} one */
function searched(one) {
	return [
		one.args,
		one.expected,
		one.observed,
		one.reason,
		one.citation,
		one.note,
	];
}

/**
 * Counts of verdicts by target, suite and subject. They are of all cases, shown or not.
 * @param {Raw} raw
 */
function countCells(raw) {
	/** @type {Map<string, number[]>} */
	const counts = new Map();
	for (const [at, target] of raw.targets.entries()) {
		for (const [suite, subjects] of target.groups) {
			for (const [subject, each] of subjects)
				counts.set(cellKey(at, suite, subject), each);
		}
	}
	return counts;
}

/**
 * @param {number} target
 * @param {string} suite
 * @param {string} subject
 */
export function cellKey(target, suite, subject) {
	return `${target}\n${suite}\n${subject}`;
}

/**
 * The worst verdict of a cell, and how many cases have a bad one.
 * @param {Data} data
 * @param {number} target
 * @param {string} suite
 * @param {string} subject
 */
export function cell(data, target, suite, subject) {
	const counts = data.counts.get(cellKey(target, suite, subject));
	if (counts === undefined) return null;
	/** @param {string} verdict */
	const of = (verdict) => counts[data.raw.verdicts.indexOf(verdict)] ?? 0;
	const verdict = WORST.find((one) => of(one) > 0) ?? "skip";
	const bad = WORST.filter(isBad).reduce((sum, one) => sum + of(one), 0);
	const all = counts.reduce((sum, count) => sum + count, 0);
	const said = WORST.filter((one) => of(one) > 0)
		.map((one) => `${of(one)} ${words(one)}`)
		.join(", ");
	return { verdict, bad, all, said };
}

/** @param {string[]} names */
function unique(names) {
	return [...new Set(names)];
}
