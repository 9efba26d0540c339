/** A file that is there whole or not at all. */
import { randomBytes } from "node:crypto";
import {
	accessSync,
	constants,
	createWriteStream,
	openSync,
	realpathSync,
	renameSync,
	rmSync,
	type Stats,
	statSync,
} from "node:fs";
import { Socket } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { PassThrough, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { UsageError } from "./usage.js";

/** Files begun and not yet in place; a process that exits takes them along. */
const begun = new Set<string>();
process.on("exit", () => {
	for (const path of begun) rmSync(path, { force: true });
});

/** Pipes opened when they were checked: whoever reads one would take a second opening for the end. */
const pipes = new Map<string, number>();

export interface AtomicFile {
	readonly stream: Writable;
	/** Ends the stream, if that has not happened, and puts the file in place. Rejects with what went wrong, e.g. ENOSPC. */
	commit(): Promise<void>;
	/** Forgets what was written. */
	discard(): void;
}

/**
 * Refuses a path that can't become a file, before anything is done for it.
 * @throws UsageError
 */
export function checkWritable(path: string): void {
	const folder = dirname(path);
	if (look(path)?.isDirectory()) {
		throw new UsageError(`${path} is a directory: name a file in it`);
	}
	if (look(path)?.isFIFO()) {
		openPipe(path);
		return;
	}
	if (!look(folder)?.isDirectory()) {
		throw new UsageError(
			`${path} can't be written: there is no directory ${folder}`,
		);
	}
	try {
		accessSync(isSpecial(path) ? path : folder, constants.W_OK);
	} catch {
		throw new UsageError(`${path} can't be written: no permission`);
	}
}

/** The writing end of a pipe, without waiting for the reader as a plain open does. */
function openPipe(path: string): number {
	const key = resolve(path);
	const open = pipes.get(key);
	if (open !== undefined) return open;
	try {
		const fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
		pipes.set(key, fd);
		return fd;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		const why =
			code === "ENXIO" ? "it is a pipe that nobody reads" : "no permission";
		throw new UsageError(`${path} can't be written: ${why}`);
	}
}

/** A pipe that is written as the reader takes it, in no thread: one that waits would keep the process from exiting. */
function beginPipe(path: string): AtomicFile {
	const fd = openPipe(path);
	pipes.delete(resolve(path));
	const stream = watched(new Socket({ fd, readable: false, writable: true }));
	return {
		stream,
		async commit() {
			try {
				await close(stream);
			} catch (error) {
				// A reader that closed its end had enough, which is no failure.
				if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
			}
		},
		discard: () => void stream.destroy(),
	};
}

/** Begins a file beside `path`; devices and pipes are written as they are. */
export function beginFile(path: string): AtomicFile {
	if (look(path)?.isFIFO()) return beginPipe(path);
	if (isSpecial(path)) {
		const stream = watched(createWriteStream(path));
		return { stream, commit: () => close(stream), discard: () => {} };
	}
	const target = resolveLink(path);
	const temporary = join(
		dirname(target),
		`.${basename(target)}.${process.pid}-${randomBytes(4).toString("hex")}`,
	);
	begun.add(temporary);
	const stream = watched(createFile(temporary));
	const discard = (): void => {
		stream.destroy();
		rmSync(temporary, { force: true });
		begun.delete(temporary);
	};
	return {
		stream,
		discard,
		async commit() {
			try {
				await close(stream);
				renameSync(temporary, target);
			} catch (error) {
				discard();
				throw error;
			}
			begun.delete(temporary);
		},
	};
}

/** A file that is written in its place, for whoever follows it; what is cut short stays. */
export function beginLive(path: string): AtomicFile {
	if (look(path)?.isFIFO()) return beginPipe(path);
	const stream = watched(createWriteStream(path));
	return {
		stream,
		commit: () => close(stream),
		discard: () => void stream.end(),
	};
}

/** A new file, there from now on: a stream that opens it later might do so after the exit hook. */
function createFile(path: string): Writable {
	try {
		return createWriteStream(path, { fd: openSync(path, "wx") });
	} catch (error) {
		return new PassThrough().destroy(error as Error);
	}
}

/** Trouble may come long before anybody waits for the end; it is kept in `stream.errored` until then. */
function watched<T extends Writable>(stream: T): T {
	return stream.on("error", () => {});
}

async function close(stream: Writable): Promise<void> {
	if (stream.errored) throw stream.errored;
	if (stream.closed) return;
	const end = finished(stream, { readable: false });
	if (!stream.writableEnded) stream.end();
	await end;
}

/** Something that is there and is no regular file: a device, a pipe. */
function isSpecial(path: string): boolean {
	return look(path)?.isFile() === false;
}

function look(path: string): Stats | undefined {
	try {
		return statSync(path);
	} catch {
		return undefined;
	}
}

/** A link stays a link: what it leads to is replaced. */
function resolveLink(path: string): string {
	try {
		return realpathSync(path);
	} catch {
		return path;
	}
}
