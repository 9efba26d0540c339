/** The list of cases. Only the rows on the screen exist, so that it stays quick with tens of thousands. */
import { isBad, letter, mark, words } from "./data.js";
import { badge, el } from "./dom.js";

/**
 * @typedef {import("./cards.js").Page} Page
 * @typedef {import("./data.js").Line} Line
 */

/** Height of a row as the style has it, pixels. */
const ROW = 34;

/** Rows made above and below the screen. */
const AROUND = 12;

/** @param {Page} page */
export function caseList(page) {
	/** @type {Line[]} */
	let lines = [];
	let active = -1;
	/** Rows that exist. @type {Map<Line, HTMLElement>} */
	let made = new Map();
	const rows = el("div.rows", {
		role: "listbox",
		tabindex: 0,
		"aria-label": "Cases",
		onclick: (/** @type {Event} */ event) => {
			const row =
				event.target instanceof Element
					? event.target.closest("[data-at]")
					: null;
			if (row instanceof HTMLElement) open(Number(row.dataset.at));
		},
		onfocus: () => {
			if (active < 0 && lines.length > 0) move(0);
		},
	});
	const empty = el("p.empty", {}, "No case passes these filters.");
	const head = el(
		"div.listhead",
		{ "aria-hidden": true },
		...(page.data.targets.length > 1
			? page.data.targets.map((target, at) =>
					el("span.mk", { title: target.name }, letter(at)),
				)
			: [el("span.mk")]),
		el("span", {}, "case"),
		el("span.out", {}, "expected → observed"),
	);
	const box = el("section.list", { "aria-label": "Cases" }, head, rows, empty);

	const draw = () => {
		const top = rows.getBoundingClientRect().top;
		const from = Math.max(0, Math.floor(-top / ROW) - AROUND);
		const to = Math.min(
			lines.length,
			Math.ceil((window.innerHeight - top) / ROW) + AROUND,
		);
		// Rows that stay are left alone: one that is replaced between press and release of a button gets no click.
		/** @type {Map<Line, HTMLElement>} */
		const now = new Map();
		for (const [n, line] of lines.slice(from, to).entries()) {
			const at = from + n;
			const there = made.get(line) ?? row(page, line, at, lines.length);
			there.classList.toggle("active", at === active);
			there.setAttribute("aria-selected", String(line.id === page.state.open));
			now.set(line, there);
		}
		for (const [line, there] of made) if (!now.has(line)) there.remove();
		made = now;
		let before = rows.firstChild;
		for (const there of now.values()) {
			if (there === before) before = there.nextSibling;
			else rows.insertBefore(there, before);
		}
		if (active >= 0)
			rows.setAttribute("aria-activedescendant", `row-${active}`);
		else rows.removeAttribute("aria-activedescendant");
	};
	/** @param {number} at */
	const reveal = (at) => {
		const y = rows.getBoundingClientRect().top + at * ROW;
		const bar =
			document.querySelector(".toolbar")?.getBoundingClientRect().height ?? 0;
		const above = bar + ROW + 8;
		if (y < above) window.scrollBy(0, y - above);
		else if (y + ROW > window.innerHeight)
			window.scrollBy(0, y + ROW + 8 - window.innerHeight);
	};
	/** @param {number} at */
	const move = (at) => {
		if (lines.length === 0) return;
		active = Math.max(0, Math.min(lines.length - 1, at));
		reveal(active);
		draw();
	};
	/** @param {number} at */
	const open = (at) => {
		move(at);
		const line = lines[active];
		if (line !== undefined) page.set({ open: line.id });
	};
	let asked = false;
	const later = () => {
		if (asked) return;
		asked = true;
		requestAnimationFrame(() => {
			asked = false;
			draw();
		});
	};
	window.addEventListener("scroll", later, { passive: true });
	window.addEventListener("resize", later);
	rows.addEventListener("keydown", (event) => {
		const page = Math.max(1, Math.floor(window.innerHeight / ROW) - 4);
		const to = {
			ArrowDown: active + 1,
			ArrowUp: active - 1,
			PageDown: active + page,
			PageUp: active - page,
			Home: 0,
			End: lines.length - 1,
		}[event.key];
		if (event.key === "Enter") open(active);
		else if (to !== undefined) move(to);
		else return;
		event.preventDefault();
	});
	return {
		box,
		/** Other lines, and which of them is open. @param {Line[]} shown */
		update(shown) {
			lines = shown;
			// Their places changed, and so may what is told of them.
			made = new Map();
			rows.replaceChildren();
			active = lines.findIndex(({ id }) => id === page.state.open);
			rows.style.height = `${lines.length * ROW}px`;
			empty.hidden = lines.length > 0;
			draw();
		},
		/** Opens the line so many steps on. @param {number} by */
		step(by) {
			open(active < 0 ? 0 : active + by);
		},
		focus: () => rows.focus({ preventScroll: true }),
		draw,
	};
}

/**
 * @param {Page} page
 * @param {Line} line
 * @param {number} at
 * @param {number} all
 */
function row(page, line, at, all) {
	const target = page.state.target === "" ? null : Number(page.state.target);
	const shown =
		(target === null ? null : line.results[target]) ??
		line.results.find((one) => one && isBad(one.verdict)) ??
		line.results.find((one) => one !== null);
	const outcome = shown
		? `${shown.expected || "–"} → ${shown.observed || words(shown.verdict)}`
		: "";
	return el(
		`div.row${line.bad ? ".isbad" : ""}`,
		{
			role: "option",
			id: `row-${at}`,
			"data-at": at,
			"aria-posinset": at + 1,
			"aria-setsize": all,
			"--top": `${at * ROW}px`,
		},
		...line.results.map((one, n) =>
			el(
				`span.mk${target !== null && n !== target ? ".off" : ""}`,
				{},
				one === null
					? el("span.absent", { title: "not planned here" }, "·")
					: badge(one.verdict, mark(one.verdict), words(one.verdict)),
			),
		),
		el(
			"span.id",
			{},
			line.id,
			line.results.some((one) => one?.known) && el("em.tag", {}, "known"),
			line.differs &&
				page.data.targets.length > 1 &&
				el("em.tag", { title: "not the same on every target" }, "≠"),
		),
		el("span.out", {}, outcome),
	);
}
