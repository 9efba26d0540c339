/** How much of the machine other programs take while the bench runs. */
import { readFileSync } from "node:fs";

/** The kernel's ticks in /proc, milliseconds; the same on every architecture that user space sees. */
const TICK_MS = 10;

/**
 * Processor time, milliseconds.
 * @typedef {{ busy: number, own: number, at: number }} Account busy: all processors since the boot; own: this process and those that it has waited for
 */

/**
 * @param {string} stat text of /proc/stat
 * @param {string} self text of /proc/self/stat
 * @returns {Omit<Account, "at">}
 */
export function accountOf(stat, self) {
	const [, ...all] = (/^cpu .*$/m.exec(stat)?.[0] ?? "").split(/ +/);
	const [user, nice, system, , , irq, softirq] = all.map(Number);
	// The command's name, in brackets, may hold anything. What follows begins with the third field.
	const fields = self.slice(self.lastIndexOf(")") + 2).split(" ");
	/** @param {readonly (number | undefined)[]} ticks */
	const sum = (ticks) =>
		ticks.reduce((/** @type {number} */ all, one) => all + (one ?? 0), 0) *
		TICK_MS;
	return {
		busy: sum([user, nice, system, irq, softirq]),
		own: sum(fields.slice(11, 15).map(Number)),
	};
}

/** @returns {Account} */
export function account() {
	return {
		...accountOf(
			readFileSync("/proc/stat", "utf8"),
			readFileSync("/proc/self/stat", "utf8"),
		),
		at: performance.now(),
	};
}

/**
 * @param {Account} before
 * @param {Account} after
 * @returns {number} processors that others kept busy, in the mean
 */
export function strangers(before, after) {
	const others = after.busy - before.busy - (after.own - before.own);
	return Math.max(0, others) / (after.at - before.at);
}
