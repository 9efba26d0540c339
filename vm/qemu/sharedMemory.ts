/** The memory of a guest that may be saved: QEMU holds it in a file without a name, which is reached through its process. */
import {
	closeSync,
	fstatSync,
	openSync,
	readdirSync,
	readlinkSync,
} from "node:fs";
import { join } from "node:path";
import { messageOf, VmError } from "../base/errors.js";

const LINK = /^\/memfd:memory-backend-memfd( |$)/;

/**
 * Opens it; it stays when QEMU is gone.
 * @param bytes how long it is
 * @throws VmError (state) where it is not to be had
 */
export function openSharedMemory(
	pid: number | undefined,
	bytes: number,
): number {
	const dir = `/proc/${pid}/fd`;
	try {
		for (const name of readdirSync(dir)) {
			const path = join(dir, name);
			if (!LINK.test(readlinkSync(path))) continue;
			const fd = openSync(path, "r+");
			if (fstatSync(fd).size === bytes) return fd;
			closeSync(fd);
		}
	} catch (cause) {
		const why = `QEMU's memory can't be opened: ${messageOf(cause)}`;
		throw new VmError("state", why, { cause });
	}
	throw new VmError("state", "QEMU has no memory that can be shared");
}
