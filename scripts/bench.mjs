#!/usr/bin/env node
/**
 * How close a run comes to its limits: the table of goals, where the time goes of what is not reached, virtme-ng beside it, and what
 * more cores would make of it. Needs the build.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { costs } from "./bench/costs.mjs";
import { explain } from "./bench/explain.mjs";
import { figureOf, keysOf, PARTS, ROWS } from "./bench/goals.mjs";
import { withMeasured } from "./bench/page.mjs";
import { render } from "./bench/render.mjs";
import { measureRounds } from "./bench/rounds.mjs";
import { FED, simulated } from "./bench/simulated.mjs";
import { runMain, SetupError, say, TOP } from "./lib/run.mjs";

const USAGE = `usage: npm run bench [-- OPTIONS]

  --kernel K   the kernel to boot, as crcap run takes it (default: debian:bookworm)
  --other K    a kernel for the row of several kernels; repeatable (default:
               debian:bullseye, debian:sid, debian:experimental)
  --accel A    kvm or tcg (default: tcg)
  --cases N    about so many cases in the small run (default: 205)
  --rounds N   how often each measurement is taken (default: 5)
  --only TEXT  only rows whose name holds this; repeatable
  --json FILE  everything that was measured, as JSON
  --with FILE  also the rounds of an earlier --json, which have to be of the same
               plan
  --write      put the figures into docs/bench.md
  --help       this text
`;

const PAGE = join(TOP, "docs/bench.md");
const OTHERS = ["debian:bullseye", "debian:sid", "debian:experimental"];

/** @typedef {import("./bench/rounds.mjs").Options & { json: string | undefined, earlier: string | undefined, write: boolean }} Options */

/**
 * @param {readonly string[]} args
 * @returns {Options | undefined} undefined for the usage
 */
function readOptions(args) {
	try {
		const { values } = parseArgs({
			args: [...args],
			options: {
				kernel: { type: "string", default: "debian:bookworm" },
				other: { type: "string", multiple: true, default: OTHERS },
				accel: { type: "string", default: "tcg" },
				cases: { type: "string", default: "205" },
				rounds: { type: "string", default: "5" },
				only: { type: "string", multiple: true, default: [] },
				json: { type: "string" },
				with: { type: "string" },
				write: { type: "boolean", default: false },
				help: { type: "boolean", default: false },
			},
		});
		if (values.help) return undefined;
		if (!["kvm", "tcg"].includes(values.accel))
			throw new Error(`--accel ${values.accel} is neither kvm nor tcg`);
		const { kernel, other, accel, only, json, write } = values;
		const keys = keysOf(only);
		if (keys.size === 0)
			throw new Error(`no row has a name with ${only.join(" or ")} in it`);
		return {
			kernel,
			others: other,
			accel,
			cases: positive("--cases", values.cases),
			rounds: positive("--rounds", values.rounds),
			keys,
			json,
			earlier: values.with,
			write,
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

/** @param {Options} options */
async function bench(options) {
	const measured = await measureRounds(options);
	const { target, planned, shared, notes, traced } = measured;
	const before = readEarlier(options.earlier, planned);
	const rounds = [...(before?.rounds ?? []), ...measured.rounds];
	const peer = measured.peer ?? before?.peer;
	const rows = ROWS.map((row) => figureOf(row, rounds));
	const parts = PARTS.map((row) => figureOf(row, rounds));
	say("where the time goes");
	const missed = ROWS.filter((_, n) => rows[n]?.reached === false);
	// What this bench did not measure, the earlier one has told.
	const mine = missed.filter(({ needs }) =>
		needs.every((key) => options.keys.has(key)),
	);
	const others = (before?.missed ?? []).filter(({ row }) =>
		missed.some((one) => one.name === row && !mine.includes(one)),
	);
	const more = FED.every((name) => traced.has(name))
		? await simulated(measured)
		: before?.simulated;
	/** @type {import("./bench/render.mjs").Findings} */
	const found = {
		version: 1,
		machine: {
			cpu: cpus()[0]?.model ?? "unknown",
			cores: cpus().length,
			...togetherWith(shared, before?.machine),
			node: process.versions.node,
			qemu: target.tools.qemu ?? "unknown",
		},
		kernel: {
			release: target.kernel.release ?? "unknown",
			arch: target.kernel.arch,
			accel: target.accel,
		},
		planned,
		small: measured.small || (before?.small ?? 0),
		rounds,
		rows,
		parts,
		missed: [...others, ...(await explain(mine, measured, parts))],
		...(more === undefined ? {} : { simulated: more }),
		...(peer === undefined ? {} : { peer }),
		notes,
	};
	const text = render(found);
	const whole = traced.get("coldOne")?.target;
	console.log(
		whole === undefined
			? text
			: `${text}\n\n${costs(whole, await suiteDescriptions())}`,
	);
	if (options.json !== undefined)
		writeFileSync(options.json, `${JSON.stringify(found, null, "\t")}\n`);
	if (options.write)
		writeFileSync(PAGE, withMeasured(readFileSync(PAGE, "utf8"), text));
}

/**
 * @param {import("./bench/rounds.mjs").Shared} now
 * @param {import("./bench/rounds.mjs").Shared | undefined} before
 * @returns {import("./bench/rounds.mjs").Shared}
 */
function togetherWith(now, before) {
	if (before === undefined) return now;
	return {
		others: Math.max(before.others, now.others),
		load: [...before.load, ...now.load],
	};
}

/**
 * @param {string | undefined} file
 * @param {number} planned
 * @returns {import("./bench/render.mjs").Findings | undefined}
 */
function readEarlier(file, planned) {
	if (file === undefined) return undefined;
	const found = JSON.parse(readFileSync(file, "utf8"));
	if (found.version !== 1 || found.planned !== planned)
		throw new SetupError(`${file} is of another bench or of another plan`);
	return found;
}

/** @returns {Promise<ReadonlyMap<string, string>>} */
async function suiteDescriptions() {
	/** @type {typeof import("../suites/index.js")} */
	const { SUITES } = await import(join(TOP, "dist/suites/index.js"));
	return new Map(SUITES.map(({ name, description }) => [name, description]));
}

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"]))
	process.once(signal, () => process.exit(130));
runMain(async () => {
	const options = readOptions(process.argv.slice(2));
	if (options === undefined) console.log(USAGE);
	else await bench(options);
	return 0;
});
