/** The rounds of the bench: every measurement once in each, so that a busy machine disturbs all alike. */
import { loadavg } from "node:os";
import { join } from "node:path";
import { median } from "../lib/figures.mjs";
import { SetupError, say, TOP } from "../lib/run.mjs";
import { crcapRun, nodeStart, qemuStart } from "./commands.mjs";
import { bareBoot, plannedToday, rates, requestMaker } from "./measure.mjs";
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
 * @property {ReadonlySet<Key>} keys what is to be measured
 */

/** The case that a developer repeats. */
const ONE = "set_tid.free_tid.uid1000-none";
/** What takes less than a second is measured so often in each round, and the middle one counts. */
const QUICK = 3;
/** The guests whose memory is compared. */
const [FEW, MANY] = [2, 4];
/** A part of the plan that is worth so many guests. */
const PART = "--shard=1/3";
/** Runs that take so long that noting their timeline changes nothing. */
const LONG = new Set(["coldTwo", "coldOne", "warmTwo", "twice", "four"]);

/** What is measured, for who reads that it could not be. */
const NAMES = {
	boot: "a bare boot",
	coldTwo: "whole plan, cold, two guests",
	coldOne: "whole plan, cold, one guest",
	warmTwo: "whole plan, warm, two guests",
	smallCold: "the small run, cold",
	smallWarm: "the small run, warm",
	oneWarm: "one case, warm",
	cases: "rates",
	twice: "whole plan twice",
	four: "four kernels",
	further: "memory",
	peer: "virtme-ng",
};

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
		few: run("--warm", `--guests=${FEW}`, PART),
		many: run("--warm", `--guests=${MANY}`, PART),
	};
}

/** @typedef {keyof ReturnType<typeof runsOf>} RunName */

/**
 * All that the bench measured, before it is told.
 * @typedef {object} Measured
 * @property {TargetResult} target a run of the kernel
 * @property {number} planned cases of the whole plan
 * @property {number} small how many cases the small run had
 * @property {Round[]} rounds
 * @property {Shared} shared
 * @property {readonly import("./memory.mjs").Memory[]} memory of the most guests, in the last round
 * @property {ReadonlyMap<string, Traced>} traced the last run of each name that was taken with its timeline
 * @property {string} [peer] the peer's version
 * @property {readonly string[]} notes what could not be measured, and why
 * @property {Readonly<Record<RunName, readonly string[]>>} runs
 */

/** @typedef {{ timeline: import("./phases.mjs").Timeline, target: TargetResult | undefined }} Traced */

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
	return { ...bench.summary(), rounds, shared: { others, load } };
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
	/** @type {Map<string, Traced>} */ #traced = new Map();

	#planned;

	/**
	 * @param {Options} options
	 * @param {typeof import("../../vm/index.js")} vm
	 * @param {import("./measure.mjs").RequestMaker} requests
	 * @param {TargetResult} target
	 * @param {number} planned
	 */
	constructor(options, vm, requests, target, planned) {
		this.#options = options;
		this.#vm = vm;
		this.#requests = requests;
		this.#target = target;
		this.#planned = planned;
		const shares = Math.max(1, Math.round(planned / options.cases));
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
		const { targets } = await crcapRun(runsOf(options, 100).smallWarm);
		const bench = new Bench(
			options,
			vm,
			await requestMaker(),
			/** @type {TargetResult} */ (targets[0]),
			await plannedToday(),
		);
		for (const other of options.keys.has("four") ? options.others : [])
			await crcapRun(bench.#alone(other, "--shard=1/100"));
		if (options.keys.has("peer"))
			await bench.#try("peer", {}, async () => {
				bench.#peer = await preparePeer();
				await crcapRun(bench.#alone(PEER_KERNEL, "--shard=1/100"));
			});
		return bench;
	}

	/** @returns {Omit<Measured, "rounds" | "shared">} */
	summary() {
		return {
			target: this.#target,
			planned: this.#planned,
			small: this.#small,
			memory: this.#memory,
			traced: this.#traced,
			...(this.#peer === undefined ? {} : { peer: this.#peer.version }),
			notes: [...this.#notes],
			runs: this.#runs,
		};
	}

	/**
	 * One after the other, everything that is wanted; runs that are compared stand next to each other.
	 * @param {number} n which round, from 0
	 * @returns {Promise<Round>}
	 */
	async round(n) {
		/** @type {Round} */
		const at = {};
		await this.#try("boot", at, async () => {
			at.boot = await bareBoot(this.#vm, this.#target);
		});
		await this.#try("coldTwo", at);
		await this.#try("warmTwo", at);
		await this.#try("further", at, () => this.#further(at));
		await this.#try("smallWarm", at);
		await this.#try("smallCold", at);
		await this.#try("oneWarm", at, () => this.#quick(at));
		await this.#try("coldOne", at);
		await this.#try("cases", at, async () => {
			if (!this.#traced.has("coldOne")) await this.#timed("coldOne");
			Object.assign(at, await rates(this.#vm, this.#target, this.#requests));
		});
		await this.#try("twice", at);
		await this.#try("four", at, () => this.#four(at));
		// It takes longer than a round, and is not compared with anything but the run beside it.
		if (n === 0) await this.#try("peer", at, () => this.#beside(at));
		return at;
	}

	/**
	 * Measures where it is wanted. What can't be measured leaves a gap and a note.
	 * @param {keyof typeof NAMES} key
	 * @param {Round} at
	 * @param {() => Promise<void>} [measure] where it is more than a run of that name
	 */
	async #try(key, at, measure) {
		if (!this.#options.keys.has(key)) return;
		try {
			if (measure === undefined)
				at[key] = await this.#timed(/** @type {RunName} */ (key));
			else await measure();
		} catch (error) {
			if (!(error instanceof SetupError)) throw error;
			this.#notes.add(`${NAMES[key]}: ${error.message.trim()}`);
			say(`${NAMES[key]}: ${error.message}`);
		}
	}

	/**
	 * A run of the command. Long ones are taken with their timeline, which costs some milliseconds at their start.
	 * @param {RunName} name
	 * @returns {Promise<number>} milliseconds
	 */
	async #timed(name) {
		const long = LONG.has(name);
		const run = await crcapRun(this.#runs[name], { traced: long });
		const [target] = run.targets;
		if (run.timeline !== undefined)
			this.#traced.set(name, { timeline: run.timeline, target });
		if (name === "smallCold") this.#small = target?.planned ?? 0;
		if (name === "coldOne") this.#target = target ?? this.#target;
		return run.ms;
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
		let alone = at.coldOne ?? (await this.#timed("coldOne"));
		for (const other of this.#options.others)
			alone += (await crcapRun(this.#alone(other))).ms;
		at.alone = alone;
		at.four = await this.#timed("four");
	}

	/** @param {Round} at */
	async #further(at) {
		const few = await crcapRun(this.#runs.few, { guests: FEW });
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
}
