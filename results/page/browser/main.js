/** The page: puts its parts together, and its state into the address. */
import { header } from "./cards.js";
import { decode, isBad } from "./data.js";
import { detail } from "./detail.js";
import { counted, el } from "./dom.js";
import { caseList } from "./list.js";
import { markChosen, matrix } from "./matrix.js";
import { filtered, readState, writeState } from "./state.js";
import { refused, victims } from "./tables.js";
import { toolbar } from "./toolbar.js";

/** No more cases than this are printed in full. */
const PRINTED = 300;

const data = decode(
	JSON.parse(document.getElementById("data")?.textContent ?? "{}"),
);

/** @type {import("./cards.js").Page} */
const page = {
	data,
	state: readState(location.hash, data),
	set(change, push = true) {
		page.state = { ...page.state, ...change };
		const address = writeState(page.state, data);
		// What is typed makes no steps for the back button.
		if (push && address !== location.hash) history.pushState(null, "", address);
		else history.replaceState(null, "", address);
		show();
	},
};

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
const top = el("div");
const grid = matrix(page, choose);
const { bar, search, update: updateBar } = toolbar(page);
const list = caseList(page);
const side = el("aside", { "aria-label": "The case in full" });
const paper = el("section.paper");
const help = el("p.help", {}, ...keysHelp());
const live = el("p.heard", { role: "status", "aria-live": "polite" });
app.append(
	top,
	el(
		"main",
		{},
		grid,
		...[victims(page), refused(page)].filter((table) => table !== null),
		el("div.cases", {}, bar, el("div.split", {}, list.box, side)),
		paper,
	),
	el("footer", {}, help),
	live,
);

/** What was shown last, so that only what changes is made anew. */
let was = { theme: "?", target: "?", open: "?", rest: "?" };

function show() {
	const { theme, target, open, suite, subject, query, show: view } = page.state;
	document.documentElement.dataset.theme = theme;
	if (theme !== was.theme || target !== was.target)
		top.replaceChildren(header(page));
	const rest = JSON.stringify([suite, subject, target, query, view]);
	if (rest !== was.rest) {
		markChosen(grid, page.state);
		updateBar();
	}
	if (rest !== was.rest || open !== was.open) {
		const lines = filtered(data, page.state);
		list.update(lines);
		if (rest !== was.rest) live.textContent = counted(lines.length, "case");
	}
	if (open !== was.open) showDetail(open);
	was = { theme, target, open, rest };
}

/** @param {string} open */
function showDetail(open) {
	const line = data.lines.find(({ id }) => id === open);
	side.replaceChildren(
		...(line === undefined
			? []
			: [detail(data, line, { close, step: list.step })]),
	);
	document.body.classList.toggle("opened", line !== undefined);
	side.scrollTop = 0;
	// The list got narrower or wider.
	list.draw();
}

function close() {
	page.set({ open: "" });
	list.focus();
}

/** A cell was chosen: its cases are listed, and the one that matters is opened. @param {import("./matrix.js").Cell} cell */
function choose({ suite, subject, target }) {
	const change = {
		suite,
		subject,
		target: data.targets.length > 1 ? String(target) : "",
		query: "",
		show: "all",
	};
	const lines = filtered(data, { ...page.state, ...change });
	const line =
		lines.find(
			({ results }) =>
				results[target] &&
				["fail", "crash", "timeout", "error"].includes(results[target].verdict),
		) ?? lines[0];
	page.set({ ...change, open: line?.id ?? "" });
	bar.scrollIntoView({ block: "start" });
	list.focus();
}

function keysHelp() {
	const keys = [
		["/", "search"],
		["j k", "next, previous case"],
		["Esc", "close"],
		["a f d", "all, not passed, differing"],
		["arrows, Enter", "in the matrix and the list"],
	];
	return keys.flatMap(([key = "", what]) => [
		...key.split(", ").map((one) => el("kbd", {}, one)),
		` ${what}   `,
	]);
}

/** What single keys do where no text is typed. @type {Record<string, () => void>} */
const ACTIONS = {
	"/": () => search.focus(),
	j: () => list.step(1),
	k: () => list.step(-1),
	a: () => page.set({ show: "all" }),
	f: () => page.set({ show: "bad" }),
	d: () => data.targets.length > 1 && page.set({ show: "diff" }),
};

document.addEventListener("keydown", (event) => {
	if (event.ctrlKey || event.metaKey || event.altKey) return;
	if (event.key === "Escape") {
		if (document.activeElement === search) search.blur();
		else if (page.state.open !== "") close();
		return;
	}
	if (event.target instanceof HTMLInputElement) return;
	const action = Object.hasOwn(ACTIONS, event.key)
		? ACTIONS[event.key]
		: undefined;
	if (action === undefined) return;
	event.preventDefault();
	action();
});

for (const kind of ["popstate", "hashchange"]) {
	window.addEventListener(kind, () => {
		page.state = readState(location.hash, data);
		show();
	});
}

window.addEventListener("beforeprint", () => {
	// What never ran has nothing to tell.
	const bad = data.lines.filter(({ results }) =>
		results.some(
			(one) => one && isBad(one.verdict) && one.verdict !== "not_run",
		),
	);
	const said =
		bad.length > PRINTED
			? `The first ${PRINTED} of ${bad.length} cases that did not pass`
			: "Cases that did not pass";
	paper.replaceChildren(
		...(bad.length === 0
			? []
			: [
					el("h2", {}, said),
					...bad.slice(0, PRINTED).map((line) => detail(data, line, null)),
				]),
	);
});

show();
