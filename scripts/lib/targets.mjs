/** What became of each target of a run over many kernels: with `--compat` a kernel is more than one. */

/** @typedef {import("../../results/model/model.js").TargetResult} TargetResult */

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
