/** The steps of the set-up, in order: each tells whether it is due, and does its work. */
import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { prebuildsAreDue, providePrebuilds } from "../prebuilds.mjs";
import { addonIsDue, CASE_SOURCES, provideAddon } from "./addon.mjs";
import { ARCHES, HOST_ARCH } from "./arches.mjs";
import { canBuild, canBuildPolicies, needsOf } from "./needs.mjs";
import { needsAreDue, provideNeeds } from "./packages.mjs";
import { mustRun, SetupError, say, TAP, TOP } from "./run.mjs";
import {
	filesUnder,
	fingerprint,
	forget,
	isDone,
	markDone,
} from "./stamps.mjs";

/** @typedef {import("./arches.mjs").ArchRow} ArchRow */

/**
 * @typedef {object} Options
 * @property {boolean} tests also what the tests need
 * @property {boolean} faults also what building kernels takes
 * @property {boolean} pack also what only travels in the npm package
 * @property {boolean} fuzz also what fuzzing is quicker with
 * @property {boolean} bench also what the bench measures beside crcap
 * @property {readonly ArchRow[]} agents the architectures whose agents must be built
 * @property {readonly ArchRow[]} guests the architectures whose guests must run
 */

/**
 * @typedef {object} Step
 * @property {(options: Options) => boolean} isDue quick, changes nothing
 * @property {(options: Options) => void} provide does the work; throws SetupError where it cannot
 */

/** @type {readonly Step[]} */
export const STEPS = [
	{
		isDue: (options) => needsAreDue(needsFor(options)),
		provide: (options) => provideNeeds(needsFor(options)),
	},
	{ isDue: () => !dependenciesAreThere(), provide: provideDependencies },
	{ isDue: ({ tests }) => tests && !isDone(...tapStamp()), provide: buildTap },
	{ isDue: () => !isDone(...commandStamp()), provide: provideCommand },
	{ isDue: () => !isDone(...agentsStamp()), provide: provideAgents },
	{
		isDue: () => canBuildPolicies() && !isDone(...policiesStamp()),
		provide: providePolicies,
	},
	{ isDue: () => addonIsDue(), provide: tryAddon },
	{ isDue: ({ pack }) => pack && prebuildsAreDue(), provide: providePrebuilds },
];

/** @param {Options} options */
function needsFor({ tests, faults, fuzz, bench, pack, agents, guests }) {
	const addons = pack || tests ? agents : [];
	const build = agents;
	return needsOf({ build, addons, guests, tests, faults, fuzz, bench });
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
	say("installing the Node.js packages");
	forget("tap");
	// The addon is built by a step of its own, once the compilers are there.
	mustRun("npm", [
		"ci",
		"--ignore-scripts",
		"--no-audit",
		"--no-fund",
		"--loglevel=error",
	]);
}

/** @returns {[step: string, print: string, outputs: string[]]} */
function tapStamp() {
	const inputs = [".taprc", "package-lock.json"];
	return [
		"tap",
		fingerprint(inputs.map((path) => join(TOP, path))),
		["node_modules/@tapjs/test/test-built/dist/esm/index.js"],
	];
}

/** Puts the test runner together from the plugins that .taprc leaves in it. */
function buildTap() {
	say("building the test runner");
	mustRun(process.execPath, [TAP, "build"]);
	const [step, print, outputs] = tapStamp();
	mustExist(outputs, "tap build");
	markDone(step, print);
}

/** The folders that hold TypeScript. */
function rooms() {
	return /** @type {string[]} */ (
		JSON.parse(readFileSync(join(TOP, "tsconfig.json"), "utf8")).include
	);
}

/** @returns {string[]} the TypeScript sources, relative to the project's folder and without their ending */
function sourceNames() {
	return filesUnder(rooms(), (name) => name.endsWith(".ts")).map((path) =>
		relative(TOP, path).replace(/\.ts$/, ""),
	);
}

/** What writes the requests that travel with every guest. */
const REQUESTS = "scripts/requests.mjs";
/** The command as it is shipped, and what it loads. */
const COMMAND = "dist/crcap/main.js";
const LOADED = "dist/crcap/deps.js";
/** The library as programs import it, and its types. */
const LIBRARY = ["dist/crcap/index.js", "dist/types/runner/library/index.d.ts"];
/** What puts the command into a few files. */
const BUNDLE = "scripts/bundle.mjs";

/** @returns {[step: string, print: string, outputs: string[]]} */
function commandStamp() {
	const names = sourceNames();
	const sources = names.map((name) => `${name}.ts`);
	const inputs = [
		...sources,
		"tsconfig.json",
		"runner/library/tsconfig.json",
		"package-lock.json",
		REQUESTS,
		BUNDLE,
	];
	const outputs = ["runner/cli/main", ...names].map(
		(name) => `dist/${name}.js`,
	);
	return [
		"typescript",
		fingerprint(inputs.map((path) => join(TOP, path))),
		[...outputs, "dist/agent/requests", COMMAND, LOADED, ...LIBRARY],
	];
}

/** Compiles the TypeScript, and removes what an earlier compilation made of sources that are gone. */
function provideCommand() {
	say("compiling the TypeScript");
	forget("typescript");
	const names = new Set(sourceNames());
	const compiled = /\.js(\.map)?$/;
	for (const path of filesUnder(
		rooms().map((room) => `dist/${room}`),
		(name) => compiled.test(name),
	))
		if (!names.has(relative(join(TOP, "dist"), path).replace(compiled, "")))
			rmSync(path);
	mustRun(join(TOP, "node_modules/.bin/tsc"), ["-p", "."]);
	rmSync(join(TOP, "dist/types"), { recursive: true, force: true });
	mustRun(join(TOP, "node_modules/.bin/tsc"), ["-p", "runner/library"]);
	mustRun(process.execPath, [join(TOP, REQUESTS)]);
	mustRun(process.execPath, [join(TOP, BUNDLE)]);
	const [step, print, outputs] = commandStamp();
	mustExist(outputs, "the TypeScript compiler");
	chmodSync(join(TOP, COMMAND), 0o755);
	markDone(step, print);
}

/** @returns {string[]} the architectures that have a compiler here */
function buildable() {
	return ARCHES.filter(canBuild).map((row) => row.name);
}

/** @returns {[step: string, print: string, outputs: string[]]} */
function agentsStamp() {
	const names = buildable();
	const sources = filesUnder([
		"native/Makefile",
		...CASE_SOURCES,
		"native/test",
		"native/agent",
		"native/doctor",
		"package.json",
	]);
	return [
		"agents",
		fingerprint(sources, names),
		[
			...names.map((name) => `dist/agent/crprobe-${name}`),
			...(HOST_ARCH && names.includes(HOST_ARCH.name)
				? [`dist/agent/test/crprobe-${HOST_ARCH.name}`]
				: []),
		],
	];
}

/** Builds the guest agents of every architecture that has a compiler here. */
function provideAgents() {
	const [step, print, outputs] = agentsStamp();
	const names = buildable().join(" ");
	say(`building the agents: ${names}`);
	const own = HOST_ARCH?.name ?? "";
	mustRun("make", ["-C", "native", `ARCHES=${names}`, `OWN=${own}`]);
	mustExist(outputs, "make -C native");
	markDone(step, print);
}

/** @returns {[step: string, print: string, outputs: string[]]} */
function policiesStamp() {
	return [
		"policies",
		fingerprint(filesUnder(["native/Makefile", "native/policy"])),
		["apparmor", "selinux", "tomoyo"].map(
			(module) => `dist/agent/policy/${module}`,
		),
	];
}

/** Compiles the policies that guests carry. */
function providePolicies() {
	say("compiling the security policies");
	const [step, print, outputs] = policiesStamp();
	mustRun("make", ["-C", "native", "policies"]);
	mustExist(outputs, "make -C native policies");
	markDone(step, print);
}

/**
 * @param {readonly string[]} outputs relative to the project's folder
 * @param {string} maker
 */
function mustExist(outputs, maker) {
	const absent = outputs.find((output) => !existsSync(join(TOP, output)));
	if (absent !== undefined) throw new SetupError(`${maker} made no ${absent}`);
}

function tryAddon() {
	const why = provideAddon();
	if (why !== "")
		say(
			`the addon was not built, so only crcap run --local is unavailable: ${why}`,
		);
}
