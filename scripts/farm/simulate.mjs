#!/usr/bin/env node
/**
 * How long a farm takes for many kernels: a simulation of Slurm's first-come queue over shards, with nodes that fail, always the
 * same for the same numbers. Prints the table of docs/farm.md.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/**
 * Seconds that a guest of an architecture takes for the whole plan on one emulated processor, boot left out, and for its boot.
 * They are assumptions, in the order of what a two-core machine measured: `--plan` and `--boot` set others.
 */
const PLAN = 60;
const BOOT = 5;
/** Architectures whose guests are emulated on nodes of another one, times so much slower. */
const SLOWNESS = [1, 1, 1, 1.5, 1.5, 1.5, 2, 2, 2, 2];

/**
 * @typedef {object} Farm
 * @property {number} kernels each for every architecture
 * @property {number} nodes
 * @property {number} cores of a node; a shard takes one
 * @property {number} shards of each plan
 * @property {number} plan seconds for a plan
 * @property {number} boot seconds for a boot
 * @property {number} overhead seconds that the queue adds to each job on its node
 * @property {number} dispatch jobs that the queue starts in a second
 * @property {number} mtbf hours between two failures of one node; its shards are run again
 * @property {number} seed
 */

/** @type {Farm} */
export const FARM = {
	kernels: 1000,
	nodes: 200,
	cores: 16,
	shards: 1,
	plan: PLAN,
	boot: BOOT,
	overhead: 2,
	dispatch: 20,
	mtbf: 720,
	seed: 1,
};

/** Numbers from 0 to 1, the same for the same seed: Marsaglia's xorshift. */
function random(/** @type {number} */ seed) {
	let state = seed >>> 0 || 1;
	return () => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		state >>>= 0;
		return state / 2 ** 32;
	};
}

/** The free cores by the time at which each is free, as a binary heap. */
class Cores {
	/** @param {number} count */
	constructor(count) {
		this.heap = Array.from({ length: count }, () => 0);
	}

	/**
	 * The earliest is busy until the time that `work` makes of its own.
	 * @param {(from: number) => number} work
	 * @returns {number} that time
	 */
	take(work) {
		const { heap } = this;
		const until = work(heap[0] ?? 0);
		heap[0] = until;
		for (let at = 0; ; ) {
			const [left, right] = [2 * at + 1, 2 * at + 2];
			let least = at;
			for (const child of [left, right])
				if ((heap[child] ?? Number.POSITIVE_INFINITY) < (heap[least] ?? 0))
					least = child;
			if (least === at) return until;
			[heap[at], heap[least]] = [heap[least] ?? 0, heap[at] ?? 0];
			at = least;
		}
	}
}

/**
 * Plays it through.
 * @param {Farm} farm
 * @returns {{ hours: number, first: number, reruns: number, busy: number, lost: number }} until the last shard is done, until the first plan is whole (minutes),
 *   shards that were run again, the share of the cores' time that went into cases, and into what the queue and boots take
 */
export function simulate(farm) {
	const { kernels, nodes, cores, shards, plan, boot, overhead, mtbf } = farm;
	let started = 0;
	const chance = random(farm.seed);
	const pool = new Cores(nodes * cores);
	const perSecond = 1 / (mtbf * 3600);
	let end = 0;
	let first = Number.POSITIVE_INFINITY;
	let reruns = 0;
	let useful = 0;
	for (let kernel = 0; kernel < kernels; kernel++)
		for (const slowness of SLOWNESS) {
			let whole = 0;
			for (let shard = 0; shard < shards; shard++) {
				// Cases differ, and so do shards: by a tenth to either side.
				const cases = (plan / shards) * slowness * (0.9 + 0.2 * chance());
				const lasts = overhead + boot * slowness + cases;
				useful += cases;
				whole = Math.max(
					whole,
					pool.take((from) => {
						let at = Math.max(from, started++ / farm.dispatch);
						// A failure in its time costs half of it on average, and a minute for the queue to notice.
						while (chance() < lasts * perSecond) {
							reruns++;
							at += lasts * chance() + 60;
						}
						return at + lasts;
					}),
				);
			}
			end = Math.max(end, whole);
			first = Math.min(first, whole);
		}
	const all = end * nodes * cores;
	return {
		hours: end / 3600,
		first: first / 60,
		reruns,
		busy: useful / all,
		lost: 1 - useful / all,
	};
}

/** @param {Farm} farm */
export function table(farm) {
	const rows = [1, 2, 4, 8, 16].map((shards) => {
		const { hours, first, reruns, busy } = simulate({ ...farm, shards });
		const jobs = farm.kernels * SLOWNESS.length * shards;
		return `| ${shards} | ${jobs} | ${(hours * 60).toFixed(1)} | ${first.toFixed(1)} | ${reruns} | ${(100 * busy).toFixed(0)} % |`;
	});
	return [
		"| shards | jobs | minutes until all is done | minutes until the first plan is whole | shards run again | cores' time in cases |",
		"|---|---|---|---|---|---|",
		...rows,
	].join("\n");
}

if (fileURLToPath(import.meta.url) === process.argv[1]) {
	const { values } = parseArgs({
		options: Object.fromEntries(
			Object.keys(FARM).map((name) => [name, { type: "string" }]),
		),
	});
	const given = Object.entries(values).map(([name, text]) => {
		const value = Number(text);
		if (!(value > 0)) {
			console.error(`simulate: --${name} ${text}: it is a number above 0`);
			process.exit(2);
		}
		return [name, value];
	});
	console.log(table({ ...FARM, ...Object.fromEntries(given) }));
}
