/** How much of the code the unit tests reach, held against the least that they must. */
import { readFileSync } from "node:fs";

/**
 * @param {string} summary the file that tap wrote: percentages by kind under `total`
 * @param {string} floor the file with the least percentage of each kind
 * @returns {[name: string, failure: string]} as a check; the failure is empty where nothing is below its floor
 */
export function judgeCoverage(summary, floor) {
	/** @type {Record<string, number>} */
	const least = JSON.parse(readFileSync(floor, "utf8"));
	const kinds = Object.keys(least);
	/** @type {Record<string, { pct: number }>} */
	let total;
	try {
		total = JSON.parse(readFileSync(summary, "utf8")).total;
	} catch (error) {
		return [
			"coverage",
			`tap left no coverage: ${/** @type {Error} */ (error).message}`,
		];
	}
	const shown = kinds.map((kind) => `${kind} ${total[kind]?.pct} %`).join(", ");
	const low = kinds.filter(
		(kind) => !((total[kind]?.pct ?? 0) >= (least[kind] ?? 0)),
	);
	return [
		`coverage of the unit tests: ${shown}`,
		low
			.map((kind) => `${kind}: at least ${least[kind]} % (${floor})`)
			.join("\n"),
	];
}
