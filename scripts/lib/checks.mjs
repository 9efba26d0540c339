/** The checks that boot nothing and run no test file: each is a row, and counts as one. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeHeaders } from "./addon.mjs";
import { FIRST_ARCHES } from "./arches.mjs";
import { run, TOP } from "./run.mjs";
import { filesUnder } from "./stamps.mjs";

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} command
 * @property {(folder: string) => string[]} args given an empty folder that is removed afterwards
 */

/** A failure is shown with no more lines than this. */
const LINES = 100;

/** @param {string} name */
const installed = (name) => join(TOP, "node_modules/.bin", name);

/** @type {readonly Check[]} */
export const CHECKS = [
	{
		name: "types",
		command: installed("tsc"),
		args: () => ["-p", ".", "--noEmit"],
	},
	{
		name: "types of the scripts",
		command: installed("tsc"),
		args: () => ["-p", "scripts"],
	},
	{
		name: "types of the page",
		command: installed("tsc"),
		args: () => ["-p", "results/page/browser"],
	},
	{
		name: "lint and format",
		command: installed("biome"),
		args: () => ["check", "--error-on-warnings", "."],
	},
	{
		name: "rooms: arrows, sizes, names",
		command: process.execPath,
		args: () => [join(TOP, "scripts/rooms.mjs")],
	},
	{
		name: "format of the C and C++ code",
		command: "clang-format",
		args: () => [
			"--dry-run",
			"-Werror",
			...filesUnder(["native"], (name) => /\.(c|h|cc)$/.test(name)),
		],
	},
	{
		name: "C without warnings",
		command: "make",
		args: (folder) => [
			"-C",
			"native",
			`OUT=${folder}`,
			`ARCHES=${FIRST_ARCHES.map((row) => row.name).join(" ")}`,
		],
	},
	{
		name: "C++ without warnings",
		command: "g++",
		args: () => [
			...["-std=gnu++17", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"],
			...["-isystem", join(nodeHeaders() ?? "/usr", "include/node")],
			...["-isystem", join(TOP, "node_modules/node-addon-api")],
			...["-Inative/core", "-DNAPI_VERSION=8", "native/addon/addon.cc"],
		],
	},
	{
		name: "lock file",
		command: "npm",
		args: () => ["ci", "--dry-run", "--ignore-scripts", "--no-audit"],
	},
	{
		name: "shell scripts",
		command: "sh",
		args: () => [
			"-c",
			'for file; do bash -n "$file" || exit; done',
			"sh",
			".ci/run",
			...filesUnder(["examples"], (name) => /\.(sh|sbatch)$/.test(name)),
		],
	},
];

/**
 * @param {Check} check
 * @returns {string} empty where it passed; otherwise what it said
 */
export function failureOf({ command, args }) {
	const folder = mkdtempSync(join(tmpdir(), "crcap-check-"));
	try {
		const { ok, output, trouble } = run(command, args(folder), {
			timeoutMs: 600_000,
		});
		return ok ? "" : `${shorten(output.trimEnd())}\n${trouble}`;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/**
 * @param {string} text
 * @returns {string} its beginning; a tool that finds much says it again when run by hand
 */
function shorten(text) {
	const lines = text.split("\n");
	const more = lines.length - LINES;
	if (more <= 0) return text;
	return [...lines.slice(0, LINES), `… and ${more} lines more`].join("\n");
}
