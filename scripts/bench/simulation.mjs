/**
 * How long a run of the whole plan would take with more cores than this machine has. Guests are simulated: they take stretches of
 * cases by the rule of the runner's own queue, and each case takes as long as it was measured to take.
 */

/**
 * Measured, in milliseconds.
 * @typedef {object} Inputs
 * @property {number} start from the command's start to QEMU's
 * @property {number} boot from QEMU's start to the agent's `ready`
 * @property {number} save from `ready` until the guest goes on as a copy of itself
 * @property {number} resume from the start of a copy's QEMU until it has proven itself
 * @property {number} plan from then until the first reply
 * @property {readonly number[]} cases what each case takes one guest, in the order of the plan
 * @property {number} runner processor time that the runner takes for a case, in one thread
 * @property {number} tail from the last reply to the command's end
 */

/**
 * The runner's own rule.
 * @typedef {object} Rule
 * @property {(cases: number, most: number) => number} guestsFor how many guests share so many cases
 * @property {new (waiting: readonly number[], takers: number) => { take(): number[] }} WorkQueue which cases a guest takes next
 */

/**
 * One run of one kernel.
 * @param {Inputs} inputs
 * @param {number} cores
 * @param {boolean} warm whether the first guest is a copy of one that an earlier run saved
 * @param {Rule} rule
 * @returns {{ guests: number, ms: number }}
 */
export function simulate(inputs, cores, warm, { guestsFor, WorkQueue }) {
	const { cases } = inputs;
	const guests = guestsFor(cases.length, cores);
	const queue = new WorkQueue([...cases.keys()], guests);
	const first =
		inputs.start +
		(warm ? inputs.resume : inputs.boot + (guests > 1 ? inputs.save : 0));
	// When each guest is free. Further ones are copies of the first, and come up side by side.
	const free = Array.from({ length: guests }, (_, n) =>
		n === 0 ? first + inputs.plan : first + inputs.resume,
	);
	let last = first;
	let runnerFree = first;
	for (;;) {
		const next = free.indexOf(Math.min(...free));
		const stretch = queue.take();
		if (stretch.length === 0) break;
		const took = stretch.reduce((sum, n) => sum + (cases[n] ?? 0), 0);
		const end = Number(free[next]) + took;
		free[next] = end;
		// Replies are read as they come. The last one of a stretch can't be dealt with before it is there.
		runnerFree = Math.max(
			runnerFree + stretch.length * inputs.runner,
			end + inputs.runner,
		);
		last = Math.max(last, end);
	}
	return { guests, ms: Math.max(last, runnerFree) + inputs.tail };
}

/**
 * Measured, from the report and the timeline of a run with one guest.
 * @param {readonly { durationUs: number }[]} results cases that ran
 * @param {number} streamed from the first reply to the last, milliseconds
 * @returns {number[]} what each case takes with its share of what lies between cases
 */
export function casesOf(results, streamed) {
	const own = results.map(({ durationUs }) => durationUs / 1000);
	const between =
		(streamed - own.reduce((sum, ms) => sum + ms, 0)) / own.length;
	return own.map((ms) => ms + Math.max(0, between));
}
