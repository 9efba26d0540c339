/** A run over many targets, and what became of each: with `--compat` a kernel is more than one. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SetupError, TOP } from "./run.mjs";

/** The command that a user types. */
export const CLI = join(TOP, "dist/crcap/main.js");

/** @typedef {import("../../results/model/model.js").TargetResult} TargetResult */

/**
 * Runs `crcap run`, whose failures are for the caller to judge.
 * @param {(folder: string) => readonly string[]} options of the command; what they need may be put into the folder
 * @returns {TargetResult[]}
 * @throws SetupError where the run came to no report
 */
export function runTargets(options) {
	const folder = mkdtempSync(join(tmpdir(), "crcap-targets-"));
	try {
		const report = join(folder, "report.json");
		const { status } = spawnSync(
			process.execPath,
			[CLI, "run", "--cold", ...options(folder), `--report=json=${report}`],
			{ stdio: ["ignore", "inherit", "inherit"] },
		);
		if (status !== 0 && status !== 1 && status !== 3)
			throw new SetupError(`crcap run ended with ${status}`, status ?? 130);
		return JSON.parse(readFileSync(report, "utf8")).targets;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** @param {TargetResult} target */
export const isSound = ({ complete, totals }) =>
	complete && totals.pass > 0 && totals.pass + totals.skip === planned(totals);

/** @param {TargetResult["totals"]} totals */
export const planned = (totals) =>
	Object.values(totals).reduce((sum, count) => sum + count, 0);

/**
 * An emulator can break, too: a guest that was lost is tried once more. What a kernel answered stands.
 * @param {TargetResult} target
 */
export const wasLost = ({ complete, totals }) =>
	totals.fail === 0 && (!complete || totals.crash > 0 || totals.timeout > 0);

/**
 * @param {TargetResult} target
 * @param {string} kernel as it was asked for
 */
const isOf = ({ name }, kernel) =>
	name === kernel ||
	name.startsWith(`${kernel}+`) ||
	name.startsWith(`${kernel}:`);

/**
 * @param {readonly string[]} kernels
 * @param {readonly TargetResult[]} targets
 * @returns {string[]} the kernels of these targets, each once
 */
export const kernelsOf = (kernels, targets) =>
	kernels.filter((kernel) => targets.some((target) => isOf(target, kernel)));

/**
 * @param {readonly TargetResult[]} first
 * @param {readonly TargetResult[]} second what was run again, by target, and maybe more
 * @returns {{ target: TargetResult, again: boolean }[]} in the first run's order; only what was lost is replaced
 */
export function lastOf(first, second) {
	const later = new Map(second.map((target) => [target.name, target]));
	return first.map((target) => {
		const other = wasLost(target) ? later.get(target.name) : undefined;
		return { target: other ?? target, again: other !== undefined };
	});
}

/**
 * @typedef {object} Setting
 * @property {string} append what is added to the kernel's command line
 * @property {string} try the name of the selection of cases
 * @property {string} [quotes] what each skip that it causes says, as a regular expression; none may be caused without
 * @property {boolean} [nothingRuns] does it leave nothing to try?
 * @property {boolean} [whole] is it tried with the whole plan when its day comes?
 * @property {string} [for] who ships it
 */

/**
 * @param {string} text an option's value
 * @param {number} least
 * @param {string} what the option takes
 * @returns {number}
 * @throws SetupError for anything else
 */
export function wholeNumber(text, least, what) {
	const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
	if (!Number.isSafeInteger(number) || number < least)
		throw new SetupError(`${what}, not "${text}"`, 2);
	return number;
}

/** Days since 1970. */
export const today = () => Math.floor(Date.now() / 86_400_000);

/**
 * @template T
 * @param {readonly T[]} rows
 * @param {number} every
 * @param {number} day since 1970
 * @returns {T[]} of each so many rows one, that of the day: in as many days each has its turn
 */
export const turnOf = (rows, every, day) =>
	rows.filter((_, i) => i % every === day % every);

/** The number of settings that are tried with the whole plan each day. */
const WHOLE_A_DAY = 2;

/**
 * @param {readonly Setting[]} settings
 * @param {number} day since 1970
 * @returns {Setting[]} those that are tried with the whole plan on that day: each has its turn
 */
export function wholeToday(settings, day) {
	const candidates = settings.filter(({ whole }) => whole === true);
	const first = (day * WHOLE_A_DAY) % Math.max(candidates.length, 1);
	return [...candidates.slice(first), ...candidates.slice(0, first)].slice(
		0,
		WHOLE_A_DAY,
	);
}

/** @typedef {{ suite?: string[], subject?: string[], case?: string[] }} Selection globs, as a configuration file has them */

/**
 * @param {Selection | readonly Selection[]} selections one, or some of which each has its day
 * @param {number} day since 1970
 * @returns {Selection}
 */
export function selectionOf(selections, day) {
	const all = /** @type {readonly Selection[]} */ ([selections].flat());
	return /** @type {Selection} */ (all[day % all.length]);
}

/**
 * @param {Setting} setting
 * @param {TargetResult} usual at least the same cases, on the kernel as it comes
 * @param {TargetResult | undefined} changed
 * @returns {string | null} what is wrong, or null
 */
export function settingTrouble(setting, usual, changed) {
	if (changed === undefined) return "the report has no word on it";
	const { totals, complete, incompleteReason } = changed;
	const other = planned(totals) - totals.pass - totals.skip;
	if (other > 0) {
		const first = changed.cases.find(
			({ verdict }) => verdict !== "pass" && verdict !== "skip",
		);
		return `${other} neither passed nor were skipped, the first ${first?.id}: ${first?.reason}`;
	}
	if (setting.nothingRuns === true)
		return totals.pass === 0
			? skipTrouble(setting, usual, changed)
			: "cases ran";
	if (!complete) return incompleteReason ?? "the run is incomplete";
	if (totals.pass === 0) return "nothing ran";
	return skipTrouble(setting, usual, changed);
}

/**
 * @param {Setting} setting
 * @param {TargetResult} usual
 * @param {TargetResult} changed
 */
function skipTrouble({ quotes }, usual, changed) {
	const before = new Set(
		usual.cases.filter(({ verdict }) => verdict === "skip").map(({ id }) => id),
	);
	const skipped = changed.cases.filter(
		({ id, verdict }) => verdict === "skip" && !before.has(id),
	);
	if (quotes === undefined)
		return skipped.length === 0
			? null
			: `${skipped.length} were skipped: ${skipped[0]?.reason}`;
	if (skipped.length === 0) return `no skip quotes "${quotes}"`;
	const silent = skipped.find(({ reason }) => !new RegExp(quotes).test(reason));
	return silent === undefined
		? null
		: `the skip of ${silent.id} does not quote "${quotes}": ${silent.reason}`;
}
