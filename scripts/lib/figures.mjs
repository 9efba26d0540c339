/** Figures of the bench, for people. */

/**
 * @param {readonly number[]} values at least one
 * @returns {number} the middle one, or the mean of the two in the middle
 */
export function median(values) {
	if (values.length === 0) throw new RangeError("no values have no median");
	const sorted = [...values].sort((a, b) => a - b);
	const low = /** @type {number} */ (
		sorted[Math.floor((sorted.length - 1) / 2)]
	);
	const high = /** @type {number} */ (sorted[Math.floor(sorted.length / 2)]);
	return (low + high) / 2;
}

/**
 * A row of a table: the median of what was measured, and how far it spread.
 * @param {string} name
 * @param {readonly number[]} values
 * @param {(value: number) => string} write a value with its unit
 * @returns {[string, string, string]}
 */
export function figure(name, values, write) {
	return [
		name,
		write(median(values)),
		`${write(Math.min(...values))} to ${write(Math.max(...values))}`,
	];
}

/**
 * A Markdown table that also reads well as text.
 * @param {readonly (readonly string[])[]} rows the first is the heading
 * @returns {string}
 */
export function table(rows) {
	const widths = (rows[0] ?? []).map((_, i) =>
		Math.max(3, ...rows.map((row) => (row[i] ?? "").length)),
	);
	/** @param {readonly string[]} row */
	const line = (row) =>
		`| ${widths.map((width, i) => (row[i] ?? "").padEnd(width)).join(" | ")} |`;
	const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
	const [heading = [], ...body] = rows;
	return [line(heading), rule, ...body.map(line)].join("\n");
}
