/** The bar of filters: search, views with their counts, and what else is chosen. */
import { letter, WORST, words } from "./data.js";
import { el } from "./dom.js";
import { filtered } from "./state.js";

/**
 * @typedef {import("./cards.js").Page} Page
 */

/**
 * The bar, and a function that shows another state in it.
 * @param {Page} page
 */
export function toolbar(page) {
	const search = /** @type {HTMLInputElement} */ (
		el("input", {
			type: "search",
			placeholder: "Search: id, errno, reason, commit",
			"aria-label": "Search cases",
			"aria-keyshortcuts": "/",
			spellcheck: "false",
			oninput: () => page.set({ query: search.value }, false),
		})
	);
	const views = el("div.views", { role: "group", "aria-label": "Show" });
	const chips = el("div.chips");
	const bar = el(
		"div.toolbar",
		{ role: "search" },
		el("div.searchbox", {}, search, el("kbd", { "aria-hidden": true }, "/")),
		views,
		chips,
	);
	const update = () => {
		if (search.value !== page.state.query) search.value = page.state.query;
		const held =
			document.activeElement instanceof HTMLElement &&
			views.contains(document.activeElement)
				? document.activeElement.dataset.view
				: undefined;
		views.replaceChildren(...buttons(page));
		chips.replaceChildren(...chosen(page));
		if (held !== undefined)
			/** @type {HTMLElement | null} */ (
				views.querySelector(`[data-view="${held}"]`)
			)?.focus();
	};
	return { bar, search, update };
}

/** @param {Page} page */
function buttons(page) {
	const { data, state } = page;
	/** @type {[string, string][]} */
	const views = [
		["all", "All"],
		["bad", "Not passed"],
	];
	if (data.targets.length > 1) views.push(["diff", "Differs"]);
	const always = views.length;
	for (const verdict of WORST) views.push([verdict, words(verdict)]);
	return views.flatMap(([view, label], at) => {
		const count = filtered(data, state, view).length;
		if (count === 0 && at >= always && state.show !== view) return [];
		return [
			el(
				`button.view${at >= always ? `.${view}` : ""}`,
				{
					type: "button",
					"data-view": view,
					"aria-pressed": state.show === view,
					onclick: () => page.set({ show: view }),
				},
				label,
				el("span.count", {}, count.toLocaleString("en")),
			),
		];
	});
}

/** @param {Page} page */
function chosen(page) {
	const { state, data } = page;
	/** @type {[keyof import("./state.js").State, string][]} */
	const all = [
		["suite", state.suite],
		["subject", state.subject],
		[
			"target",
			state.target === ""
				? ""
				: `${letter(Number(state.target))}: ${data.targets[Number(state.target)]?.name}`,
		],
	];
	const chips = all
		.filter(([, value]) => value !== "")
		.map(([field, value]) =>
			el(
				"button.chip",
				{
					type: "button",
					title: `show every ${field}`,
					"aria-label": `${field} ${value}: remove this filter`,
					onclick: () => page.set({ [field]: "" }),
				},
				el("span.field", {}, `${field} `),
				value,
				el("span", { "aria-hidden": true }, " ×"),
			),
		);
	if (chips.length === 0 && state.query === "") return [];
	return [
		...chips,
		el(
			"button.ghost",
			{
				type: "button",
				onclick: () =>
					page.set({ suite: "", subject: "", target: "", query: "" }),
			},
			"Clear",
		),
	];
}
