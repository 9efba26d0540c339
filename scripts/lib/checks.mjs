/** The checks that boot nothing and run no test file: each is a row, and counts as one. */
import { join } from "node:path";
import { run, TOP } from "./run.mjs";
import { filesUnder } from "./stamps.mjs";

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} command
 * @property {() => string[]} args
 */

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
		name: "lint and format",
		command: installed("biome"),
		args: () => ["check", "--error-on-warnings", "."],
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
		name: "lock file",
		command: "npm",
		args: () => ["ci", "--dry-run", "--ignore-scripts", "--no-audit"],
	},
	{ name: "shell scripts", command: "bash", args: () => ["-n", ".ci/run"] },
];

/**
 * @param {Check} check
 * @returns {string} empty where it passed; otherwise what it said
 */
export function failureOf({ command, args }) {
	const { ok, output, trouble } = run(command, args(), { timeoutMs: 600_000 });
	return ok ? "" : `${output.trimEnd()}\n${trouble}`;
}
