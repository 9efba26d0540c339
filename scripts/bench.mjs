#!/usr/bin/env node
/**
 * How close a run comes to its limits: a bare boot of the same kernel, the guest's own fork rate, and two guests at once
 * beside one alone. Then, what the time is spent on.
 * Everything is measured in rounds that interleave, so that a busy machine disturbs all alike. Needs the build.
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { costs } from "./bench/costs.mjs";
import { bareBoot, rates, requestMaker, wholeRun } from "./bench/measure.mjs";
import { figure, table } from "./lib/figures.mjs";
import { runMain, SetupError, say, TOP } from "./lib/run.mjs";

const USAGE = `usage: npm run bench [-- OPTIONS]

  --kernel K   the kernel to boot, as crcap run takes it
  --other K    the kernel that runs beside it (default: debian:bullseye)
  --accel A    kvm or tcg (default: tcg)
  --cases N    about so many cases in the small run (default: 200)
  --rounds N   how often each measurement is taken (default: 5)
  --help       this text
`;

/** @typedef {import("./bench/measure.mjs").Options} Options */
/** @typedef {import("../results/model/model.js").TargetResult} TargetResult */

/**
 * @param {readonly string[]} args
 * @returns {Options | undefined} undefined for the usage
 */
function readOptions(args) {
	try {
		const { values } = parseArgs({
			args: [...args],
			options: {
				kernel: { type: "string" },
				other: { type: "string", default: "debian:bullseye" },
				accel: { type: "string", default: "tcg" },
				cases: { type: "string", default: "200" },
				rounds: { type: "string", default: "5" },
				help: { type: "boolean", default: false },
			},
		});
		if (values.help) return undefined;
		if (!["kvm", "tcg"].includes(values.accel))
			throw new Error(`--accel ${values.accel} is neither kvm nor tcg`);
		const { kernel, other, accel } = values;
		return {
			kernel,
			other,
			accel,
			cases: positive("--cases", values.cases),
			rounds: positive("--rounds", values.rounds),
		};
	} catch (error) {
		throw new SetupError(
			`${error instanceof Error ? error.message : error}; see npm run bench -- --help`,
			2,
		);
	}
}

/**
 * @param {string} option
 * @param {string} text
 * @returns {number}
 */
function positive(option, text) {
	const value = Number(text);
	if (Number.isInteger(value) && value > 0) return value;
	throw new Error(`${option} ${text} is no positive whole number`);
}

/**
 * What one round measured: milliseconds, and things per second.
 * @typedef {{ small: number, full: number, boot: number, forks: number, empty: number, cases: number, perCase: number, other: number, pair: number }} Round
 */

/** @param {Options} options */
async function bench(options) {
	/** @type {import("./bench/measure.mjs").Vm} */
	const vm = await import(join(TOP, "dist/vm/index.js"));
	const requests = await requestMaker();
	say("a first run, not counted");
	const { target } = wholeRun(options);
	wholeRun({ ...options, kernel: options.other }, ["--shard=1/50"]);
	// Every so many-th case: the same share of each suite.
	const shares = Math.max(1, Math.round(target.planned / options.cases));
	/** @type {Round[]} */
	const rounds = [];
	let smallCases = 0;
	let last = target;
	while (rounds.length < options.rounds) {
		say(`round ${rounds.length + 1} of ${options.rounds}`);
		const boot = await bareBoot(vm, target);
		const small = wholeRun(options, [`--shard=1/${shares}`]);
		smallCases = small.target.planned;
		const whole = wholeRun(options);
		const rated = await rates(vm, target, requests);
		const other = wholeRun({ ...options, kernel: options.other }).ms;
		const pair = wholeRun({ ...options, kernel: target.kernel.path }, [
			`--kernel=${options.other}`,
			"--jobs=2",
		]).ms;
		rounds.push({
			boot,
			small: small.ms,
			full: whole.ms,
			...rated,
			other,
			pair,
		});
		// The last round's: one run is enough to show where time goes.
		last = whole.target;
	}
	printFigures(target, smallCases, rounds);
	console.log(`\n${costs(last, await suiteDescriptions())}`);
}

/** @returns {Promise<ReadonlyMap<string, string>>} */
async function suiteDescriptions() {
	/** @type {typeof import("../suites/index.js")} */
	const { SUITES } = await import(join(TOP, "dist/suites/index.js"));
	return new Map(SUITES.map(({ name, description }) => [name, description]));
}

/** @param {number} ms */
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

/** @param {number} rate */
const perSecond = (rate) => `${rate.toFixed(0)}/s`;

/** @param {number} ratio */
const plain = (ratio) => ratio.toFixed(2);

/** @typedef {{ name: string, take: (round: Round) => number, write: (value: number) => string }} Figure */

/**
 * @param {number} small how many cases the small run has
 * @param {number} full and the full one
 * @returns {Figure[]}
 */
function figures(small, full) {
	const [few, all] = [`a run of ${small} cases`, `a run of ${full} cases`];
	return [
		{ name: "a bare boot to power-off", take: (at) => at.boot, write: seconds },
		{ name: few, take: (at) => at.small, write: seconds },
		{
			name: `${few} / a bare boot`,
			take: (at) => at.small / at.boot,
			write: plain,
		},
		{ name: all, take: (at) => at.full, write: seconds },
		{
			name: `${all} / a bare boot`,
			take: (at) => at.full / at.boot,
			write: plain,
		},
		{ name: "cases, streamed", take: (at) => at.cases, write: perSecond },
		{
			name: "fork, exit, wait in the guest",
			take: (at) => at.forks,
			write: perSecond,
		},
		{ name: "cases / forks", take: (at) => at.cases / at.forks, write: plain },
		{
			name: "cases that only read themselves back / forks",
			take: (at) => at.empty / at.forks,
			write: plain,
		},
		{
			name: "processes that a case makes",
			take: (at) => at.perCase,
			write: plain,
		},
		{
			name: "processes made by cases / forks",
			take: (at) => (at.cases * at.perCase) / at.forks,
			write: plain,
		},
		{ name: "two kernels at once", take: (at) => at.pair, write: seconds },
		{
			name: "two kernels at once / the longer one alone",
			take: (at) => at.pair / Math.max(at.full, at.other),
			write: plain,
		},
	];
}

/**
 * @param {TargetResult} target
 * @param {number} smallCases
 * @param {readonly Round[]} rounds
 */
function printFigures({ kernel, accel, tools, planned }, smallCases, rounds) {
	const cpu = cpus();
	console.log(
		`${cpu[0]?.model}, ${cpu.length} cores; Node.js ${process.versions.node}; QEMU ${tools.qemu}, ${accel}`,
	);
	console.log(
		`Linux ${kernel.release} (${kernel.arch}); ${rounds.length} rounds\n`,
	);
	const rows = figures(smallCases, planned).map(({ name, take, write }) =>
		figure(name, rounds.map(take), write),
	);
	console.log(table([["measured", "median", "lowest to highest"], ...rows]));
}

runMain(async () => {
	const options = readOptions(process.argv.slice(2));
	if (options === undefined) console.log(USAGE);
	else await bench(options);
	return 0;
});
