/** The measured part of docs/bench.md: what stands between two markers, and nothing else, is the bench's. */

const BEGIN = "<!-- bench: begin -->";
const END = "<!-- bench: end -->";

/**
 * @param {string} page
 * @returns {[from: number, to: number]} what stands between the markers
 */
function span(page) {
	const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
	if (from < 0 || to < from)
		throw new RangeError(`the page lacks ${BEGIN} and ${END}`);
	return [from + BEGIN.length, to];
}

/**
 * @param {string} page
 * @returns {string} what was measured
 */
export function measuredPart(page) {
	return page.slice(...span(page)).trim();
}

/**
 * @param {string} page
 * @param {string} text
 * @returns {string} the page with this as its measured part
 */
export function withMeasured(page, text) {
	const [from, to] = span(page);
	return `${page.slice(0, from)}\n${text.trim()}\n${page.slice(to)}`;
}

/**
 * @param {string} text
 * @returns {string[][]} the cells of every line of its tables but the rules
 */
export function tableRows(text) {
	return text
		.split("\n")
		.filter((line) => line.startsWith("| "))
		.map((line) =>
			line
				.slice(1, -1)
				.split(" | ")
				.map((cell) => cell.trim()),
		);
}

/**
 * @param {string} text
 * @returns {number} how many cases the plan had that was measured
 */
export function plannedIn(text) {
	return Number(/the plan of (\d+) cases/.exec(text)?.[1]);
}
