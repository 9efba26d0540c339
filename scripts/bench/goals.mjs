/** The rows of the bench: what each is made of, and what it is to reach. */
import { median } from "../lib/figures.mjs";

/**
 * What one round measures: milliseconds for runs and starts, things per second for rates, MiB for memory. What could not be
 * measured is left out.
 * @typedef {typeof KEYS[number]} Key
 * @typedef {Partial<Record<Key, number>>} Round
 */
export const KEYS = /** @type {const} */ ([
	...["boot", "coldTwo", "coldOne", "warmTwo", "smallCold", "smallWarm"],
	...["oneWarm", "qemuVersion", "nodeEmpty", "forks", "empty", "cases"],
	...["perCase", "alone", "four", "twice", "further", "peer", "peerWhole"],
]);

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {readonly Key[]} needs what must have been measured
 * @property {(at: Record<Key, number>) => number} value
 * @property {(value: number) => string} write
 * @property {{ least?: number, most?: number }} [goal] none where the row is only shown
 * @property {"run" | "overlap" | "case" | "memory"} [shows] how a missed goal is explained
 * @property {string} [run] the run that the explanation takes apart
 * @property {{ guests: number, boots: number }} [whole] of a run of the whole plan: how many guests share it, and how often it boots
 */

/** @param {number} value */
const plain = (value) => value.toFixed(2);
/** @param {number} value */
const mebibytes = (value) => `${value.toFixed(0)} MiB`;

/**
 * A ratio of two measurements.
 * @param {string} name
 * @param {Key} above
 * @param {Key} below
 * @param {Pick<Row, "goal" | "shows" | "run" | "whole">} more
 * @returns {Row}
 */
const ratio = (name, above, below, more) => ({
	name,
	needs: [above, below],
	value: (at) => at[above] / at[below],
	write: plain,
	...more,
});

/**
 * A whole or partial run over the bare boot.
 * @param {string} name
 * @param {Key} key
 * @param {number} most
 * @param {Row["whole"]} [whole]
 * @returns {Row}
 */
const overBoot = (name, key, most, whole) =>
	ratio(`${name} / a bare boot`, key, "boot", {
		goal: { most },
		shows: "run",
		run: key,
		...(whole === undefined ? {} : { whole }),
	});

/** @type {readonly Row[]} */
export const ROWS = [
	overBoot("whole plan, cold, two guests", "coldTwo", 3.5, {
		guests: 2,
		boots: 1,
	}),
	overBoot("whole plan, cold, one guest", "coldOne", 5.5, {
		guests: 1,
		boots: 1,
	}),
	overBoot("whole plan, warm, two guests", "warmTwo", 2.5, {
		guests: 2,
		boots: 0,
	}),
	overBoot("205 cases, cold", "smallCold", 1.35),
	overBoot("205 cases, warm", "smallWarm", 0.4),
	{
		name: "one case, warm / `qemu-system-x86_64 --version` and Node's empty start",
		needs: ["oneWarm", "qemuVersion", "nodeEmpty"],
		value: (at) => at.oneWarm / (at.qemuVersion + at.nodeEmpty),
		write: plain,
		goal: { most: 4 },
		shows: "run",
		run: "oneWarm",
	},
	ratio(
		"cases per second / the guest's fork, exit, wait, one guest",
		"cases",
		"forks",
		{ goal: { least: 0.35 }, shows: "case" },
	),
	{
		name: "four kernels, `--jobs 2` / half the sum of the four alone",
		needs: ["four", "alone"],
		value: (at) => at.four / (at.alone / 2),
		write: plain,
		goal: { most: 1.1 },
		shows: "overlap",
		run: "four",
	},
	{
		name: "whole plan twice / once, minus the boot",
		needs: ["twice", "coldOne", "boot"],
		value: (at) => (at.twice - at.boot) / (at.coldOne - at.boot),
		write: plain,
		goal: { least: 1.9, most: 2.1 },
		shows: "run",
		run: "twice",
	},
	{
		name: "memory of each further guest from one state (PSS)",
		needs: ["further"],
		value: (at) => at.further,
		write: mebibytes,
		goal: { most: 96 },
		shows: "memory",
	},
	ratio(
		"`virtme-ng` running `true` / whole plan, both on Debian's generic kernel",
		"peer",
		"peerWhole",
		{},
	),
];

/** What the ratios are made of, for who wants seconds. */
export const PARTS = /** @type {readonly Row[]} */ ([
	seconds("a bare boot to power-off", "boot"),
	seconds("whole plan, cold, two guests", "coldTwo"),
	seconds("whole plan, cold, one guest", "coldOne"),
	seconds("whole plan, warm, two guests", "warmTwo"),
	seconds("205 cases, cold", "smallCold"),
	seconds("205 cases, warm", "smallWarm"),
	seconds("one case, warm", "oneWarm"),
	seconds("`qemu-system-x86_64 --version`", "qemuVersion"),
	seconds("Node's empty start", "nodeEmpty"),
	rate("fork, exit, wait in the guest", "forks"),
	rate("cases that only read themselves back", "empty"),
	rate("cases, streamed to one guest", "cases"),
	{ ...rate("processes that a case makes", "perCase"), write: plain },
	seconds("four kernels alone, the sum", "alone"),
	seconds("four kernels, `--jobs 2`", "four"),
	seconds("whole plan twice, cold, one guest", "twice"),
	seconds("whole plan on the generic kernel, cold, two guests", "peerWhole"),
	seconds("`virtme-ng` running `true` on the generic kernel", "peer"),
]);

/**
 * @param {string} name
 * @param {Key} key
 * @returns {Row}
 */
function seconds(name, key) {
	return {
		name,
		needs: [key],
		value: (at) => at[key] / 1000,
		write: (value) => `${plain(value)} s`,
	};
}

/**
 * @param {string} name
 * @param {Key} key
 * @returns {Row}
 */
function rate(name, key) {
	return {
		name,
		needs: [key],
		value: (at) => at[key],
		write: (value) => `${value.toFixed(0)}/s`,
	};
}

/**
 * What a row came to. Without `median` nothing was measured.
 * @typedef {object} Figure
 * @property {string} name
 * @property {number} times in how many rounds it was measured
 * @property {number} [median]
 * @property {number} [lowest]
 * @property {number} [highest]
 * @property {{ least?: number, most?: number }} [goal]
 * @property {boolean} [reached] absent where there is no goal, or nothing was measured
 */

/**
 * @param {Row} row
 * @param {readonly Round[]} rounds
 * @returns {Figure}
 */
export function figureOf({ name, needs, value, goal }, rounds) {
	const values = rounds
		.filter((round) => needs.every((key) => round[key] !== undefined))
		.map((round) => value(/** @type {Record<Key, number>} */ (round)));
	const head = {
		name,
		times: values.length,
		...(goal === undefined ? {} : { goal }),
	};
	if (values.length === 0) return head;
	const middle = median(values);
	return {
		...head,
		median: middle,
		lowest: Math.min(...values),
		highest: Math.max(...values),
		...(goal === undefined ? {} : { reached: reaches(middle, goal) }),
	};
}

/**
 * @param {number} value
 * @param {{ least?: number, most?: number }} goal
 */
function reaches(value, { least = -Infinity, most = Infinity }) {
	return value >= least && value <= most;
}

/**
 * @param {Pick<Row, "goal" | "write">} row
 * @returns {string}
 */
export function goalText({ goal, write }) {
	if (goal === undefined) return "–";
	const { least, most } = goal;
	if (least !== undefined && most !== undefined)
		return `${write(least)} to ${write(most)}`;
	return least !== undefined
		? `≥ ${write(least)}`
		: `≤ ${write(/** @type {number} */ (most))}`;
}

/**
 * @param {readonly string[]} texts of which a row's name must hold one; none: every row
 * @returns {Set<Key>} what must be measured for those rows
 */
export function keysOf(texts) {
	const wanted = ROWS.filter(
		({ name }) =>
			texts.length === 0 || texts.some((text) => name.includes(text)),
	);
	return new Set(wanted.flatMap(({ needs }) => needs));
}
