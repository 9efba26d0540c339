/**
 * The memory of a guest that may be saved: a file without a name, which copies map. It is a file of a file system, not a memfd:
 * QEMU from 8.1 on leaves memory out of a migration (x-ignore-shared) only where its backend has a path.
 */
import { closeSync, ftruncateSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { messageOf, VmError } from "../base/errors.js";
import { openUnnamed } from "./unnamedFile.js";

/** What must be free beside it, bytes: QEMU dies where the file system is full. */
const MARGIN = 64 * 1024 * 1024;

/** Where it may lie: memory where it can be, which in a container is often 64 MiB. */
const folders = (): string[] => ["/dev/shm", tmpdir()];

function hasSpace(directory: string, bytes: number): boolean {
	try {
		const { bavail, bsize } = statfsSync(directory);
		return bavail * bsize >= bytes + MARGIN;
	} catch {
		return false;
	}
}

/** Why a guest's memory of so many bytes can't be shared; undefined where it can. */
export function whyNoSharedMemory(bytes: number): string | undefined {
	const fits = folders().some((folder) => hasSpace(folder, bytes));
	return fits ? undefined : noSpace(bytes);
}

function noSpace(bytes: number): string {
	const size = Math.ceil((bytes + MARGIN) / 1024 / 1024);
	return `neither of ${folders().join(" and ")} has ${size} MiB free for the guest's memory`;
}

/**
 * Opens it; it takes as much as is written to it.
 * @param bytes how long it is
 * @throws VmError (state) where it is not to be had
 */
export function openSharedMemory(bytes: number): number {
	let cause: unknown;
	for (const folder of folders().filter((it) => hasSpace(it, bytes))) {
		let fd: number | undefined;
		try {
			fd = openUnnamed(folder);
			ftruncateSync(fd, bytes);
			return fd;
		} catch (error) {
			if (fd !== undefined) closeSync(fd);
			cause = error;
		}
	}
	const why = cause === undefined ? noSpace(bytes) : messageOf(cause);
	throw new VmError("state", why, { cause });
}
