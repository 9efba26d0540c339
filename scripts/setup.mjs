#!/usr/bin/env node
/**
 * Makes this machine ready: system packages, Node.js packages, the build. Does nothing when nothing is missing.
 * Prints progress on standard error only. Needs nothing but Node.js and npm.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
	ARCHES,
	archRows,
	FIRST_ARCHES,
	HOST_ARCH,
	TEST_ARCHES,
} from "./lib/arches.mjs";
import { findCommand, runMain, SetupError, TOP } from "./lib/run.mjs";
import { STEPS } from "./lib/steps.mjs";

const USAGE = `usage: npm run setup [-- OPTIONS]

  --test       also what the tests need
  --faults     also what building kernels with planted faults takes
  --fuzz       also clang, whose libFuzzer \`npm run fuzz\` takes where it is there
  --bench      also what virtme-ng takes, which the bench measures beside crcap
  --arch NAME  also what guests of this architecture need (${ARCHES.map((row) => row.name).join(", ")},
               or all); repeatable
  --pack       also every agent, and the addon of every architecture, that
               travels in the npm package; with --arch also of others
  --help       this text
`;

/** @typedef {import("./lib/arches.mjs").ArchRow} ArchRow */

/** @typedef {import("./lib/steps.mjs").Options} Options */

/**
 * @param {readonly string[]} args
 * @returns {Options | undefined} undefined where only the usage is asked for
 */
function readOptions(args) {
	try {
		const { values } = parseArgs({
			args: [...args],
			options: {
				test: { type: "boolean", default: false },
				faults: { type: "boolean", default: false },
				fuzz: { type: "boolean", default: false },
				bench: { type: "boolean", default: false },
				pack: { type: "boolean", default: false },
				help: { type: "boolean", default: false },
				arch: { type: "string", multiple: true, default: [] },
			},
		});
		if (values.help) return undefined;
		const own = HOST_ARCH ?? archRows("x86_64")[0];
		const asked = values.arch.flatMap(archRows);
		const guests = [
			...(own ? [own] : []),
			...asked,
			...(values.test ? TEST_ARCHES : []),
		];
		const agents = [...guests, ...(values.pack ? FIRST_ARCHES : [])];
		return {
			tests: values.test,
			faults: values.faults,
			pack: values.pack,
			fuzz: values.fuzz,
			bench: values.bench,
			guests: unique(guests),
			agents: unique(agents),
		};
	} catch (error) {
		throw new SetupError(
			`${error instanceof Error ? error.message : error}; see npm run setup -- --help`,
			2,
		);
	}
}

/**
 * @template T
 * @param {readonly T[]} values
 * @returns {T[]} each once
 */
const unique = (values) => [...new Set(values)];

/**
 * Two set-ups at once would tread on each other: the second waits for the first, then finds nothing to do.
 * @returns {number | undefined} the exit status where the work was done by a child that holds the lock
 */
function underLock() {
	if (
		process.env.CRCAP_SETUP_LOCKED === "1" ||
		findCommand("flock") === undefined
	)
		return undefined;
	mkdirSync(join(TOP, ".setup"), { recursive: true });
	const args = [
		join(TOP, ".setup/lock"),
		process.execPath,
		...process.argv.slice(1),
	];
	// The kernel lets go of the lock when its holder dies, however it dies.
	const done = spawnSync("flock", args, {
		stdio: "inherit",
		env: { ...process.env, CRCAP_SETUP_LOCKED: "1" },
	});
	return done.status ?? 1;
}

runMain(() => {
	const options = readOptions(process.argv.slice(2));
	if (options === undefined) {
		process.stderr.write(USAGE);
		return 0;
	}
	if (!STEPS.some((step) => step.isDue(options))) return 0;
	const status = underLock();
	if (status !== undefined) return status;
	for (const step of STEPS) if (step.isDue(options)) step.provide(options);
	return 0;
});
