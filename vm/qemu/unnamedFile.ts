/** Files without a name: whatever ends this process, nothing of them is left. */
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";

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
