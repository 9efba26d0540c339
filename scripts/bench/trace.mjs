/**
 * Loaded into a run by `node --import`: notes when the runner, its guests and their replies come and go, and writes that to the file
 * named by CRCAP_BENCH_TRACE as the runner ends. Times are milliseconds since 1970.
 */
import childProcess from "node:child_process";
import { writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** The descriptor of QEMU's that carries the agent's frames; see vm/qemu/process.ts. */
const RESULTS = 4;

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
	const port = /** @type {import("node:stream").Readable | undefined} */ (
		child.stdio?.[RESULTS]
	);
	if (port) watchReplies(port, guest);
	return child;
};
childProcess.spawn = /** @type {typeof spawn} */ (
	/** @type {unknown} */ (watched)
);
syncBuiltinESMExports();

/**
 * Looks at what a port gets before its reader does, and changes nothing of it.
 * @param {import("node:stream").Readable} port
 * @param {import("./phases.mjs").GuestTrace} guest
 */
function watchReplies(port, guest) {
	const { push } = port;
	port.push = (chunk, encoding) => {
		const text = chunk === null ? "" : chunk.toString("latin1");
		if (guest.up === undefined && /\b(?:ready|resumed)\b/.test(text))
			guest.up = now();
		if (/\bobs \d/.test(text)) {
			guest.firstReply ??= now();
			guest.lastReply = now();
		}
		return push.call(port, chunk, encoding);
	};
}

process.once("exit", () => {
	const { user, system } = process.cpuUsage();
	trace.cpu = (user + system) / 1000;
	const file = process.env.CRCAP_BENCH_TRACE;
	if (file !== undefined) writeFileSync(file, JSON.stringify(trace));
});
