/** The matrix: subjects down, suites across, and under each suite the targets. */
import { cell, letter, mark } from "./data.js";
import { counted, el } from "./dom.js";
import { cellOf, keys } from "./matrixKeys.js";

/** Subjects shown before one asks for the rest. */
const ROWS = 40;

/**
 * @typedef {import("./cards.js").Page} Page
 * @typedef {import("./matrixKeys.js").Cell} Cell
 */

/**
 * @param {Page} page
 * @param {(cell: Cell) => void} choose What a click or Enter on a cell does.
 */
export function matrix(page, choose) {
	const { data } = page;
	const many = data.targets.length > 1;
	const body = el("tbody");
	const table = el(
		"table.matrix",
		{ role: "grid", "aria-label": "Verdicts by subject and suite" },
		heads(page, many),
		body,
	);
	const first = firstShown(data);
	for (const subject of first) body.append(row(page, subject, many));
	const left = data.subjects.length - first.length;
	const more = el(
		"button.ghost.more",
		{
			type: "button",
			onclick: () => {
				body.replaceChildren(
					...data.subjects.map((subject) => row(page, subject, many)),
				);
				more.remove();
				table.querySelector("td[data-suite]")?.setAttribute("tabindex", "0");
				markChosen(body, page.state);
			},
		},
		`Show the other ${counted(left, "subject")}`,
	);
	table.addEventListener("click", (event) => {
		const found = cellOf(event.target);
		if (found !== null) choose(found);
	});
	table.addEventListener("keydown", (event) => keys(table, event, choose));
	table.querySelector("td[data-suite]")?.setAttribute("tabindex", "0");
	return el(
		"section.matrixbox",
		{ "aria-labelledby": "matrix-title" },
		title(many),
		el("div.scroll", {}, table),
		left > 0 && more,
		legend(),
	);
}

/**
 * The subjects that are shown unasked, in their order: those with whom something went wrong, and as many of the others as fit.
 * @param {import("./data.js").Data} data
 */
function firstShown(data) {
	if (data.subjects.length <= ROWS) return data.subjects;
	const bad = new Set(
		data.lines.filter((line) => line.bad).map(({ subject }) => subject),
	);
	const left = Math.max(0, ROWS - bad.size);
	const others = data.subjects.filter((subject) => !bad.has(subject));
	const shown = new Set([
		...[...bad].slice(0, 2 * ROWS),
		...others.slice(0, left),
	]);
	return data.subjects.filter((subject) => shown.has(subject));
}

/** @param {boolean} many */
function title(many) {
	return el(
		"div.sectionhead",
		{},
		el("h2", { id: "matrix-title" }, "Suites by subject"),
		el(
			"p",
			{},
			many
				? "A cell is one subject at one suite on one target; a ringed one passed or failed other than on the first target."
				: "A cell is one subject at one suite. Choose one to see its cases.",
		),
	);
}

/**
 * @param {Page} page
 * @param {boolean} many
 */
function heads(page, many) {
	const { suites, targets } = page.data;
	const filter = (/** @type {string} */ suite) => () =>
		page.set({ suite: page.state.suite === suite ? "" : suite });
	return el(
		"thead",
		{},
		el(
			"tr",
			{},
			el("th.corner", { scope: "col", rowspan: many ? 2 : 1 }, "subject"),
			...suites.map((suite) =>
				el(
					"th.suite",
					{ scope: "colgroup", colspan: targets.length + (many ? 1 : 0) },
					el(
						"button.plain",
						{
							type: "button",
							title: `only ${suite}`,
							onclick: filter(suite),
						},
						suite,
					),
				),
			),
		),
		many &&
			el(
				"tr",
				{},
				...suites.flatMap(() => [
					gap(),
					...targets.map((target, at) =>
						el("th.sub", { scope: "col", title: target.name }, letter(at)),
					),
				]),
			),
	);
}

/**
 * @param {Page} page
 * @param {string} subject
 * @param {boolean} many
 */
function row(page, subject, many) {
	const { data } = page;
	const filter = () =>
		page.set({ subject: page.state.subject === subject ? "" : subject });
	return el(
		"tr",
		{},
		el(
			"th",
			{ scope: "row" },
			el(
				"button.plain",
				{ type: "button", title: `only ${subject}`, onclick: filter },
				subject,
			),
		),
		...data.suites.flatMap((suite) => [
			many && gap(),
			...data.targets.map((_, at) =>
				box(page, { suite, subject, target: at }, many),
			),
		]),
	);
}

/** The space between two suites. */
function gap() {
	return el("td.gap", { role: "presentation" });
}

/**
 * @param {Page} page
 * @param {Cell} where
 * @param {boolean} many
 */
function box({ data }, where, many) {
	const { suite, subject, target } = where;
	const found = cell(data, target, suite, subject);
	if (found === null) return el(`td.none`, { "aria-label": "not tried" }, "");
	const first = cell(data, 0, suite, subject);
	const changed =
		first !== null &&
		tells(first) !== tells(found) &&
		tells(found) !== "" &&
		tells(first) !== ""
			? ".changed"
			: "";
	const count = many
		? ""
		: found.bad > 0
			? ` ${found.bad}/${found.all}`
			: ` ${found.all}`;
	const name = `${subject}, ${suite}${many ? `, ${data.targets[target]?.name}` : ""}: ${found.said}`;
	return el(
		`td.${found.verdict}${changed}`,
		{
			"data-suite": suite,
			"data-subject": subject,
			"data-target": target,
			tabindex: -1,
			title: name,
			"aria-label": name,
		},
		mark(found.verdict),
		count !== "" && el("small", {}, count),
	);
}

/**
 * What a cell says of the kernel: nothing, where it was not tried.
 * @param {{ verdict: string }} found
 */
function tells({ verdict }) {
	if (verdict === "pass") return "good";
	return ["fail", "crash", "timeout"].includes(verdict) ? "bad" : "";
}

function legend() {
	const all = [
		["pass", "passed"],
		["fail", "failed"],
		["crash", "crashed the kernel"],
		["timeout", "timed out"],
		["error", "could not be tried"],
		["not_run", "not run"],
		["skip", "can't apply"],
	];
	return el(
		"p.marks",
		{},
		...all.map(([verdict = "", said = ""]) =>
			el(
				"span",
				{},
				el(`b.badge.${verdict}`, { "aria-hidden": true }, mark(verdict)),
				said,
			),
		),
	);
}

/**
 * Shows which rows and columns the filters chose.
 * @param {HTMLElement} box
 * @param {import("./state.js").State} state
 */
export function markChosen(box, state) {
	for (const one of box.querySelectorAll("th button")) {
		const name = one.textContent;
		const chosen = name === state.suite || name === state.subject;
		one.setAttribute("aria-pressed", String(chosen));
	}
	for (const one of box.querySelectorAll("td.chosen"))
		one.classList.remove("chosen");
	if (state.suite === "" || state.subject === "") return;
	for (const one of box.querySelectorAll("td[data-suite]")) {
		if (!(one instanceof HTMLElement)) continue;
		const { suite, subject, target } = one.dataset;
		const here =
			suite === state.suite &&
			subject === state.subject &&
			(state.target === "" || state.target === target);
		one.classList.toggle("chosen", here);
	}
}
