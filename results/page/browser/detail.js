/** One case in full: on one target as a list, on several side by side. */
import { isBad, letter, mark, words } from "./data.js";
import { badge, el } from "./dom.js";
import { refusedBy } from "./evidence.js";
import { replay } from "./replay.js";

/**
 * @typedef {import("./data.js").Line} Line
 * @typedef {import("./data.js").Case} Case
 * @typedef {import("./data.js").Data} Data
 */

/** What is told of a case, in the order of interest. @type {[string, (one: Case) => string][]} */
const ROWS = [
	["Tried", (one) => `${one.probe} ${one.args}`.trim()],
	["As", (one) => one.subject],
	["Read back", (one) => one.readback],
	["Expected", (one) => one.expected],
	["Observed", (one) => one.observed],
	["Refused by", (one) => refusedBy(one.observed)],
	[
		"Points at",
		(one) =>
			isBad(one.verdict) && !one.id.split(".").includes(one.boundary)
				? one.boundary
				: "",
	],
	["Why", (one) => one.reason],
	["Citation", cited],
	["Known", (one) => one.known],
	[
		"Time",
		(one) =>
			one.duration === 0
				? ""
				: `${(one.duration / 1000).toLocaleString("en")} ms`,
	],
];

/** @param {Case} one */
function cited({ citation, since, note }) {
	return [citation, since && `since ${since}`, note].filter(Boolean).join(", ");
}

/**
 * @param {Data} data
 * @param {Line} line
 * @param {{ close: () => void, step: (by: number) => void } | null} act Absent on paper.
 */
export function detail(data, line, act) {
	const there = line.results.flatMap((one, at) =>
		one === null ? [] : [{ one, at }],
	);
	const many = data.targets.length > 1;
	return el(
		"article.detail",
		{ "aria-labelledby": act ? "detail-title" : undefined },
		el(
			"div.detailhead",
			{},
			el(
				"h2",
				{
					id: act ? "detail-title" : undefined,
					tabindex: act ? -1 : undefined,
				},
				line.id,
			),
			act && controls(act),
		),
		many ? sideBySide(data, there) : single(there[0]?.one),
		...there.flatMap(({ one, at }) => replay(data, one, at, there, many)),
		...there.flatMap(({ one, at }) => console_(data, one, at, many)),
	);
}

/** @param {{ close: () => void, step: (by: number) => void }} act */
function controls(act) {
	return el(
		"div.controls",
		{},
		el(
			"button.ghost",
			{
				type: "button",
				title: "previous case (k)",
				"aria-label": "previous case",
				onclick: () => act.step(-1),
			},
			"↑",
		),
		el(
			"button.ghost",
			{
				type: "button",
				title: "next case (j)",
				"aria-label": "next case",
				onclick: () => act.step(1),
			},
			"↓",
		),
		el(
			"button.ghost",
			{
				type: "button",
				title: "close (Esc)",
				"aria-label": "close",
				onclick: act.close,
			},
			"✕",
		),
	);
}

/** @param {Case} one */
function verdict(one) {
	return el(
		"span.said",
		{},
		badge(one.verdict, mark(one.verdict), ""),
		` ${words(one.verdict)}`,
	);
}

/** @param {Case | undefined} one */
function single(one) {
	if (one === undefined) return null;
	return el(
		"dl.facts",
		{},
		el("dt", {}, "Verdict"),
		el("dd", {}, verdict(one)),
		...ROWS.flatMap(([label, of]) => {
			const value = of(one);
			if (value === "") return [];
			const odd =
				isBad(one.verdict) && (label === "Expected" || label === "Observed")
					? ".odd"
					: "";
			return [el("dt", {}, label), el(`dd${odd}`, {}, value)];
		}),
	);
}

/**
 * @param {Data} data
 * @param {{ one: Case, at: number }[]} there
 */
function sideBySide(data, there) {
	return el(
		"div.scroll",
		{},
		el(
			"table.beside",
			{},
			el(
				"thead",
				{},
				el(
					"tr",
					{},
					el("td"),
					...there.map(({ at }) =>
						el(
							"th",
							{ scope: "col", title: data.targets[at]?.name },
							el("span.letter", {}, letter(at)),
							` ${data.targets[at]?.release}`,
						),
					),
				),
			),
			el(
				"tbody",
				{},
				el(
					"tr",
					{},
					el("th", { scope: "row" }, "Verdict"),
					...there.map(({ one }) => el("td", {}, verdict(one))),
				),
				...ROWS.flatMap(([label, of]) =>
					besideRow(
						label,
						there.map(({ one }) => of(one)),
						there.map(({ one }) => isBad(one.verdict)),
					),
				),
			),
		),
	);
}

/**
 * The value that most have, the first of several.
 * @param {string[]} values
 */
function commonest(values) {
	/** @param {string} value */
	const count = (value) => values.filter((one) => one === value).length;
	return values.reduce((best, value) =>
		count(value) > count(best) ? value : best,
	);
}

/**
 * @param {string} label
 * @param {string[]} values
 * @param {boolean[]} bads Which of them are of a case that did not pass.
 */
function besideRow(label, values, bads) {
	if (values.every((value) => value === "")) return [];
	const good = values.filter((_, at) => !bads[at]);
	const usual = commonest(good.length > 0 ? good : values);
	// Neighbours that say the same share a cell, so that there is space to read.
	/** @type {{ value: string, wide: number }[]} */
	const runs = [];
	for (const value of values) {
		const last = runs.at(-1);
		if (last?.value === value) last.wide += 1;
		else runs.push({ value, wide: 1 });
	}
	const cells = runs.map(({ value, wide }) =>
		el(value === usual ? "td" : "td.odd", { colspan: wide }, value || "–"),
	);
	return [el("tr", {}, el("th", { scope: "row" }, label), ...cells)];
}

/**
 * @param {Data} data
 * @param {Case} one
 * @param {number} at
 * @param {boolean} many
 */
function console_(data, one, at, many) {
	if (one.console === "") return [];
	return [
		el(
			"h3",
			{},
			`Console${many ? ` (${letter(at)}, ${data.targets[at]?.release})` : ""}`,
		),
		el("pre.console", {}, one.console),
	];
}
