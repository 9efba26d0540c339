/** What the simulation of more cores is fed with: three runs, measured from inside. */
import { join } from "node:path";
import { median } from "../lib/figures.mjs";
import { TOP } from "../lib/run.mjs";
import { tracedRun } from "./explain.mjs";
import { phase, resumesOf } from "./phases.mjs";
import { casesOf, simulate } from "./simulation.mjs";

/** One and two are for comparing with what was measured. */
const CORES = [1, 2, 4, 16, 64];

/** The runs that it is fed with. */
export const FED = ["coldOne", "coldTwo", "warmTwo"];

/**
 * @param {import("./rounds.mjs").Measured} measured
 * @returns {Promise<import("./render.mjs").Simulated | undefined>} undefined where no copy was seen to come up
 */
export async function simulated(measured) {
	/** @type {import("./simulation.mjs").Rule} */
	const rule = await import(join(TOP, "dist/runner/execute/workQueue.js"));
	const one = await tracedRun("coldOne", measured);
	const two = await tracedRun("coldTwo", measured);
	const warm = await tracedRun("warmTwo", measured);
	const ran =
		one.target?.cases.filter(({ durationUs }) => durationUs > 0) ?? [];
	const resumes = resumesOf([two.timeline, warm.timeline]);
	if (resumes.length === 0) return undefined;
	const cases = casesOf(ran, phase(one.timeline, "cases"));
	const inputs = {
		start:
			phase(warm.timeline, "Node.js starts") +
			phase(warm.timeline, "until QEMU is started"),
		boot: phase(one.timeline, "boot"),
		save: phase(two.timeline, "save and resume"),
		resume: median(resumes),
		plan: phase(warm.timeline, "plan, first reply"),
		runner: one.timeline.trace.cpu / cases.length,
		tail: phase(one.timeline, "after the last reply"),
	};
	const total = cases.reduce((sum, ms) => sum + ms, 0);
	return {
		inputs: { ...inputs, case: total / cases.length },
		rows: CORES.map((cores) => {
			const cold = simulate({ ...inputs, cases }, cores, false, rule);
			const again = simulate({ ...inputs, cases }, cores, true, rule);
			const { guests, ms } = cold;
			return { cores, guests, coldMs: ms, warmMs: again.ms };
		}),
	};
}
