/** Files without a name: whatever ends this process, nothing of them is left. And what helps where none can be had. */
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, messageOf, VmError } from "../base/errors.js";

/** Linux's O_TMPFILE, which Node.js does not name: this bit and O_DIRECTORY, on every architecture that QEMU runs on. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/**
 * Opens an empty file for reading and writing, for this user alone.
 * @param directory where its bytes lie
 * @throws what the file system says
 */
export function openUnnamed(directory: string): number {
	try {
		return openSync(directory, O_TMPFILE | constants.O_RDWR, 0o600);
	} catch {
		// Not every file system has them, and where not even a name can be had that says why.
		return openAndUnlink(directory);
	}
}

function openAndUnlink(directory: string): number {
	const dir = mkdtempSync(join(directory, "crcap-"));
	let fd: number | undefined;
	try {
		fd = openSync(join(dir, "file"), "wx+", 0o600);
	} finally {
		try {
			rmSync(dir, { recursive: true });
		} catch (error) {
			if (fd !== undefined) closeSync(fd);
			// biome-ignore lint/correctness/noUnsafeFinally: a file that keeps its name is no success.
			throw error;
		}
	}
	return fd;
}

export const TOO_MANY_FILES =
	"raise the limit, for example with `ulimit -n 1024`";

const HINTS: Readonly<Record<string, string>> = {
	ENOSPC: "free some space or point TMPDIR elsewhere",
	EMFILE: TOO_MANY_FILES,
	ENFILE: "the system has too many open files",
	EAGAIN: "raise the limit of processes (`ulimit -u`)",
};

/** What can't be had in TMPDIR, as an error that says what to do. */
export function temporaryError(what: string, cause: unknown): VmError {
	const hint =
		HINTS[errnoOf(cause)] ?? "point TMPDIR to a directory that can be written";
	return new VmError("storage", `${what}: ${messageOf(cause)}`, {
		cause,
		hint,
	});
}
