/** What the bench tells, as Markdown that also reads well as text. */
import { table } from "../lib/figures.mjs";
import { goalText, PARTS, ROWS } from "./goals.mjs";

/** @typedef {import("./goals.mjs").Figure} Figure */
/** @typedef {import("./goals.mjs").Row} Row */

/** A machine on which others keep more processors busy than this is not the bench's own. */
const QUIET = 0.1;

/**
 * All that the bench found; the form of `--json`, which docs/bench.md tells.
 * @typedef {object} Findings
 * @property {1} version of this form
 * @property {{ cpu: string, cores: number, node: string, qemu: string } & import("./rounds.mjs").Shared} machine
 * @property {{ release: string, arch: string, accel: string }} kernel
 * @property {number} planned cases of the plan
 * @property {number} small cases of the small run
 * @property {readonly import("./goals.mjs").Round[]} rounds
 * @property {readonly Figure[]} rows
 * @property {readonly Figure[]} parts
 * @property {readonly import("./explain.mjs").Explanation[]} missed
 * @property {Simulated} [simulated] where the runs were taken that it needs
 * @property {string} [peer] virtme-ng's version
 * @property {readonly string[]} notes
 */

/**
 * @typedef {object} Simulated
 * @property {Record<string, number>} inputs milliseconds
 * @property {readonly { cores: number, guests: number, coldMs: number, warmMs: number }[]} rows
 */

/** @param {string} heading @param {readonly Row[]} rows @param {readonly Figure[]} figures */
function figuresTable(heading, rows, figures) {
	const goals = figures.some(({ goal }) => goal !== undefined);
	const head = [heading, "median", "lowest to highest"];
	const body = rows.map((row) => {
		const found = figures.find(({ name }) => name === row.name);
		const cells = cellsOf(row, found);
		if (!goals) return cells;
		const reached =
			found?.reached === undefined ? "–" : found.reached ? "yes" : "no";
		return [...cells, goalText(row), reached];
	});
	return table([goals ? [...head, "goal", "reached"] : head, ...body]);
}

/**
 * @param {Row} row
 * @param {Figure | undefined} figure
 * @returns {string[]}
 */
function cellsOf({ name, write }, figure) {
	const { median, lowest, highest } = figure ?? {};
	if (median === undefined || lowest === undefined || highest === undefined)
		return [name, "not measured", "–"];
	return [name, write(median), `${write(lowest)} to ${write(highest)}`];
}

/** @param {readonly Figure[]} rows @returns {string} in how many rounds they were measured, as far as they were */
function roundsOf(rows) {
	const times = rows.map((row) => row.times).filter((n) => n > 0);
	const [least, most] = [Math.min(...times), Math.max(...times)];
	if (times.length === 0) return "no round";
	if (least < most) return `${least} to ${most} rounds`;
	return least === 1 ? "1 round" : `${least} rounds`;
}

/** @param {Findings} found @returns {string} where and how it was measured */
export function setting({ machine, kernel, planned, small, rows }) {
	const { cpu, cores, load, others, node, qemu } = machine;
	const how = kernel.accel === "tcg" ? "under emulation" : "with KVM";
	const loads = load.map((one) => one.toFixed(1)).join(", ");
	const busy =
		others > QUIET
			? ` The machine was shared: other programs kept ${others.toFixed(1)} of the ${cores} cores busy, and the load before the rounds was ${loads}. Seconds are longer than on a machine of one's own, and ratios are less exact.`
			: "";
	return `${cores} cores (${cpu}) ${how}; Node.js ${node}, QEMU ${qemu}, Linux ${kernel.release} (${kernel.arch}); the plan of ${planned} cases, ${small} in the small run; each figure of ${roundsOf(rows)}.${busy}`;
}

/** @param {readonly Figure[]} figures */
export const goalsTable = (figures) => figuresTable("measured", ROWS, figures);

/** @param {readonly Figure[]} figures */
export const partsTable = (figures) => figuresTable("part", PARTS, figures);

/** @param {import("./explain.mjs").Explanation} explanation */
const missedTable = ({ row, parts }) =>
	table([
		[row, "where it goes"],
		...parts.map(({ name, value }) => [name, value]),
	]);

/** @param {Simulated} simulated */
export function simulationTable({ rows }) {
	/** @param {number} ms */
	const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;
	return table([
		["cores (simulated)", "guests", "whole plan, cold", "whole plan, warm"],
		...rows.map(({ cores, guests, coldMs, warmMs }) => [
			...[cores, guests].map(String),
			...[coldMs, warmMs].map(seconds),
		]),
	]);
}

/** @param {Simulated} simulated */
function simulationText({ inputs }) {
	const text = Object.entries(inputs)
		.map(([name, ms]) => `${name} ${ms.toFixed(ms < 10 ? 2 : 0)} ms`)
		.join(", ");
	return `With more cores, by simulation, from what was measured here (${text}):`;
}

/** @param {Findings} found @returns {string} */
export function render(found) {
	const { rows, parts, missed, simulated, peer, notes } = found;
	return [
		setting(found),
		goalsTable(rows),
		...(missed.length === 0
			? []
			: ["Where the time goes of what is not reached, in a run of its kind:"]),
		...missed.map(missedTable),
		...(peer === undefined
			? []
			: [`The peer is virtme-ng ${peer}, measured once.`]),
		...(notes.length === 0 ? [] : [notes.map((one) => `- ${one}`).join("\n")]),
		"What the ratios are made of:",
		partsTable(parts),
		...(simulated === undefined
			? []
			: [simulationText(simulated), simulationTable(simulated)]),
	].join("\n\n");
}
