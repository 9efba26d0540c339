/**
 * A QEMU process that leaves nothing behind. Ports are inherited sockets and the initramfs is an unlinked file, so there
 * is nothing on disk to clean up; the kernel kills QEMU when this process dies, however that happens.
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
	closeSync,
	mkdtempSync,
	openSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { errnoOf, messageOf, VmError } from "../base/errors.js";
import { findOnPath } from "../base/path.js";
import { type GuestSpec, qemuArgs } from "./arguments.js";
import { Qmp } from "./qmp.js";

const MAX_STDERR = 16_384;

/** The descriptors that QEMU inherits. */
const FD = { console: 3, results: 4, qmp: 5, initrd: 6 } as const;
/** Where QEMU finds the initramfs. */
export const INITRD_FD_PATH = `/dev/fd/${FD.initrd}`;

export interface QemuExit {
	code: number | null;
	signal: NodeJS.Signals | null;
	/** Set when the program could not be started at all. */
	error?: Error;
}

export interface QemuProcess {
	readonly pid: number | undefined;
	readonly console: Duplex;
	/** Null where the frames share the console's port. */
	readonly results: Duplex | null;
	readonly qmp: Qmp;
	/** What QEMU itself complained of so far. */
	stderr(): string;
	/** Called with each piece of it. */
	onStderr(listener: (text: string) => void): void;
	/** Resolves once the process is gone and its ports are read to their end. Never rejects. */
	readonly exited: Promise<QemuExit>;
	/** Ends it at once; harmless when it is gone. */
	kill(): void;
}

const running = new Set<ChildProcess>();
let guarded = false;

/** A last line of defence where setpriv is missing: what dies with an `exit` event takes its guests along. */
function guardExit(): void {
	if (guarded) return;
	guarded = true;
	process.once("exit", () => {
		for (const child of running) child.kill("SIGKILL");
	});
}

let setprivPath: string | null | undefined;

/** util-linux's setpriv sets PR_SET_PDEATHSIG and then becomes the program; null where it is not installed. */
function findSetpriv(): string | null {
	if (setprivPath !== undefined) return setprivPath;
	setprivPath = findOnPath("setpriv", ["/usr/bin"]) ?? null;
	return setprivPath;
}

/** An open file that holds these bytes and has no name any more. */
function unlinkedFile(data: Uint8Array): number {
	let dir: string | undefined;
	let fd: number | undefined;
	try {
		dir = mkdtempSync(join(tmpdir(), "crcap-"));
		fd = openSync(join(dir, "initramfs"), "wx+", 0o600);
		rmSync(dir, { recursive: true });
		dir = undefined;
		writeFileSync(fd, data);
		return fd;
	} catch (error) {
		if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
		if (fd !== undefined) closeSync(fd);
		const full = errnoOf(error) === "ENOSPC";
		throw new VmError(
			"storage",
			`the initramfs (${data.length} bytes) cannot be written to ${tmpdir()}: ${messageOf(error)}`,
			{
				cause: error,
				hint: full
					? "free some space or point TMPDIR elsewhere"
					: "point TMPDIR to a directory that can be written",
			},
		);
	}
}

/**
 * Starts QEMU with its ports on inherited sockets. `spec.initrd` is replaced by the given bytes.
 * @throws VmError (storage) when the initramfs cannot be written.
 */
export function spawnQemu(
	program: string,
	spec: Omit<GuestSpec, "initrd">,
	initramfs: Uint8Array,
): QemuProcess {
	const shared = spec.machine.channel.kind === "shared";
	const args = qemuArgs(
		{ ...spec, initrd: INITRD_FD_PATH },
		{
			console: `socket,fd=${FD.console}`,
			...(shared ? {} : { results: `socket,fd=${FD.results}` }),
			qmp: `socket,fd=${FD.qmp}`,
		},
	);
	const setpriv = findSetpriv();
	const [command, ...rest] = setpriv
		? [setpriv, "--pdeathsig", "KILL", "--", program, ...args]
		: [program, ...args];
	const initrd = unlinkedFile(initramfs);
	let child: ChildProcess;
	try {
		guardExit();
		child = spawn(command as string, rest, {
			stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", "pipe", initrd],
			// A session of its own: Ctrl-C reaches the runner, which decides what becomes of the guest.
			detached: true,
			cwd: "/",
		});
	} finally {
		closeSync(initrd);
	}
	running.add(child);
	return watch(child, shared);
}

function watch(child: ChildProcess, shared: boolean): QemuProcess {
	let stderr = "";
	const port = (fd: number) => {
		const socket = child.stdio[fd] as Socket;
		socket.on("error", () => {});
		return socket;
	};
	const results = port(FD.results);
	if (shared) results.resume();
	child.stderr?.on("data", (chunk: Buffer) => {
		stderr = (stderr + chunk.toString()).slice(-MAX_STDERR);
	});
	const exited = new Promise<QemuExit>((resolve) => {
		child.once("error", (error) => {
			running.delete(child);
			resolve({ code: null, signal: null, error });
		});
		child.once("exit", () => running.delete(child));
		child.once("close", (code, signal) => resolve({ code, signal }));
	});
	return {
		pid: child.pid,
		console: port(FD.console),
		results: shared ? null : results,
		qmp: new Qmp(port(FD.qmp)),
		stderr: () => stderr.trim(),
		onStderr: (listener) => {
			child.stderr?.on("data", (chunk: Buffer) => listener(chunk.toString()));
		},
		exited,
		kill: () => {
			child.kill("SIGKILL");
		},
	};
}
