/** Two tables of what a run's cases tell, each only where it has a row: CRIU's victims by who ran CRIU, and what security modules refused. */
import { isBad, letter, mark, WORST, words } from "./data.js";
import { counted, el } from "./dom.js";
import { criuOutcome, refusals } from "./evidence.js";

/**
 * @typedef {import("./cards.js").Page} Page
 * @typedef {import("./data.js").Case} Case
 * @typedef {import("./data.js").Line} Line
 */

/** A case's row: what is tried, apart from who tries it. @param {Line} line */
const rowOf = ({ id }) => id.split(".").slice(0, 2).join(".");

/**
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {() => T} make
 */
function entry(map, key, make) {
	const known = map.get(key);
	if (known !== undefined) return known;
	const made = make();
	map.set(key, made);
	return made;
}

/**
 * A table in a box of its own; null where it would be empty.
 * @param {string} title
 * @param {string} about
 * @param {string} corner
 * @param {readonly string[]} heads
 * @param {Map<string, Map<string, Node[]>>} rows Cells by row and column.
 */
function box(title, about, corner, heads, rows) {
	if (rows.size === 0) return null;
	const head = el(
		"tr",
		{},
		el("th.corner", { scope: "col" }, corner),
		...heads.map((name) => el("th.suite", { scope: "col" }, name)),
	);
	const body = [...rows].map(([name, cells]) =>
		el(
			"tr",
			{},
			el("th", { scope: "row" }, name),
			...heads.map((column) => el("td", {}, ...(cells.get(column) ?? []))),
		),
	);
	return el(
		"section.matrixbox",
		{ "aria-label": title },
		el("div.sectionhead", {}, el("h2", {}, title), el("p", {}, about)),
		el(
			"div.scroll",
			{},
			el(
				"table.matrix.told",
				{},
				el("thead", {}, head),
				el("tbody", {}, ...body),
			),
		),
	);
}

/**
 * What CRIU did in a case, and which boundary its messages point at.
 * @param {Case} one
 */
function outcomeOf(one) {
	const said = criuOutcome(one.observed);
	const outcome =
		said === "" || one.verdict === "skip" ? words(one.verdict) : said;
	return isBad(one.verdict) && one.boundary !== ""
		? `${outcome}: ${one.boundary}`
		: outcome;
}

/**
 * A button for each outcome of a case, with the letters of the targets that it had it on.
 * @param {Page} page
 * @param {Line} line
 */
function outcomes(page, line) {
	const many = page.data.targets.length > 1;
	/** @type {Map<string, { one: Case, letters: string[] }>} */
	const found = new Map();
	for (const [at, one] of line.results.entries()) {
		if (one === null) continue;
		const key = `${one.verdict} ${outcomeOf(one)}`;
		entry(found, key, () => ({ one, letters: [] })).letters.push(letter(at));
	}
	return [...found.values()].map(({ one, letters }) =>
		el(
			`button.outcome.${one.verdict}`,
			{
				type: "button",
				title: line.id,
				onclick: () =>
					page.set({
						suite: line.suite,
						subject: line.subject,
						query: "",
						show: "all",
						open: line.id,
					}),
			},
			`${many ? `${letters.join(" ")} ` : ""}${mark(one.verdict)} ${outcomeOf(one)}`,
		),
	);
}

/**
 * CRIU's victims across, and who ran CRIU down.
 * @param {Page} page
 */
export function victims(page) {
	/** @type {Map<string, Map<string, Node[]>>} */
	const rows = new Map();
	/** @type {Set<string>} */
	const heads = new Set();
	for (const line of page.data.lines) {
		if (line.suite !== "criu") continue;
		const victim = rowOf(line).slice("criu.".length);
		heads.add(victim);
		entry(rows, line.subject, () => new Map()).set(
			victim,
			outcomes(page, line),
		);
	}
	return box(
		"CRIU's victims by who ran CRIU",
		"What CRIU did, and the boundary that its messages point at where it failed.",
		"who ran CRIU",
		[...heads],
		rows,
	);
}

/**
 * What security modules refused: their profiles and contexts down, what was tried across.
 * @param {Page} page
 */
export function refused(page) {
	/** @type {Map<string, Map<string, { whats: Set<string>, label: string, cases: Case[] }>>} */
	const found = new Map();
	/** @type {Set<string>} */
	const heads = new Set();
	for (const line of page.data.lines) {
		for (const one of line.results) {
			if (one === null) continue;
			/** @type {Set<string>} */
			const met = new Set();
			for (const { module, label, what } of refusals(one.observed)) {
				const cells = entry(found, `${module}: ${label}`, () => new Map());
				const cell = entry(cells, rowOf(line), () => ({
					whats: new Set(),
					label,
					cases: [],
				}));
				cell.whats.add(what);
				if (!met.has(`${module} ${label}`)) cell.cases.push(one);
				met.add(`${module} ${label}`);
				heads.add(rowOf(line));
			}
		}
	}
	const rows = new Map(
		[...found].map(([name, cells]) => [
			name,
			new Map(
				[...cells].map(([row, { whats, label, cases }]) => [
					row,
					[
						el(
							`button.outcome.${worst(cases)}`,
							{
								type: "button",
								title: `${row}: ${counted(cases.length, "case")} with such a record`,
								onclick: () =>
									page.set({
										suite: "",
										subject: "",
										target: "",
										query: `${row}. /${label}/`,
										show: "all",
									}),
							},
							`${[...whats].join(", ")} ${cases.length}`,
						),
					],
				]),
			),
		]),
	);
	return box(
		"What security modules refused",
		"By their audit records: the capability, and the number of cases with such a record. The colour is their worst verdict.",
		"refused by, to",
		[...heads],
		rows,
	);
}

/** The worst verdict of these. @param {readonly Case[]} cases */
function worst(cases) {
	const met = new Set(cases.map(({ verdict }) => verdict));
	return WORST.find((verdict) => met.has(verdict)) ?? "skip";
}
