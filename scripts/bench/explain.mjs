/** Where the time goes of a row whose goal is not reached: one more run of its kind, taken apart. */
import { crcapRun } from "./commands.mjs";
import { overlapOf, phasesOf } from "./phases.mjs";

/** @typedef {import("./goals.mjs").Row} Row */
/** @typedef {import("./phases.mjs").Timeline} Timeline */
/** @typedef {{ row: string, parts: { name: string, value: string }[] }} Explanation */

/**
 * A run with its timeline: one of the rounds', or one more.
 * @param {string} name
 * @param {Pick<import("./rounds.mjs").Measured, "runs" | "traced">} measured
 * @returns {Promise<import("./rounds.mjs").Traced>}
 */
export async function tracedRun(name, { runs, traced }) {
	const before = traced.get(name);
	if (before !== undefined) return before;
	const args = new Map(Object.entries(runs)).get(name) ?? [];
	const { timeline, targets } = await crcapRun(args, { traced: true });
	if (timeline === undefined) throw new Error("the run left no timeline");
	return { timeline, target: targets[0] };
}

/** @param {{ name: string, ms: number }[]} phases */
function asParts(phases) {
	const all = phases.reduce((sum, { ms }) => sum + ms, 0);
	return phases.map(({ name, ms }) => ({
		name,
		value: `${(ms / 1000).toFixed(2)} s, ${((ms * 100) / all).toFixed(0)} %`,
	}));
}

/** @typedef {readonly import("./goals.mjs").Figure[]} Medians those of the parts */

/**
 * @param {Medians} medians
 * @param {string} name
 */
const medianOf = (medians, name) =>
	Number(medians.find((one) => one.name === name)?.median);

/**
 * @param {Medians} medians
 * @returns what an empty process takes, a case that does nothing, a case in the mean, and one that costs nothing but a fork and what it
 * tries; milliseconds
 */
function caseTimes(medians) {
	/** @param {string} name */
	const each = (name) => 1000 / medianOf(medians, name);
	const fork = each("fork, exit, wait in the guest");
	const empty = each("cases that only read themselves back");
	const whole = each("cases, streamed to one guest");
	return { fork, empty, whole, least: fork + whole - empty };
}

const LEAST = "were there nothing but one fork a case and what it tries";

/**
 * @param {Medians} medians
 * @returns {Explanation["parts"]} what a case takes beside what a process takes
 */
export function partsOfCase(medians) {
	const { fork, empty, whole, least } = caseTimes(medians);
	/** @param {number} ms */
	const text = (ms) => `${ms.toFixed(2)} ms`;
	return [
		{ name: "fork, exit, wait", value: text(fork) },
		{
			name: "a case that does nothing, beyond that",
			value: text(empty - fork),
		},
		{
			name: "its operations and further processes",
			value: text(whole - empty),
		},
		{ name: "a case, the mean of all", value: text(whole) },
		{
			name: LEAST,
			value: `${text(least)}: a ratio of ${(fork / least).toFixed(2)}`,
		},
	];
}

/**
 * The bound under a run of the whole plan: no time of the runner's, of QEMU's start, of preparing, proving and answering, and no guest
 * slows another down. Who must make a subject of its own has that among what it tries.
 * @param {NonNullable<Row["whole"]>} whole
 * @param {number} tried how many cases
 * @param {Medians} medians
 * @returns {Explanation["parts"]}
 */
export function leastOf({ guests, boots }, tried, medians) {
	const boot = medianOf(medians, "a bare boot to power-off");
	const cases = (tried * caseTimes(medians).least) / 1000 / guests;
	const ratio = (boots * boot + cases) / boot;
	return Number.isFinite(ratio)
		? [{ name: LEAST, value: `${ratio.toFixed(2)} boots` }]
		: [];
}

/**
 * @param {readonly import("./memory.mjs").Memory[]} guests
 * @returns {Explanation["parts"]}
 */
export function partsOfMemory(guests) {
	return guests.map(({ pss, own }, n) => ({
		name: `guest ${n + 1} of ${guests.length}`,
		value: `${pss.toFixed(0)} MiB, of which ${own.toFixed(0)} MiB are its own`,
	}));
}

/**
 * How many cases of the whole plan are tried, by a run of it or of a part.
 * @param {Pick<import("./rounds.mjs").Measured, "target" | "planned">} measured
 */
function triedOf({ target, planned }) {
	const tried = target.cases.filter(({ durationUs }) => durationUs > 0);
	return (tried.length / target.cases.length) * planned;
}

/**
 * @param {readonly Row[]} rows those whose goal is not reached
 * @param {import("./rounds.mjs").Measured} measured
 * @param {Medians} medians
 * @returns {Promise<Explanation[]>}
 */
export async function explain(rows, measured, medians) {
	/** @type {Explanation[]} */
	const explanations = [];
	for (const { name, shows, run, whole } of rows) {
		if (shows === "case")
			explanations.push({ row: name, parts: partsOfCase(medians) });
		else if (shows === "memory")
			explanations.push({ row: name, parts: partsOfMemory(measured.memory) });
		else if (run !== undefined) {
			const { timeline } = await tracedRun(run, measured);
			const phases =
				shows === "overlap" ? overlapOf(timeline) : phasesOf(timeline);
			const least =
				whole === undefined ? [] : leastOf(whole, triedOf(measured), medians);
			explanations.push({ row: name, parts: [...asParts(phases), ...least] });
		}
	}
	return explanations;
}
