import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's own folder: the clone, or where the package was installed. */
export const TOP = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The test runner's command. */
export const TAP = join(TOP, "node_modules/tap/dist/esm/run.mjs");

/** Something went wrong that a person can mend. `exitCode` is what the command should end with. */
export class SetupError extends Error {
	/**
	 * @param {string} message what was wrong, where, what to do next
	 * @param {number} [exitCode]
	 */
	constructor(message, exitCode = 1) {
		super(message);
		this.exitCode = exitCode;
	}
}

/**
 * Progress, for people. Standard output stays clean, since `npm start` prints its report there.
 * @param {string} text
 */
export function say(text) {
	process.stderr.write(`crcap: ${text}\n`);
}

/**
 * Where a command is on the PATH, or undefined.
 * @param {string} name
 * @returns {string | undefined}
 */
export function findCommand(name) {
	// An ordinary user's PATH often lacks the sbin folders, and what is there can be run all the same.
	const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
	for (const folder of folders) {
		const path = join(folder, name);
		try {
			accessSync(path, constants.X_OK);
			if (statSync(path).isFile()) return path;
		} catch {
			// Not here: look in the next folder.
		}
	}
	return undefined;
}

/**
 * @typedef {object} Outcome
 * @property {boolean} ok whether it ran and ended with 0
 * @property {string} output everything it printed, standard output and standard error
 * @property {string} trouble in a few words why it is not ok; empty where it is
 */

/**
 * Runs a command and keeps what it prints.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 * @returns {Outcome}
 */
export function run(command, args, options = {}) {
	const done = spawnSync(command, args, {
		cwd: options.cwd ?? TOP,
		env: options.env ?? process.env,
		encoding: "utf8",
		maxBuffer: 1 << 28,
		stdio: ["ignore", "pipe", "pipe"],
		...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
	});
	const output = `${done.stdout ?? ""}${done.stderr ?? ""}`;
	return { ok: done.status === 0, output, trouble: troubleOf(command, done) };
}

/**
 * @param {string} command
 * @param {import("node:child_process").SpawnSyncReturns<string>} done
 * @returns {string}
 */
function troubleOf(command, done) {
	if (done.error) return `${command}: ${done.error.message}`;
	if (done.signal) return `${command} was killed by ${done.signal}`;
	return done.status === 0 ? "" : `${command} ended with ${done.status}`;
}

/**
 * Runs a command that must succeed; what it printed is shown only where it does not.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function mustRun(command, args, options = {}) {
	const { ok, output, trouble } = run(command, args, options);
	if (!ok)
		throw new SetupError(
			`${output.trimEnd()}\n${[command, ...args].join(" ")}\n${trouble}`,
		);
}

/**
 * Runs a script's main function; an error that a person can mend is printed without a stack.
 * @param {() => Promise<number> | number} main gives the exit status
 */
export async function runMain(main) {
	try {
		process.exitCode = await main();
	} catch (error) {
		if (error instanceof SetupError) {
			say(error.message);
			process.exitCode = error.exitCode;
		} else if (isUsage(error)) {
			say(error.message);
			process.exitCode = 2;
		} else throw error;
	}
}

/**
 * @param {unknown} error
 * @returns {error is TypeError} true for what parseArgs() of node:util says of the command line
 */
function isUsage(error) {
	return (
		error instanceof TypeError &&
		"code" in error &&
		String(error.code).startsWith("ERR_PARSE_ARGS_")
	);
}
