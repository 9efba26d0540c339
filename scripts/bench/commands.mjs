/** Runs of the command, timed from outside. They need the build. */
import { spawn, spawnSync } from "node:child_process";
import {
	closeSync,
	mkdtempSync,
	openSync,
	readFileSync,
	rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findCommand, SetupError, TOP } from "../lib/run.mjs";
import { watchMemory } from "./memory.mjs";

/** @typedef {import("../../results/model/model.js").TargetResult} TargetResult */

/**
 * @typedef {object} Run
 * @property {number} ms from the command's start to its end
 * @property {readonly TargetResult[]} targets of its report
 * @property {readonly import("./memory.mjs").Memory[]} memory of its guests, where that was asked for
 * @property {import("./phases.mjs").Timeline} [timeline] where that was asked for
 */

/** What must not outlive the bench: its folders, and the command that it runs. */
const folders = /** @type {Set<string>} */ (new Set());
/** @type {import("node:child_process").ChildProcess | undefined} */
let running;
process.once("exit", () => {
	running?.kill();
	for (const folder of folders)
		rmSync(folder, { recursive: true, force: true });
});

/** @returns {string} a new folder */
function makeFolder() {
	const folder = mkdtempSync(join(tmpdir(), "crcap-bench-"));
	folders.add(folder);
	return folder;
}

/** @param {string} folder */
function removeFolder(folder) {
	rmSync(folder, { recursive: true, force: true });
	folders.delete(folder);
}

const TRACE = pathToFileURL(join(TOP, "scripts/bench/trace.mjs")).href;

/**
 * `crcap run` as a user has it.
 * @param {readonly string[]} args of the command
 * @param {{ guests?: number, traced?: boolean }} [also] with the memory of so many guests; with a timeline
 * @returns {Promise<Run>}
 * @throws {SetupError} where the run is not whole
 */
export async function crcapRun(args, { guests, traced = false } = {}) {
	const folder = makeFolder();
	try {
		const report = join(folder, "report.json");
		const trace = join(folder, "trace.json");
		const words = [
			...(traced ? ["--import", TRACE] : []),
			join(TOP, "dist/crcap/main.js"),
			...["run", `--report=json=${report}`, ...args],
		];
		const env = traced
			? { ...process.env, CRCAP_BENCH_TRACE: trace }
			: process.env;
		const { start, end, status, stderr, memory } = await timed(
			process.execPath,
			words,
			env,
			guests,
		);
		// 1 means that a case failed: the run is whole all the same.
		if (status !== 0 && status !== 1)
			throw new SetupError(
				`crcap run ${args.join(" ")} ended with ${status}:\n${stderr}`,
			);
		const { targets } = JSON.parse(readFileSync(report, "utf8"));
		return {
			ms: end - start,
			targets,
			memory,
			...(traced
				? {
						timeline: {
							start,
							end,
							trace: JSON.parse(readFileSync(trace, "utf8")),
						},
					}
				: {}),
		};
	} finally {
		removeFolder(folder);
	}
}

/** Milliseconds since 1970, finer than Date has them. */
const now = () => performance.timeOrigin + performance.now();

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {number} [guests] whose memory is looked at
 */
async function timed(command, args, env, guests) {
	let stderr = "";
	const start = now();
	const child = spawn(command, args, {
		env,
		stdio: ["ignore", "ignore", "pipe"],
	});
	running = child;
	child.stderr.setEncoding("utf8").on("data", (text) => {
		stderr += text;
	});
	const ended =
		guests === undefined || child.pid === undefined
			? () => []
			: watchMemory(child.pid, guests);
	try {
		const end = new Promise((resolve) => {
			child.once("exit", () => resolve(now()));
		});
		const status = await new Promise((resolve, reject) => {
			child.once("error", reject);
			child.once("close", resolve);
		});
		return { start, end: Number(await end), status, stderr, memory: ended() };
	} finally {
		running = undefined;
		ended();
	}
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, timeout?: number }} [options]
 * @returns {number} milliseconds that it takes
 * @throws {SetupError} where it fails
 */
export function timeOf(command, args, options = {}) {
	const folder = makeFolder();
	const said = join(folder, "said");
	// A file: virtme-ng's QEMU opens its standard output by name once more, which a pipe of Node's does not allow.
	const output = openSync(said, "w");
	try {
		const start = performance.now();
		const { status, error } = spawnSync(command, args, {
			...options,
			stdio: ["ignore", output, output],
		});
		const ms = performance.now() - start;
		if (status === 0) return ms;
		const why = error?.message ?? `it ended with ${status}`;
		const last = readFileSync(said, "utf8").trim().split("\n").slice(-3);
		throw new SetupError([`${command}: ${why}`, ...last].join(" / "));
	} finally {
		closeSync(output);
		removeFolder(folder);
	}
}

/** Node's start with nothing to do. */
export const nodeStart = () => timeOf(process.execPath, ["-e", "0"]);

/** QEMU's start with nothing to do. */
export function qemuStart() {
	const qemu = findCommand("qemu-system-x86_64");
	if (qemu === undefined)
		throw new SetupError("qemu-system-x86_64 is not on this machine");
	return timeOf(qemu, ["--version"]);
}
