/** What a run under a changed setting may and may not show, held against the same run without it. */
import { planned } from "./targets.mjs";

/** @typedef {import("../../results/model/model.js").TargetResult} TargetResult */
/**
 * @typedef {object} Setting
 * @property {string} append what is added to the kernel's command line
 * @property {string} try the name of the selection of cases
 * @property {string} [quotes] what each skip that it causes says, as a regular expression; none may be caused without
 * @property {boolean} [nothingRuns] does it leave nothing to try?
 * @property {string} [for] who ships it
 */

/**
 * @param {Setting} setting
 * @param {TargetResult} usual the same cases on the kernel as it comes
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
