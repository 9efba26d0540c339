#!/usr/bin/env node
/**
 * Makes this machine ready: system packages, Node.js packages, the build. Does nothing when nothing is missing.
 * Prints progress on standard error only. Needs nothing but Node.js and npm.
 */
import { spawnSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { provideAddon } from "./lib/addon.mjs";
import { ARCHES, HOST_ARCH } from "./lib/arches.mjs";
import { canBuild, needsOf, provideNeeds } from "./lib/packages.mjs";
import {
	findCommand,
	mustRun,
	runMain,
	SetupError,
	say,
	TOP,
} from "./lib/run.mjs";
import {
	filesUnder,
	fingerprint,
	forget,
	isDone,
	markDone,
} from "./lib/stamps.mjs";

const USAGE = `usage: npm run setup [-- OPTIONS]

  --test       also what the tests need
  --arch NAME  also what guests of this architecture need (${ARCHES.map((row) => row.name).join(", ")}); repeatable
  --pack       also the agents of every architecture, for npm pack
  --help       this text
`;

const COMMAND = "dist/runner/cli.js";

/** @typedef {import("./lib/arches.mjs").ArchRow} ArchRow */

/**
 * @typedef {object} Options
 * @property {boolean} tests
 * @property {boolean} pack
 * @property {readonly ArchRow[]} guests the architectures whose guests must run
 */

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
				pack: { type: "boolean", default: false },
				help: { type: "boolean", default: false },
				arch: { type: "string", multiple: true, default: [] },
			},
		});
		if (values.help) return undefined;
		const own = HOST_ARCH ?? rowOf("x86_64");
		const guests = values.test
			? ARCHES
			: [...new Set([own, ...values.arch.map(rowOf)])];
		return { tests: values.test, pack: values.pack, guests };
	} catch (error) {
		throw new SetupError(
			`${error instanceof Error ? error.message : error}; see npm run setup -- --help`,
			2,
		);
	}
}

/**
 * @param {string} name
 * @returns {ArchRow}
 */
function rowOf(name) {
	const row = ARCHES.find((arch) => arch.name === name);
	if (row === undefined)
		throw new Error(
			`unknown architecture ${name}, known: ${ARCHES.map((arch) => arch.name).join(", ")}`,
		);
	return row;
}

/**
 * Whether node_modules holds every package that the lock file names, in its version.
 * @returns {boolean}
 */
function dependenciesAreThere() {
	try {
		const wanted = JSON.parse(
			readFileSync(join(TOP, "package-lock.json"), "utf8"),
		).packages;
		const present = JSON.parse(
			readFileSync(join(TOP, "node_modules/.package-lock.json"), "utf8"),
		).packages;
		return Object.entries(wanted).every(([path, { version, optional }]) => {
			if (path === "" || (optional && present[path] === undefined)) return true;
			return present[path]?.version === version && existsSync(join(TOP, path));
		});
	} catch {
		return false;
	}
}

function provideDependencies() {
	if (dependenciesAreThere()) return;
	say("installing the Node.js packages");
	// The addon is built by a step of its own, once the compilers are there.
	mustRun("npm", [
		"ci",
		"--ignore-scripts",
		"--no-audit",
		"--no-fund",
		"--loglevel=error",
	]);
}

/** Compiles the TypeScript, and removes what an earlier compilation made of sources that are gone. */
function provideCommand() {
	const rooms = /** @type {string[]} */ (
		JSON.parse(readFileSync(join(TOP, "tsconfig.json"), "utf8")).include
	);
	const sources = filesUnder(rooms, (name) => name.endsWith(".ts"));
	const print = fingerprint([
		...sources,
		join(TOP, "tsconfig.json"),
		join(TOP, "package-lock.json"),
	]);
	if (isDone("typescript", print, [COMMAND])) return;
	say("compiling the TypeScript");
	forget("typescript");
	const names = new Set(
		sources.map((path) => relative(TOP, path).replace(/\.ts$/, "")),
	);
	for (const path of filesUnder(
		rooms.map((room) => `dist/${room}`),
		(name) => /\.js(\.map)?$/.test(name),
	))
		if (
			!names.has(relative(join(TOP, "dist"), path).replace(/\.js(\.map)?$/, ""))
		)
			rmSync(path);
	mustRun(join(TOP, "node_modules/.bin/tsc"), ["-p", "."]);
	if (!existsSync(join(TOP, COMMAND)))
		throw new SetupError(`the compiler made no ${COMMAND}`);
	chmodSync(join(TOP, COMMAND), 0o755);
	markDone("typescript", print);
}

/** Builds the guest agents of every architecture that has a compiler here. */
function provideAgents() {
	const names = ARCHES.filter(canBuild).map((row) => row.name);
	const print = fingerprint(
		filesUnder([
			"native/Makefile",
			"native/probe",
			"native/agent",
			"package.json",
		]),
		names,
	);
	const outputs = names.map((name) => `dist/agent/crprobe-${name}`);
	if (isDone("agents", print, outputs)) return;
	say(`building the agents for ${names.join(", ")}`);
	mustRun("make", ["-C", "native", `ARCHES=${names.join(" ")}`]);
	const absent = outputs.find((output) => !existsSync(join(TOP, output)));
	if (absent !== undefined)
		throw new SetupError(`make -C native made no ${absent}`);
	markDone("agents", print);
}

/** @param {Options} options */
function setUp({ tests, pack, guests }) {
	provideNeeds(
		needsOf({ build: pack || tests ? ARCHES : guests, guests, tests }),
	);
	provideDependencies();
	provideCommand();
	provideAgents();
	const why = provideAddon();
	if (why !== "")
		say(
			`the addon was not built, so only crcap run --local is unavailable: ${why}`,
		);
}

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
	const status = underLock();
	if (status !== undefined) return status;
	setUp(options);
	return 0;
});
