/** Builds the Node.js addon with node-gyp. A machine that cannot build it still runs guests, so a failure is only recorded. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { findCommand, run, TOP } from "./run.mjs";
import { filesUnder, fingerprint, isDone, markDone } from "./stamps.mjs";

/** The addon, relative to the project's folder. */
export const ADDON = "build/Release/crcap.node";

/** Why the last build of the addon failed, for whoever asks for it later. */
export const FAILURE = "build/addon-failure.txt";

/** What runs cases, whatever it is built into; binding.gyp and native/Makefile name these folders, too. */
export const CASE_SOURCES = ["native/core", "native/boundaries", "native/criu"];

const SOURCES = ["binding.gyp", "native/addon", ...CASE_SOURCES];

/** What the build needs on the PATH: each row is met by one of its commands. */
const TOOLS = [
	["make", "gmake"],
	["g++", "c++", "clang++"],
	["gcc", "cc", "clang"],
	["python3", "python"],
];

/** @returns {string[]} what the build needs and is not there */
function missingTools() {
	return TOOLS.filter(
		(names) => !names.some((name) => findCommand(name) !== undefined),
	).map(([name = ""]) => name);
}

/** @returns {string} what the addon would be built from now */
function addonPrint() {
	return fingerprint(filesUnder(SOURCES), [
		process.version,
		process.arch,
		missingTools().join(),
	]);
}

/**
 * Whether its sources, this Node.js, or the compilers at hand have changed since the last try.
 * @param {{ retry?: boolean }} [options] retry: also where only the last try failed
 * @returns {boolean}
 */
export function addonIsDue({ retry = false } = {}) {
	const print = addonPrint();
	return (
		!isDone("addon", print, [ADDON]) &&
		(retry || !isDone("addon", print, [FAILURE]))
	);
}

/**
 * Builds the addon, or records why that failed.
 * @returns {string} empty, or why there is none
 */
export function provideAddon() {
	const missing = missingTools();
	const why =
		missing.length > 0 ? `not on the PATH: ${missing.join(", ")}` : build();
	rmSync(join(TOP, FAILURE), { force: true });
	if (why !== "") {
		rmSync(join(TOP, ADDON), { force: true });
		mkdirSync(join(TOP, dirname(FAILURE)), { recursive: true });
		writeFileSync(join(TOP, FAILURE), `${why}\n`);
	}
	markDone("addon", addonPrint());
	return why;
}

/** @returns {string} empty, or why it failed */
function build() {
	const gyp = nodeGyp();
	if (gyp === undefined) return "node-gyp was not found: it comes with npm";
	const env = { ...process.env };
	const headers = nodeHeaders();
	if (headers !== undefined) env.npm_config_nodedir = headers;
	const { ok, output, trouble } = run(
		process.execPath,
		[gyp, "rebuild", "--silent"],
		{ env, timeoutMs: 600_000 },
	);
	if (ok && existsSync(join(TOP, ADDON))) return "";
	return `${trouble || `node-gyp made no ${ADDON}`}\n${output.trimEnd().split("\n").slice(-40).join("\n")}`;
}

/**
 * npm's own node-gyp, or one that is installed here.
 * @returns {string | undefined} the path of its command
 */
function nodeGyp() {
	const besideNode = join(
		dirname(process.execPath),
		"../lib/node_modules/npm/node_modules/node-gyp/bin/node-gyp.js",
	);
	const besideNpm = join(
		dirname(process.env.npm_execpath ?? "/"),
		"../node_modules/node-gyp/bin/node-gyp.js",
	);
	const candidates = [process.env.npm_config_node_gyp, besideNpm, besideNode];
	const found = candidates.find(
		(path) => path !== undefined && existsSync(path),
	);
	if (found !== undefined) return found;
	try {
		return createRequire(import.meta.url).resolve("node-gyp/bin/node-gyp.js");
	} catch {
		return undefined;
	}
}

/**
 * Where this Node.js has its headers; node-gyp fetches them where there are none.
 * @returns {string | undefined} a folder that holds include/node
 */
export function nodeHeaders() {
	const candidates = [
		process.env.npm_config_nodedir,
		dirname(dirname(process.execPath)),
		"/usr",
	];
	return candidates.find(
		(folder) =>
			folder !== undefined &&
			existsSync(join(folder, "include/node/node_api.h")),
	);
}
