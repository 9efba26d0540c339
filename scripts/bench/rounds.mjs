/** The rounds of the bench: every measurement once in each, so that a busy machine disturbs all alike. */
import { loadavg } from "node:os";
import { join } from "node:path";
import { median } from "../lib/figures.mjs";
import { SetupError, say, TOP } from "../lib/run.mjs";
import { crcapRun, nodeStart, qemuStart } from "./commands.mjs";
import { bareBoot, rates, requestMaker } from "./measure.mjs";
import { sumOfPss } from "./memory.mjs";
import { PEER_KERNEL, preparePeer } from "./peer.mjs";
import { account, strangers } from "./strangers.mjs";

/** @typedef {import("./goals.mjs").Key} Key */
/** @typedef {import("./goals.mjs").Round} Round */
/** @typedef {import("../../results/model/model.js").TargetResult} TargetResult */

/**
 * @typedef {object} Options
 * @property {string} kernel
 * @property {readonly string[]} others further kernels, for the rows that take several
 * @property {string} accel
 * @property {number} cases about so many in a small run
 * @property {number} rounds
 * @property {boolean} peer whether virtme-ng is measured as well
 */

/** The case that a developer repeats. */
const ONE = "set_tid.free_tid.uid1000-none";
/** What takes less than a second is measured so often in each round, and the middle one counts. */
const QUICK = 3;
/** The guests whose memory is compared. */
const [FEW, MANY] = [2, 4];

/**
 * The runs of the command by name. A share takes every so many-th case: the same part of each suite.
 * @param {Options} options
 * @param {number} shares
 */
export function runsOf({ kernel, others, accel }, shares) {
	/** @param {string[]} more */
	const run = (...more) => [`--accel=${accel}`, `--kernel=${kernel}`, ...more];
	const small = `--shard=1/${shares}`;
	return {
		coldTwo: run("--cold", "--guests=2"),
		coldOne: run("--cold", "--guests=1"),
		warmTwo: run("--warm", "--guests=2"),
		smallCold: run("--cold", "--guests=1", small),
		smallWarm: run("--warm", "--guests=1", small),
		oneWarm: run("--warm", `--case=${ONE}`),
		twice: run("--cold", "--guests=1", "--repeat=2"),
		four: run(
			...others.map((name) => `--kernel=${name}`),
			...["--cold", "--guests=1", "--jobs=2"],
		),
		many: run("--warm", `--guests=${MANY}`),
	};
}

/** @typedef {keyof ReturnType<typeof runsOf>} RunName */

/**
 * All that the bench measured, before it is told.
 * @typedef {object} Measured
 * @property {TargetResult} target a whole run of the kernel, with one guest
 * @property {number} small how many cases the small run had
 * @property {Round[]} rounds
 * @property {Shared} shared
 * @property {readonly import("./memory.mjs").Memory[]} memory of the most guests, in the last round
 * @property {string} [peer] the peer's version
 * @property {readonly string[]} notes what could not be measured, and why
 * @property {Readonly<Record<RunName, readonly string[]>>} runs
 */

/**
 * What the machine did beside the bench.
 * @typedef {object} Shared
 * @property {number} others processors that other programs kept busy during the rounds, in the mean
 * @property {readonly number[]} load before each round, the mean of a minute, the bench's own included
 */

/**
 * @param {Options} options
 * @returns {Promise<Measured>}
 */
export async function measureRounds(options) {
	const bench = await Bench.open(options);
	/** @type {Round[]} */
	const rounds = [];
	/** @type {number[]} */
	const load = [];
	const before = account();
	while (rounds.length < options.rounds) {
		say(`round ${rounds.length + 1} of ${options.rounds}`);
		load.push(Number(loadavg()[0]));
		rounds.push(await bench.round(rounds.length));
	}
	const others = strangers(before, account());
	return { ...bench.told(), rounds, shared: { others, load } };
}

class Bench {
	/** @type {Options} */ #options;
	/** @type {typeof import("../../vm/index.js")} */ #vm;
	/** @type {import("./measure.mjs").RequestMaker} */ #requests;
	/** @type {TargetResult} */ #target;
	/** @type {ReturnType<typeof runsOf>} */ #runs;
	/** @type {import("./peer.mjs").Peer | undefined} */ #peer;
	/** @type {readonly import("./memory.mjs").Memory[]} */ #memory = [];
	#small = 0;
	/** @type {Set<string>} */ #notes = new Set();

	/**
	 * @param {Options} options
	 * @param {typeof import("../../vm/index.js")} vm
	 * @param {import("./measure.mjs").RequestMaker} requests
	 * @param {TargetResult} target
	 */
	constructor(options, vm, requests, target) {
		this.#options = options;
		this.#vm = vm;
		this.#requests = requests;
		this.#target = target;
		const shares = Math.max(1, Math.round(target.planned / options.cases));
		this.#runs = runsOf(options, shares);
	}

	/**
	 * Whatever is fetched, cached or saved for the first time is so before anything counts.
	 * @param {Options} options
	 */
	static async open(options) {
		/** @type {typeof import("../../vm/index.js")} */
		const vm = await import(join(TOP, "dist/vm/index.js"));
		say("first runs, not counted");
		const { warmTwo } = runsOf(options, 1);
		const { targets } = await crcapRun(warmTwo);
		const bench = new Bench(
			options,
			vm,
			await requestMaker(),
			/** @type {TargetResult} */ (targets[0]),
		);
		for (const other of options.others)
			await crcapRun(bench.#alone(other, "--shard=1/100"));
		if (options.peer)
			await bench.#try("virtme-ng was not measured", async () => {
				bench.#peer = await preparePeer();
				await crcapRun(bench.#alone(PEER_KERNEL, "--shard=1/100"));
			});
		return bench;
	}

	/** @returns {Omit<Measured, "rounds" | "shared">} */
	told() {
		return {
			target: this.#target,
			small: this.#small,
			memory: this.#memory,
			...(this.#peer === undefined ? {} : { peer: this.#peer.version }),
			notes: [...this.#notes],
			runs: this.#runs,
		};
	}

	/**
	 * One after the other, everything; runs that are compared stand next to each other.
	 * @param {number} n which round, from 0
	 * @returns {Promise<Round>}
	 */
	async round(n) {
		/** @type {Round} */
		const at = {};
		const runs = this.#runs;
		const timed = /** @type {const} */ (["coldTwo", "warmTwo", "smallWarm"]);
		await this.#try("a bare boot", async () => {
			at.boot = await bareBoot(this.#vm, this.#target);
		});
		for (const key of timed)
			await this.#try(key, async () => {
				at[key] = (await crcapRun(runs[key])).ms;
			});
		await this.#try("coldOne", async () => {
			const { ms, targets } = await crcapRun(runs.coldOne);
			at.coldOne = ms;
			this.#target = targets[0] ?? this.#target;
		});
		await this.#try("smallCold", async () => {
			const { ms, targets } = await crcapRun(runs.smallCold);
			at.smallCold = ms;
			this.#small = targets[0]?.planned ?? 0;
		});
		await this.#try("one case", () => this.#quick(at));
		await this.#try("rates", async () => {
			Object.assign(at, await rates(this.#vm, this.#target, this.#requests));
		});
		await this.#try("twice", async () => {
			at.twice = (await crcapRun(runs.twice)).ms;
		});
		await this.#try("four kernels", () => this.#four(at));
		await this.#try("memory", () => this.#further(at));
		// It takes longer than a round, and is not compared with anything but the run beside it.
		if (n === 0) await this.#try("virtme-ng", () => this.#beside(at));
		return at;
	}

	/** @param {Round} at */
	async #quick(at) {
		/** @type {number[][]} */
		const times = [];
		for (let n = 0; n < QUICK; n++) {
			const { ms } = await crcapRun(this.#runs.oneWarm);
			times.push([ms, qemuStart(), nodeStart()]);
		}
		/** @param {number} column */
		const middle = (column) => median(times.map((row) => Number(row[column])));
		at.oneWarm = middle(0);
		at.qemuVersion = middle(1);
		at.nodeEmpty = middle(2);
	}

	/** @param {Round} at */
	async #four(at) {
		let alone = at.coldOne ?? (await crcapRun(this.#runs.coldOne)).ms;
		for (const other of this.#options.others)
			alone += (await crcapRun(this.#alone(other))).ms;
		at.alone = alone;
		at.four = (await crcapRun(this.#runs.four)).ms;
	}

	/** @param {Round} at */
	async #further(at) {
		const few = await crcapRun(this.#runs.warmTwo, { guests: FEW });
		const many = await crcapRun(this.#runs.many, { guests: MANY });
		if (few.memory.length === 0 || many.memory.length === 0)
			throw new SetupError("there never were so many guests at a time");
		this.#memory = many.memory;
		at.further = (sumOfPss(many.memory) - sumOfPss(few.memory)) / (MANY - FEW);
	}

	/** @param {Round} at */
	async #beside(at) {
		if (this.#peer === undefined) return;
		at.peerWhole = (
			await crcapRun([...this.#alone(PEER_KERNEL), "--guests=2"])
		).ms;
		at.peer = this.#peer.run();
	}

	/**
	 * @param {string} kernel
	 * @param {string[]} more
	 */
	#alone(kernel, ...more) {
		const { accel } = this.#options;
		return [
			...[`--accel=${accel}`, `--kernel=${kernel}`],
			...["--cold", "--guests=1", ...more],
		];
	}

	/**
	 * What can't be measured leaves a gap and a note.
	 * @param {string} what
	 * @param {() => Promise<void>} measure
	 */
	async #try(what, measure) {
		try {
			await measure();
		} catch (error) {
			if (!(error instanceof SetupError)) throw error;
			this.#notes.add(`${what}: ${error.message.trim()}`);
			say(`${what}: ${error.message}`);
		}
	}
}
