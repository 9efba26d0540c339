/**
 * Pipes out of QEMU, which hands on byte by byte what a guest's serial port sends. A pipe keeps them together; on a socket each
 * byte is a message of its own, which takes several times as long, and 280 of them fill it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { closeSync, constants, openSync, readSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { errnoOf } from "../base/errors.js";
import { temporaryError } from "./unnamedFile.js";

/** The ends of a pipe that has no name. */
export interface Pipe {
	readonly read: number;
	/** For the program that writes. */
	readonly write: number;
}

/**
 * Node.js makes no pipes, so they have names for a moment. A process apart takes those away where this one is killed in that moment,
 * as what it becomes: it may not be let make another one.
 */
const MAKER =
	'trap "" PIPE; trap \'exec rm -rf "$1"\' EXIT; mkdir -m 700 "$1" && mkfifo -m 600 "$1/0" "$1/1" && echo made && read -r word';

/**
 * Opens two pipes.
 * @throws VmError (storage) where TMPDIR takes none
 */
export async function openPipes(): Promise<readonly [Pipe, Pipe]> {
	const dir = join(tmpdir(), `crcap-${randomUUID()}`);
	const open: number[] = [];
	let maker: ChildProcess | undefined;
	try {
		maker = spawn("/bin/sh", ["-c", MAKER, "sh", dir], { detached: true });
		await made(maker);
		const pipe = (name: string): Pipe => {
			const end = (flags: number) => {
				const fd = openSync(join(dir, name), flags);
				open.push(fd);
				return fd;
			};
			// Without waiting for the other end, which is opened next.
			const read = end(constants.O_RDONLY | constants.O_NONBLOCK);
			return { read, write: end(constants.O_WRONLY) };
		};
		return [pipe("0"), pipe("1")];
	} catch (error) {
		for (const fd of open) closeSync(fd);
		throw temporaryError(`no pipe can be made in ${tmpdir()}`, error);
	} finally {
		rmSync(dir, { recursive: true, force: true });
		for (const stream of maker?.stdio ?? []) stream?.destroy();
		maker?.unref();
	}
}

/** Resolves when the names are there. */
async function made(maker: ChildProcess): Promise<void> {
	let said = "";
	maker.stdin?.on("error", () => {});
	maker.stderr?.on("data", (bytes: Buffer) => {
		said += bytes;
	});
	await new Promise<void>((resolve, reject) => {
		maker.stdout?.once("data", () => resolve());
		maker.once("error", reject);
		maker.once("close", () => reject(new Error(said.trim())));
	});
}

/** Pipes are looked at so often where something comes, and where nothing does; milliseconds. */
const BUSY_MS = 2;
const IDLE_MS = 4;
/** So much is taken out of a pipe at a time, bytes: what a pipe holds. */
const GULP = 64 * 1024;
/** And no more than this at a look, whoever floods it. */
const MOST = 4 * GULP;

const scratch = Buffer.allocUnsafe(GULP);

/** One pipe of several that are read in step. */
export class Gulps extends Readable {
	/** How many bytes have come. */
	bytesRead = 0;
	readonly #fd: number;
	#wanted = false;
	#over = false;

	/** @param fd the pipe's end, which is closed with the stream */
	constructor(fd: number) {
		super();
		this.#fd = fd;
	}

	/** True where nothing comes any more. */
	get over(): boolean {
		return this.#over || this.destroyed;
	}

	/** What is there, null at the pipe's end; nothing where nobody has room for it. */
	look(): (Buffer | null)[] {
		const pieces: (Buffer | null)[] = [];
		for (let bytes = 0; this.#wanted && !this.over && bytes < MOST; ) {
			const count = readNow(this.#fd);
			if (count === undefined) break;
			this.#over = count === 0;
			bytes += count;
			pieces.push(count === 0 ? null : Buffer.from(scratch.subarray(0, count)));
			// A pipe that had more would have given it.
			if (count < GULP) break;
		}
		this.bytesRead += pieces.reduce((sum, one) => sum + (one?.length ?? 0), 0);
		return pieces;
	}

	/** Hands on what a look has shown. */
	handOn(pieces: readonly (Buffer | null)[]): void {
		for (const piece of pieces)
			if (!this.destroyed) this.#wanted = this.push(piece);
	}

	override _read(): void {
		this.#wanted = true;
	}

	override _destroy(
		error: Error | null,
		done: (error?: Error | null) => void,
	): void {
		closeSync(this.#fd);
		done(error);
	}
}

/** How many bytes there are now, in `scratch`; none at the pipe's end, undefined where more may come. */
function readNow(fd: number): number | undefined {
	const { stackTraceLimit } = Error;
	// Most looks end so, and nobody reads where.
	Error.stackTraceLimit = 0;
	try {
		return readSync(fd, scratch);
	} catch (error) {
		if (errnoOf(error) === "EAGAIN") return undefined;
		return 0;
	} finally {
		Error.stackTraceLimit = stackTraceLimit;
	}
}

/**
 * What comes out of pipes, in gulps: whoever looked up at each byte would be busy with nothing else, and keep the writer busy with waking
 * it. What one pipe had before another is also handed on before it, where it stands before that in the list.
 * @param fds the pipes' ends, which do not block
 */
export function readPipes(fds: readonly number[]): Gulps[] {
	const all = fds.map((fd) => new Gulps(fd));
	let pause = BUSY_MS;
	const look = () => {
		// The last is looked at first: whatever stood in the others before that is there then.
		const heard = all.map((one) => ({ one, pieces: [] as (Buffer | null)[] }));
		for (const next of heard.toReversed()) next.pieces = next.one.look();
		const busy = heard.some(({ pieces }) => pieces.length > 0);
		pause = busy ? BUSY_MS : Math.min(IDLE_MS, pause + 1);
		try {
			for (const { one, pieces } of heard) one.handOn(pieces);
		} finally {
			if (!all.every(({ over }) => over)) setTimeout(look, pause);
		}
	};
	setTimeout(look, 0);
	return all;
}
