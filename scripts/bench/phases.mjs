/** Where the time of a run went, from what was noted while it ran. */

/**
 * Milliseconds since 1970; what never came is left out.
 * @typedef {object} GuestTrace
 * @property {number} spawned when its QEMU was started
 * @property {boolean} resumed whether it is a copy of a saved guest
 * @property {number} [up] when it was ready, or had proven that it is the copy
 * @property {number} [firstReply]
 * @property {number} [lastReply]
 * @property {number} [ended]
 */

/**
 * What trace.mjs writes.
 * @typedef {object} Trace
 * @property {number} node when Node.js ran the first line of the command
 * @property {number} cpu processor time that the runner took, milliseconds
 * @property {readonly GuestTrace[] & GuestTrace[]} guests in the order in which they were started
 */

/**
 * A run seen from outside: when the command was started and when it was gone, and what it noted itself.
 * @typedef {{ start: number, end: number, trace: Trace }} Timeline
 */

/** @typedef {{ name: string, ms: number }} Phase */

/**
 * The phases of a run of one kernel, one after the other: together they are the whole time.
 * @param {Timeline} timeline
 * @returns {Phase[]}
 */
export function phasesOf({ start, end, trace: { node, guests } }) {
	const [first] = guests;
	const replies = guests.filter((guest) => guest.firstReply !== undefined);
	if (first?.up === undefined || replies.length === 0)
		return [{ name: "all of it", ms: end - start }];
	// A guest that was booted may go on as a copy of itself.
	const copy = first.resumed
		? first
		: guests.find(({ resumed, up }) => resumed && up !== undefined);
	const up = Math.max(first.up, copy?.up ?? 0);
	const firstReply = Math.min(...replies.map((at) => Number(at.firstReply)));
	const lastReply = Math.max(...replies.map((at) => Number(at.lastReply)));
	const times = /** @type {[string, number][]} */ ([
		["Node.js starts", node],
		["until QEMU is started", first.spawned],
		[first.resumed ? "resume" : "boot", first.up],
		...(up > first.up ? [["save and resume", up]] : []),
		["plan, first reply", firstReply],
		["cases", lastReply],
		["after the last reply", end],
	]);
	let before = start;
	return times.map(([name, at]) => {
		const ms = at - before;
		before = at;
		return { name, ms };
	});
}

/**
 * For how long how many guests were there at a time.
 * @param {Timeline} timeline
 * @returns {Phase[]} from none to the most
 */
export function overlapOf({ start, end, trace: { guests } }) {
	const changes = guests.flatMap(({ spawned, ended = end }) => [
		{ at: spawned, by: 1 },
		{ at: ended, by: -1 },
	]);
	changes.sort((a, b) => a.at - b.at);
	/** @type {number[]} */
	const spans = [];
	let [count, before] = [0, start];
	for (const { at, by } of [...changes, { at: end, by: 0 }]) {
		spans[count] = (spans[count] ?? 0) + (at - before);
		count += by;
		before = at;
	}
	const names = ["no guest", "one guest"];
	return spans.map((ms, n) => ({ name: names[n] ?? `${n} guests`, ms }));
}

/**
 * How long copies took from their QEMU's start to their proof.
 * @param {readonly Timeline[]} timelines
 * @returns {number[]} milliseconds, of every copy
 */
export function resumesOf(timelines) {
	return timelines
		.flatMap(({ trace }) => trace.guests)
		.flatMap(({ resumed, spawned, up }) =>
			resumed && up !== undefined ? [up - spawned] : [],
		);
}

/**
 * @param {Timeline} timeline
 * @param {string} name
 * @returns {number} milliseconds; 0 where the run had no such phase
 */
export function phase(timeline, name) {
	return phasesOf(timeline).find((one) => one.name === name)?.ms ?? 0;
}
