#!/usr/bin/env node
/**
 * How close a run comes to its limits: a bare boot of the same kernel, and the guest's own fork rate.
 * Everything is measured in rounds that interleave, so that a busy machine disturbs all alike. Needs the build.
 */
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { figure, table } from "./lib/figures.mjs";
import { bareBoot, rates, requestMaker, wholeRun } from "./lib/measure.mjs";
import { runMain, SetupError, say, TOP } from "./lib/run.mjs";

const USAGE = `usage: npm run bench [-- OPTIONS]

  --kernel K   the kernel to boot, as crcap run takes it
  --accel A    kvm or tcg (default: tcg)
  --rounds N   how often each measurement is taken (default: 5)
  --help       this text
`;

/** @typedef {import("./lib/measure.mjs").Options} Options */
/** @typedef {import("../results/model.js").TargetResult} TargetResult */

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
				accel: { type: "string", default: "tcg" },
				rounds: { type: "string", default: "5" },
				help: { type: "boolean", default: false },
			},
		});
		if (values.help) return undefined;
		const rounds = Number(values.rounds);
		if (!Number.isInteger(rounds) || rounds < 1)
			throw new Error(`--rounds ${values.rounds} is no positive number`);
		if (!["kvm", "tcg"].includes(values.accel))
			throw new Error(`--accel ${values.accel} is neither kvm nor tcg`);
		return { kernel: values.kernel, accel: values.accel, rounds };
	} catch (error) {
		throw new SetupError(
			`${error instanceof Error ? error.message : error}; see npm run bench -- --help`,
			2,
		);
	}
}

/** @typedef {{ run: number, boot: number, forks: number, cases: number }} Round */

/** @param {Options} options */
async function bench(options) {
	/** @type {import("./lib/measure.mjs").Vm} */
	const vm = await import(join(TOP, "dist/vm/index.js"));
	const requests = await requestMaker();
	say("a first run, not counted");
	const { target } = wholeRun(options);
	/** @type {Round[]} */
	const rounds = [];
	while (rounds.length < options.rounds) {
		say(`round ${rounds.length + 1} of ${options.rounds}`);
		const run = wholeRun(options).ms;
		const boot = await bareBoot(vm, target);
		rounds.push({
			run,
			boot,
			...(await rates(vm, target, requests)),
		});
	}
	printFigures(target, rounds);
}

/** @param {number} ms */
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

/** @param {number} rate */
const perSecond = (rate) => `${rate.toFixed(0)}/s`;

/** @param {number} ratio */
const plain = (ratio) => ratio.toFixed(2);

/** @type {readonly { name: string, take: (round: Round) => number, write: (value: number) => string }[]} */
const FIGURES = [
	{ name: "a full run", take: ({ run }) => run, write: seconds },
	{
		name: "a bare boot to power-off",
		take: ({ boot }) => boot,
		write: seconds,
	},
	{
		name: "full run / bare boot",
		take: ({ run, boot }) => run / boot,
		write: plain,
	},
	{ name: "cases", take: ({ cases }) => cases, write: perSecond },
	{
		name: "fork, exit, wait in the guest",
		take: ({ forks }) => forks,
		write: perSecond,
	},
	{
		name: "cases / forks",
		take: ({ cases, forks }) => cases / forks,
		write: plain,
	},
];

/**
 * @param {TargetResult} target
 * @param {readonly Round[]} rounds
 */
function printFigures({ kernel, accel, tools, cases }, rounds) {
	const cpu = cpus();
	console.log(
		`${cpu[0]?.model}, ${cpu.length} cores; Node.js ${process.versions.node}; QEMU ${tools.qemu}, ${accel}`,
	);
	console.log(
		`Linux ${kernel.release} (${kernel.arch}); ${cases.length} cases; ${rounds.length} rounds\n`,
	);
	const rows = FIGURES.map(({ name, take, write }) =>
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
