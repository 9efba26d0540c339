/**
 * Loaded into a run by `node --import`: notes when the runner, its guests and their replies come and go, and writes that to the file
 * named by CRCAP_BENCH_TRACE as the runner ends. Times are milliseconds since 1970.
 */
import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** The descriptor of QEMU's that carries the agent's frames, a pipe; see vm/qemu/process.ts. */
const RESULTS = 1;

const now = () => performance.timeOrigin + performance.now();

/** @type {import("./phases.mjs").Trace} */
const trace = { node: now(), cpu: 0, guests: [] };

const { spawn } = childProcess;
/** @type {(command: string, args: readonly string[], options: import("node:child_process").SpawnOptions) => import("node:child_process").ChildProcess} */
const watched = (command, args, options) => {
	const isGuest = args?.includes("-kernel");
	/** @type {import("./phases.mjs").GuestTrace} */
	const guest = { spawned: now(), resumed: args?.includes("-incoming") };
	const child = spawn(command, args, options);
	if (!isGuest) return child;
	trace.guests.push(guest);
	child.once("exit", () => {
		guest.ended = now();
	});
	const pipe = Array.isArray(options.stdio) ? options.stdio[RESULTS] : null;
	if (typeof pipe === "number") talking.set(pipeOf(pipe), { guest, tail: "" });
	return child;
};
childProcess.spawn = /** @type {typeof spawn} */ (
	/** @type {unknown} */ (watched)
);

/**
 * Which guest a pipe is of, by the pipe's file system and inode, and the end of what it said: a look may cut a word.
 * @type {Map<string, { guest: import("./phases.mjs").GuestTrace, tail: string }>}
 */
const talking = new Map();
const TAIL = 12;

/** @param {number} fd */
function pipeOf(fd) {
	const { dev, ino } = fs.fstatSync(fd);
	return `${dev} ${ino}`;
}

const { readSync } = fs;
/** What is read of a guest's pipe is looked at, and nothing of it changed. @type {(fd: number, bytes: Buffer) => number} */
const overheard = (fd, bytes, ...more) => {
	const count = readSync(fd, bytes, ...more);
	const one = count > 0 ? talking.get(pipeOf(fd)) : undefined;
	if (one === undefined) return count;
	const text = one.tail + bytes.subarray(0, count).toString("latin1");
	one.tail = text.slice(-TAIL);
	note(one.guest, text);
	return count;
};
fs.readSync = /** @type {typeof readSync} */ (
	/** @type {unknown} */ (overheard)
);
syncBuiltinESMExports();

/**
 * @param {import("./phases.mjs").GuestTrace} guest
 * @param {string} text
 */
function note(guest, text) {
	if (guest.up === undefined && /\b(?:ready|resumed)\b/.test(text))
		guest.up = now();
	if (/\bobs \d/.test(text)) {
		guest.firstReply ??= now();
		guest.lastReply = now();
	}
}

process.once("exit", () => {
	const { user, system } = process.cpuUsage();
	trace.cpu = (user + system) / 1000;
	const file = process.env.CRCAP_BENCH_TRACE;
	if (file !== undefined) fs.writeFileSync(file, JSON.stringify(trace));
});
