/** The head of the page: the answer, and a card for each target. */
import { letter, WORST, words } from "./data.js";
import { counted, el, seconds } from "./dom.js";

/**
 * @typedef {import("./data.js").Data} Data
 * @typedef {import("./data.js").Target} Target
 * @typedef {{ data: Data, state: import("./state.js").State, set: (change: Partial<import("./state.js").State>, push?: boolean) => void }} Page
 */

/** @param {Page} page */
export function header(page) {
	const { data } = page;
	const { lead } = data.raw;
	const good =
		lead?.good ??
		(data.targets.length > 0 && data.targets.every((target) => target.good));
	return el(
		"header",
		{},
		el(
			"div.top",
			{},
			el(
				`span.verdict.${good ? "pass" : "fail"}`,
				{ "aria-hidden": true },
				good ? "✓" : "✗",
			),
			el(
				"div.titles",
				{},
				el("h1", {}, lead?.sentence ?? answer(data)),
				el(
					"p.sub",
					{},
					`CAP_CHECKPOINT_RESTORE conformance, ${data.raw.tool}, ${when(data.raw.startedAt)}`,
				),
			),
			jump(data),
			themeButton(page),
		),
		lead && changes(page, lead),
		data.raw.shown < data.raw.all && tooMany(data),
		el(
			"div.cards",
			{ role: "list" },
			...data.targets.map((target, at) => card(page, target, at)),
		),
	);
}

/** @param {Data} data */
function answer(data) {
	const [only] = data.targets;
	if (only === undefined) return "No target was tried";
	if (data.targets.length === 1) return only.sentence;
	const good = data.targets.filter((target) => target.good).length;
	if (good === data.targets.length) return `All ${good} kernels passed`;
	return `${good} of ${counted(data.targets.length, "target")} passed`;
}

/**
 * The way to what did not pass, past the matrix.
 * @param {Data} data
 */
function jump(data) {
	const bad = data.lines.filter((line) => line.bad).length;
	if (bad === 0) return null;
	return el(
		"button.jump.ghost",
		{
			type: "button",
			onclick: () => document.querySelector(".cases")?.scrollIntoView(),
		},
		`${counted(bad, "case")} did not pass ↓`,
	);
}

/**
 * What changed, of a comparison.
 * @param {Page} page
 * @param {import("./data.js").Lead} lead
 */
function changes(page, lead) {
	if (lead.notes.length + lead.changes.length === 0) return null;
	return el(
		"section.changes",
		{ "aria-label": "What changed" },
		...lead.notes.map((note) => el("p", {}, note)),
		...lead.changes.map(({ label, ids, more }, at) =>
			el(
				"details",
				{ open: at === 0 },
				el("summary", {}, `${label}: ${ids.length + more}`),
				el(
					"div.ids",
					{},
					...ids.map((id) =>
						el(
							"button.ghost",
							{
								type: "button",
								onclick: () => {
									page.set({ open: id, show: "all" });
									document.querySelector(".cases")?.scrollIntoView();
								},
							},
							id,
						),
					),
					more > 0 && `and ${more} more`,
				),
			),
		),
	);
}

/** @param {Data} data */
function tooMany({ raw }) {
	return el(
		"p.banner",
		{},
		`This page holds ${raw.shown.toLocaleString("en")} of ${raw.all.toLocaleString("en")} cases: what did not pass, and the first of the others. The matrix counts all; the JSON report holds all.`,
	);
}

/** @param {string} iso */
function when(iso) {
	const date = new Date(iso);
	return Number.isNaN(date.getTime())
		? iso
		: date
				.toISOString()
				.replace("T", " ")
				.replace(/:\d\d\.\d+Z$/, " UTC");
}

/** @param {Page} page */
function themeButton(page) {
	const next = { "": "dark", dark: "light", light: "" };
	const now = /** @type {keyof typeof next} */ (page.state.theme);
	return el(
		"button.ghost.theme",
		{
			type: "button",
			onclick: () => page.set({ theme: next[now] }),
			title: "light, dark, or as the system has it",
		},
		{ "": "◐ auto", dark: "● dark", light: "○ light" }[now],
	);
}

/**
 * @param {Page} page
 * @param {Target} target
 * @param {number} at
 */
function card(page, target, at) {
	const many = page.data.targets.length > 1;
	const chosen = page.state.target === String(at);
	return el(
		`section.card${target.good ? "" : ".bad"}`,
		{ role: "listitem", "aria-label": target.name },
		el(
			"div.cardhead",
			{},
			many &&
				el(
					"button.letter",
					{
						type: "button",
						"aria-pressed": chosen,
						title: chosen ? "show all targets" : "only this target",
						onclick: () => page.set({ target: chosen ? "" : String(at) }),
					},
					letter(at),
				),
			el("h2", {}, target.name),
			!target.complete && el("span.tag", {}, "incomplete"),
		),
		el(
			"p.kernel",
			{},
			`${target.release} · ${target.arch} · ${target.accel} · ${seconds(target.durationMs)}`,
		),
		bar(page.data, target),
		many && el("p", {}, target.sentence),
		target.notes.length > 0 &&
			el("ul.notes", {}, ...target.notes.map((note) => el("li", {}, note))),
		about(target),
	);
}

/**
 * The totals as a bar, and in words below it.
 * @param {Data} data
 * @param {Target} target
 */
function bar({ raw }, target) {
	const parts = WORST.map((verdict) => ({
		verdict,
		count: target.totals[raw.verdicts.indexOf(verdict)] ?? 0,
	})).filter(({ count }) => count > 0);
	const said = parts
		.map(({ verdict, count }) => `${count} ${words(verdict)}`)
		.join(", ");
	return el(
		"div",
		{},
		el(
			"div.bar",
			{ role: "img", "aria-label": said },
			...parts.map(({ verdict, count }) =>
				el(`span.${verdict}`, { "--part": count }),
			),
		),
		el(
			"p.legend",
			{},
			...parts.map(({ verdict, count }) =>
				el("span", {}, el(`i.${verdict}`), `${count} ${words(verdict)}`),
			),
		),
	);
}

/** @param {Target} target */
function about(target) {
	return el(
		"details",
		{},
		el("summary", {}, "About this kernel and run"),
		el(
			"dl",
			{},
			...target.about.flatMap(([name, value]) => [
				el("dt", {}, name),
				el("dd", {}, value),
			]),
		),
		target.consoleTail.length > 0 && el("h3", {}, "The console's last lines"),
		target.consoleTail.length > 0 &&
			el("pre", {}, target.consoleTail.join("\n")),
	);
}
