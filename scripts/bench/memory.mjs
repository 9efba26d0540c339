/** The memory of the guests of a run, while it runs. */
import { readdirSync, readFileSync } from "node:fs";

/** How often the guests are looked at, milliseconds. */
const LOOK_MS = 200;

/**
 * What one QEMU takes, MiB: its proportional set size, in which a page that several processes share counts in parts, and what
 * only it has.
 * @typedef {{ pss: number, own: number }} Memory
 */

/**
 * @param {string} text of /proc/PID/smaps_rollup
 * @returns {Memory}
 */
export function memoryOf(text) {
	/** @param {string} name */
	const mebibytes = (name) =>
		Number(new RegExp(`^${name}: +(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) /
		1024;
	return {
		pss: mebibytes("Pss"),
		own: mebibytes("Private_Clean") + mebibytes("Private_Dirty"),
	};
}

/** @param {readonly Memory[]} guests */
export const sumOfPss = (guests) =>
	guests.reduce((sum, { pss }) => sum + pss, 0);

/**
 * @param {number} runner the pid of the command
 * @returns {Memory[]} its guests' memory
 */
function guestsOf(runner) {
	return childrenOf(runner)
		.filter((pid) => read(`/proc/${pid}/comm`).startsWith("qemu"))
		.map((pid) => memoryOf(read(`/proc/${pid}/smaps_rollup`)));
}

/** @param {number} pid */
function childrenOf(pid) {
	try {
		return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
			read(`/proc/${pid}/task/${task}/children`).split(" ").filter(Boolean),
		);
	} catch {
		// It has just ended.
		return [];
	}
}

/**
 * @param {string} path
 * @returns {string} empty where it is gone
 */
function read(path) {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return "";
	}
}

/**
 * Looks at the guests of a run again and again.
 * @param {number} runner the pid of the command
 * @param {number} guests how many there must be at a time
 * @returns {() => readonly Memory[]} ends it, and gives the moment at which so many guests took most; none where there never were so many
 */
export function watchMemory(runner, guests) {
	/** @type {readonly Memory[]} */
	let most = [];
	const timer = setInterval(() => {
		const found = guestsOf(runner);
		if (found.length === guests && sumOfPss(found) > sumOfPss(most))
			most = found;
	}, LOOK_MS);
	return () => {
		clearInterval(timer);
		return most;
	};
}
