/** Files that are read for the user: none of them may hold the process up beyond the reach of a signal. */
import {
	closeSync,
	constants,
	createReadStream,
	fstatSync,
	lstatSync,
	openSync,
	readSync,
	type Stats,
	statSync,
} from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import { UsageError } from "./usage.js";

/**
 * A stream of what a path, or `-` for standard input, holds.
 * @throws UsageError for what is not there, or is no file
 */
export function openSource(path: string): Readable {
	if (path === "-" || path === "/dev/stdin") return process.stdin;
	const found = lookAt(path);
	if (found.isDirectory()) throw new UsageError(`${path} is a directory`);
	return found.isFIFO()
		? new Socket({ fd: openPipe(path), writable: false })
		: createReadStream(path);
}

/** Not for createReadStream(): a thread that waits for a pipe's other end keeps the process from exiting. */
function openPipe(path: string): number {
	// What is handed over open stays as it is: opened anew, a pipe whose writer has left would never end.
	const given = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/.exec(path)?.[1];
	if (given !== undefined) return Number(given);
	return attempt(path, () =>
		openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
	);
}

/**
 * The text of a regular file of at most `limit` bytes, without a byte order mark.
 * @throws UsageError saying why it can't be had
 */
export function readSmallFile(path: string, limit: number): string {
	// Without O_NONBLOCK to open a pipe means to wait for its writer.
	const fd = attempt(path, () =>
		openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
	);
	try {
		const found = fstatSync(fd);
		if (found.isDirectory()) throw new UsageError(`${path} is a directory`);
		if (!found.isFile()) throw new UsageError(`${path} is no regular file`);
		// Files of /proc say that they are empty: what is read counts.
		const buffer = Buffer.alloc(limit + 1);
		let length = 0;
		for (let more = -1; more !== 0 && length <= limit; length += more) {
			more = attempt(path, () =>
				readSync(fd, buffer, length, buffer.length - length, null),
			);
		}
		if (length > limit) {
			throw new UsageError(`${path} is longer than ${limit} bytes`);
		}
		return buffer.toString("utf8", 0, length).replace(/^\ufeff/, "");
	} finally {
		closeSync(fd);
	}
}

function lookAt(path: string): Stats {
	return attempt(path, () => statSync(path));
}

function attempt<T>(path: string, work: () => T): T {
	try {
		return work();
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		const why =
			code === "ENOENT" && isLink(path)
				? "a symbolic link that leads nowhere"
				: `${systemText(error)}${notUtf8(path)}`;
		throw new UsageError(`${path}: ${why}`);
	}
}

/** Node.js reads arguments as UTF-8: what can't be read so is lost, and so is the file. */
export function notUtf8(path: string): string {
	return path.includes("\ufffd")
		? " (its name seems not to be UTF-8: rename it, or name a symbolic link to it)"
		: "";
}

/** True for a symbolic link, wherever it leads. */
export function isLink(path: string): boolean {
	try {
		return lstatSync(path).isSymbolicLink();
	} catch {
		return false;
	}
}

const WHY: Readonly<Record<string, string>> = {
	ENOENT: "no such file",
	ENOTDIR: "no such file",
	EISDIR: "is a directory",
	EACCES: "can't be read: no permission",
	ELOOP: "a symbolic link that leads to itself",
	EMFILE: "too many open files: raise the limit, as with `ulimit -n 1024`",
};

/** A system error without Node's call and path. */
export function systemText(error: unknown): string {
	const { code } = error as NodeJS.ErrnoException;
	const known = code === undefined ? undefined : WHY[code];
	return known ?? `can't be read (${code ?? (error as Error).message})`;
}
