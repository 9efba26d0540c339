/** How much of the code the unit tests reach, held against the least that they must. */
import { readFileSync } from "node:fs";

/**
 * @param {string} summary the file that tap wrote: what is there and what was reached, by file and kind
 * @param {string} floor the file with the least percentage of each kind
 * @returns {[name: string, failure: string]} as a check; the failure is empty where nothing is below its floor
 */
export function judgeCoverage(summary, floor) {
	/** @type {Record<string, number>} */
	const least = JSON.parse(readFileSync(floor, "utf8"));
	const kinds = Object.keys(least);
	/** @type {Record<string, Record<string, { total: number, covered: number }>>} */
	let files;
	try {
		files = JSON.parse(readFileSync(summary, "utf8"));
	} catch (error) {
		return [
			"coverage",
			`tap left no coverage: ${/** @type {Error} */ (error).message}`,
		];
	}
	const total = Object.fromEntries(
		kinds.map((kind) => [kind, percentage(files, kind)]),
	);
	const shown = kinds.map((kind) => `${kind} ${total[kind]} %`).join(", ");
	const low = kinds.filter(
		(kind) => !((total[kind] ?? 0) >= (least[kind] ?? 0)),
	);
	return [
		`coverage of the unit tests: ${shown}`,
		low
			.map((kind) => `${kind}: at least ${least[kind]} % (${floor})`)
			.join("\n"),
	];
}

/**
 * What helps tests is no code that they must reach.
 * @param {Record<string, Record<string, { total: number, covered: number }>>} files
 * @param {string} kind
 * @returns {number} of all files but tests', with two decimals
 */
function percentage(files, kind) {
	let total = 0;
	let covered = 0;
	for (const [file, kinds] of Object.entries(files)) {
		if (file === "total" || /\.test\./.test(file)) continue;
		total += kinds[kind]?.total ?? 0;
		covered += kinds[kind]?.covered ?? 0;
	}
	return total === 0 ? 0 : Math.floor((10_000 * covered) / total) / 100;
}
