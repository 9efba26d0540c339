/**
 * A QEMU process that leaves nothing behind. Ports are inherited pipes and sockets and the initramfs is an unlinked file, so there
 * is nothing on disk to clean up. The kernel kills QEMU when this process is killed; where QEMU is a script, only the script.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { performance } from "node:perf_hooks";
import type { Duplex, Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { VmError } from "../base/errors.js";
import { findOnPath } from "../base/path.js";
import { type GuestMemory, type GuestSpec, qemuArgs } from "./arguments.js";
import { familyEnv, familyName, killFamily } from "./family.js";
import { type Gulps, openPipes, readPipes } from "./pipe.js";
import type { QemuBuild } from "./qemuBuild.js";
import { Qmp } from "./qmp.js";
import { openUnnamed, TOO_MANY_FILES, temporaryError } from "./unnamedFile.js";

const MAX_STDERR = 16_384;
/** After QEMU's end its ports are read until nothing has come for so many looks. */
const QUIET_LOOKS = 3;
const LOOK_MS = 100;
/** And no longer than this, milliseconds: what QEMU left behind may go on talking. */
const MAX_LAST_WORDS_MS = 3000;
/** A killed process that does not end, since the kernel does not let it, is not waited for any longer. */
const MAX_DYING_MS = 5000;

/**
 * The descriptors that QEMU inherits: the last two only where a state is saved or resumed. The results' port is on its standard input
 * and output where it is on a pipe.
 */
const FD = {
	input: 0,
	output: 1,
	console: 3,
	results: 4,
	qmp: 5,
	initrd: 6,
	state: 7,
	ram: 8,
} as const;
/** Where QEMU finds the initramfs. */
export const INITRD_FD_PATH = `/dev/fd/${FD.initrd}`;
/** Where QEMU sends the state of a guest that is saved, and where it gets that of one that is resumed. */
export const STATE_TO = `unix:/dev/fd/${FD.state}`;
export const STATE_FROM = `fd:${FD.state}`;

export interface QemuExit {
	code: number | null;
	signal: NodeJS.Signals | null;
	/** Set when the program could not be started at all. */
	error?: Error;
}

/** What beside its ports a QEMU is started with. */
export type StateLink =
	/** It may be saved: its memory is this file, and its state goes to this port. */
	| { readonly kind: "save"; readonly ram: number; readonly port: number }
	/** It is a copy of this memory and this state of everything else. */
	| { readonly kind: "resume"; readonly ram: number; readonly device: Buffer };

export interface QemuProcess {
	readonly pid: number | undefined;
	readonly console: Readable;
	/** Null where the frames share the console's port, or there are none. */
	readonly results: Readable | null;
	/** Where bytes go that the guest shall read: the results' port, or the console where there is none. */
	readonly input: Writable;
	/** With `shell`, the second port, which nobody else uses; null where the machine has none. */
	readonly free: Duplex | null;
	readonly qmp: Qmp;
	/** What QEMU itself complained of so far. */
	stderr(): string;
	/** Called with each piece of it. */
	onStderr(listener: (text: string) => void): void;
	/** Resolves once the process is gone, with all that it started, and its ports are read to their end. Never rejects. */
	readonly exited: Promise<QemuExit>;
	/** Ends it and all that it started at once; nothing of theirs is read any more. Harmless when it is gone. */
	kill(): void;
}

/** What must not outlive this process: the first process of each family, by the family's name. */
const running = new Map<string, ChildProcess>();
let guarded = false;

/** A last line of defence where setpriv is missing: what dies with an `exit` event takes its guests along. */
function guardExit(): void {
	if (guarded) return;
	guarded = true;
	process.once("exit", () => {
		for (const [family, child] of running) killFamily(family, child.pid);
	});
}

let setprivPath: string | null | undefined;

/** util-linux's setpriv sets PR_SET_PDEATHSIG and then becomes the program; null where it is not installed. */
function findSetpriv(): string | null {
	if (setprivPath !== undefined) return setprivPath;
	setprivPath = findOnPath("setpriv", ["/usr/bin"]) ?? null;
	return setprivPath;
}

/**
 * What becomes the command that follows only where this process is still its parent: the kernel sends no signal for a parent that
 * was gone before it was asked for one.
 */
const ifChildOf = (pid: number): string[] => {
	const script = '[ "$PPID" = "$1" ] && shift && exec "$@"';
	return ["/bin/sh", "-c", script, "sh", String(pid)];
};

/** An open file that holds these bytes and has no name any more. */
function unlinkedFile(data: Uint8Array): number {
	let fd: number | undefined;
	try {
		fd = openUnnamed(tmpdir());
		writeFileSync(fd, data);
		return fd;
	} catch (error) {
		if (fd !== undefined) closeSync(fd);
		throw temporaryError(
			`the initramfs (${data.length} bytes) cannot be written to ${tmpdir()}`,
			error,
		);
	}
}

/** What beside the machine QEMU is started with. */
export interface SpawnOptions {
	/** A guest that may be saved, or a copy of one that was. */
	readonly link?: StateLink | undefined;
	/** The console takes what is typed, and there are no frames. */
	readonly shell?: boolean;
}

/**
 * Starts QEMU with its ports on inherited pipes. They are sockets where a port is more than the agent's or the console takes input, and
 * where QEMU is a script, which may keep standard input and output for itself. `spec.initrd` is replaced by the given bytes.
 * @throws VmError (storage) when the initramfs cannot be written, or no pipe be made.
 */
export async function spawnQemu(
	{ program, identity }: Pick<QemuBuild, "program" | "identity">,
	spec: Omit<GuestSpec, "initrd">,
	initramfs: Uint8Array,
	{ link, shell = false }: SpawnOptions = {},
): Promise<QemuProcess> {
	const own = spec.machine.channel.kind === "own";
	const pipes =
		own && !shell && identity !== undefined ? await openPipes() : undefined;
	const args = qemuArgs(
		{ ...spec, initrd: INITRD_FD_PATH, ...memoryOf(link) },
		{
			...(pipes === undefined
				? {
						console: `socket,fd=${FD.console}`,
						...(own ? { results: `socket,fd=${FD.results}` } : {}),
					}
				: {
						console: `file,path=/dev/fd/${FD.console}`,
						results: "stdio,signal=off",
					}),
			qmp: `socket,fd=${FD.qmp}`,
		},
	);
	const setpriv = findSetpriv();
	const [command, ...rest] = setpriv
		? [setpriv, "--pdeathsig", "KILL", "--", ...ifChildOf(process.pid), program]
		: [program];
	const reads = pipes?.map(({ read }) => read) ?? [];
	const inherited = pipes?.map(({ write }) => write) ?? [];
	const [shown, output] = inherited;
	const family = familyName();
	let child: ChildProcess;
	try {
		guardExit();
		const initrd = unlinkedFile(initramfs);
		inherited.push(initrd);
		const ports =
			pipes === undefined
				? (["ignore", "ignore", "pipe", "pipe", "pipe"] as const)
				: (["pipe", output, "pipe", shown, "ignore"] as const);
		child = spawn(command as string, [...rest, ...args], {
			stdio: [...ports, "pipe", initrd, ...stateStdio(link)],
			// A session of its own: Ctrl-C reaches the runner, which decides what becomes of the guest.
			detached: true,
			cwd: "/",
			env: familyEnv(family),
		});
	} catch (error) {
		for (const fd of reads) closeSync(fd);
		throw error;
	} finally {
		for (const fd of inherited) closeSync(fd);
	}
	// Where not even sockets are to be had there is no process, and nothing of it.
	if (child.stdio === undefined) {
		for (const fd of reads) closeSync(fd);
		child.once("error", () => {});
		throw new VmError("qemu", "QEMU can't be started: too many open files", {
			hint: TOO_MANY_FILES,
		});
	}
	running.set(family, child);
	if (link?.kind === "resume") sendState(child, link.device);
	const ports =
		pipes === undefined
			? portsOnSockets(child, own, shell)
			: portsOnPipes(child, reads);
	return watch(child, family, ports);
}

/** What a port says, and what it is asked. */
type Ports = Pick<QemuProcess, "console" | "results" | "free" | "input"> & {
	/** What is read to its end when QEMU ends. */
	readonly heard: readonly (Socket | Gulps)[];
};

function portsOnPipes(child: ChildProcess, reads: readonly number[]): Ports {
	// What the console shows before a frame is known before it.
	const heard = readPipes(reads);
	const [console, results] = heard as [Gulps, Gulps];
	const input = child.stdio[FD.input] as Socket;
	return { console, results, input, free: null, heard };
}

function portsOnSockets(
	child: ChildProcess,
	own: boolean,
	shell: boolean,
): Ports {
	const console = child.stdio[FD.console] as Socket;
	const results = child.stdio[FD.results] as Socket;
	if (!own) results.resume();
	const talks = own && !shell;
	return {
		console,
		results: talks ? results : null,
		input: talks ? results : console,
		free: own && shell ? results : null,
		heard: [console, results],
	};
}

function memoryOf(link: StateLink | undefined): { memory?: GuestMemory } {
	if (link === undefined) return {};
	const kind = link.kind === "save" ? "shared" : "copy";
	return { memory: { kind, path: `/dev/fd/${FD.ram}` } };
}

function stateStdio(link: StateLink | undefined): (number | "pipe")[] {
	if (link === undefined) return [];
	return [link.kind === "save" ? link.port : "pipe", link.ram];
}

/** Hands a copy what it resumes from. A QEMU that does not read it to its end is seen by what it does then. */
function sendState(child: ChildProcess, device: Buffer): void {
	const socket = (child.stdio as readonly unknown[])[FD.state] as Socket;
	socket.on("error", () => {});
	socket.end(device, () => socket.destroy());
	child.once("exit", () => socket.destroy());
}

function watch(
	child: ChildProcess,
	family: string,
	{ heard, ...said }: Ports,
): QemuProcess {
	let stderr = "";
	const qmp = (child.stdio as readonly unknown[])[FD.qmp] as Socket;
	const ports = [...heard, qmp];
	for (const port of [said.input, ...ports]) port.on("error", () => {});
	child.stderr?.on("data", (chunk: Buffer) => {
		stderr = (stderr + chunk.toString()).slice(-MAX_STDERR);
	});
	let killed = false;
	const closePorts = () => {
		for (const stream of [said.input, ...ports, child.stderr])
			stream?.destroy();
	};
	const exited = new Promise<QemuExit>((resolve) => {
		child.once("error", (error) => {
			running.delete(family);
			closePorts();
			resolve({ code: null, signal: null, error });
		});
		child.once("exit", (code, signal) => {
			running.delete(family);
			// What it left behind keeps the ports open, and would go on talking in its name.
			killFamily(family, undefined);
			if (killed) resolve({ code, signal });
			else
				void lastWords(ports).then(() => {
					closePorts();
					resolve({ code, signal });
				});
		});
	});
	let giveUp = () => {};
	const dying = new Promise<QemuExit>((resolve) => {
		giveUp = () => resolve({ code: null, signal: "SIGKILL" });
	});
	return {
		pid: child.pid,
		...said,
		qmp: new Qmp(qmp),
		stderr: () => stderr.trim(),
		onStderr: (listener) => {
			child.stderr?.on("data", (chunk: Buffer) => listener(chunk.toString()));
		},
		exited: Promise.race([exited, dying]),
		kill: () => {
			if (killed) return;
			killed = true;
			const gone = child.exitCode !== null || child.signalCode !== null;
			killFamily(family, gone ? undefined : child.pid);
			closePorts();
			setTimeout(giveUp, MAX_DYING_MS).unref();
		},
	};
}

/** Waits until ports have come to their end, or nothing more comes. */
async function lastWords(ports: readonly (Socket | Gulps)[]): Promise<void> {
	const until = performance.now() + MAX_LAST_WORDS_MS;
	const heard = () => ports.reduce((sum, port) => sum + port.bytesRead, 0);
	// Most of the time they come to their end at once, which is noticed as it happens.
	const over = new AbortController();
	const ends = ports.map((port) =>
		finished(port, { writable: false }).catch(() => {}),
	);
	void Promise.all(ends).then(() => over.abort());
	let before = heard();
	for (let quiet = 0; quiet < QUIET_LOOKS; quiet++) {
		if (ports.every((port) => port.readableEnded || port.destroyed)) return;
		if (performance.now() > until) return;
		await sleep(LOOK_MS, undefined, { signal: over.signal }).catch(() => {});
		if (heard() !== before) quiet = -1;
		before = heard();
	}
}
