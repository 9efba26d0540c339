/** The matrix by keyboard. */

/**
 * @typedef {{ suite: string, subject: string, target: number }} Cell
 */

/**
 * The cell that holds an element.
 * @param {EventTarget | null} target
 * @returns {Cell | null}
 */
export function cellOf(target) {
	const box =
		target instanceof Element ? target.closest("td[data-suite]") : null;
	if (!(box instanceof HTMLElement)) return null;
	const { suite = "", subject = "", target: at = "0" } = box.dataset;
	return { suite, subject, target: Number(at) };
}

/** How far each arrow goes: across, down. */
const STEPS = {
	ArrowLeft: [-1, 0],
	ArrowRight: [1, 0],
	ArrowUp: [0, -1],
	ArrowDown: [0, 1],
};

/**
 * Arrows move in the grid, Enter chooses.
 * @param {HTMLElement} table
 * @param {KeyboardEvent} event
 * @param {(cell: Cell) => void} choose
 */
export function keys(table, event, choose) {
	const from =
		event.target instanceof Element ? event.target.closest("td") : null;
	const cell = cellOf(from);
	if (from === null || cell === null) return;
	if (event.key === "Enter" || event.key === " ") {
		event.preventDefault();
		choose(cell);
		return;
	}
	const step = STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
	if (step === undefined) return;
	event.preventDefault();
	const to = neighbour(table, from, step[0] ?? 0, step[1] ?? 0);
	if (to === null) return;
	from.tabIndex = -1;
	to.tabIndex = 0;
	to.focus();
}

/**
 * The next cell in a direction that holds something.
 * @param {HTMLElement} table
 * @param {HTMLTableCellElement} from
 * @param {number} across
 * @param {number} down
 */
function neighbour(table, from, across, down) {
	const rows = [...table.querySelectorAll("tbody tr")];
	let y = rows.indexOf(/** @type {Element} */ (from.parentElement));
	let x = from.cellIndex;
	for (;;) {
		x += across;
		y += down;
		const next = /** @type {HTMLTableRowElement | undefined} */ (rows[y])
			?.cells[x];
		if (next === undefined) return null;
		if (next.dataset.suite !== undefined) return next;
	}
}
