/** A guest's memory as a file: mostly zeros, which take neither place nor time. */
import { createHash } from "node:crypto";
import { read, write } from "node:fs";
import { promisify } from "node:util";

const readAt = promisify(read);
const writeAt = promisify(write);

/** So much is read at a time, bytes. */
const PIECE = 1024 * 1024;
/** And so much of it is left out where it is all zeros. */
const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);

/**
 * The SHA-256 of a memory's blocks that are not all zeros, each with its place.
 * @param ram an open file
 * @param size how long it is, bytes
 * @param copyTo an open file that gets the same blocks at the same places
 * @param signal ends it early
 */
export async function hashRam(
	ram: number,
	size: number,
	{ copyTo, signal }: { copyTo?: number; signal?: AbortSignal } = {},
): Promise<string> {
	const hash = createHash("sha256").update(`${size}\n`);
	const piece = Buffer.alloc(Math.min(PIECE, size));
	for (let at = 0; at < size; ) {
		signal?.throwIfAborted();
		const { bytesRead } = await readAt(ram, piece, 0, piece.length, at);
		if (bytesRead === 0) break;
		for (let from = 0; from < bytesRead; from += BLOCK) {
			const block = piece.subarray(from, Math.min(from + BLOCK, bytesRead));
			if (block.equals(ZEROS.subarray(0, block.length))) continue;
			hash.update(`${at + from} `).update(block);
			if (copyTo !== undefined) await writeAll(copyTo, block, at + from);
		}
		at += bytesRead;
	}
	return hash.digest("hex");
}

async function writeAll(
	fd: number,
	bytes: Uint8Array,
	at: number,
): Promise<void> {
	for (let done = 0; done < bytes.length; ) {
		const { bytesWritten } = await writeAt(
			fd,
			bytes,
			done,
			bytes.length - done,
			at + done,
		);
		done += bytesWritten;
	}
}
