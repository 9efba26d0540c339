/** The configuration that a kernel carries in itself (CONFIG_IKCONFIG): kernel/configs.c puts it between two marks, gzipped. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { withTemporaryFolder } from "../base/cache.js";
import { VmError } from "../base/errors.js";
import { decompress } from "./decompress.js";
import { compressionOf } from "./formats.js";
import { readAt } from "./imageFile.js";

/** The mark and how what stands right behind it begins, in gzip's words. */
const START = Buffer.from("IKCFG_ST\x1f\x8b\x08", "latin1");
const MARK_BYTES = 8;
const END = Buffer.from("IKCFG_ED");
/** No configuration is longer, bytes. */
const MAX_CONFIG = 4 * 1024 * 1024;
/** No packed configuration is longer, bytes. */
const MAX_PACKED = 1024 * 1024;
/** No more marks than this are tried: some only look like one. */
const MAX_TRIES = 16;

/** No kernel is longer, bytes. */
const MAX_KERNEL = 512 * 1024 * 1024;

/** The configuration in these bytes of a kernel; undefined where there is none, or none that can be read. */
export function embeddedConfig(kernel: Buffer): string | undefined {
	let at = kernel.indexOf(START);
	for (let tries = 0; at >= 0 && tries < MAX_TRIES; tries++) {
		const begin = at + MARK_BYTES;
		const packed = kernel.subarray(begin, begin + MAX_PACKED);
		const end = packed.indexOf(END);
		try {
			if (end >= 0)
				return gunzipSync(packed.subarray(0, end), {
					maxOutputLength: MAX_CONFIG,
				}).toString("latin1");
		} catch {
			// The marks may stand in anything.
		}
		at = kernel.indexOf(START, begin);
	}
	return undefined;
}

async function readKernel(path: string): Promise<Buffer | undefined> {
	return (await stat(path)).size > MAX_KERNEL ? undefined : readFile(path);
}

/**
 * The unpacked kernel in a bzImage (Documentation/arch/x86/boot.rst: payload_offset and payload_length, from protocol 2.08
 * on). @throws VmError (missing) where there is no tool to unpack it.
 */
async function unpackPayload(path: string): Promise<Buffer | undefined> {
	const head = await readAt(path, 0, 0x250);
	if (head.length < 0x250 || head.readUInt16LE(0x206) < 0x208) return undefined;
	const setup = ((head[0x1f1] || 4) + 1) * 512;
	const offset = setup + head.readUInt32LE(0x248);
	const length = head.readUInt32LE(0x24c);
	const compression = compressionOf(await readAt(path, offset, 16));
	if (compression === undefined || length < 16) return undefined;
	// The build appends the unpacked size, which gzip has in itself.
	const size = compression === "gzip" ? length : length - 4;
	return await withTemporaryFolder(async (folder) => {
		try {
			const kernel = join(folder, "kernel");
			await decompress({ path, offset, size }, compression, kernel);
			return await readKernel(kernel);
		} catch (error) {
			// Where the payload is damaged nothing is known; whether it boots will show. A tool may still come.
			if (error instanceof VmError && error.kind === "image") return undefined;
			throw error;
		}
	});
}

/**
 * The configuration in a kernel image as QEMU gets it; undefined where it carries none that can be read.
 * @throws VmError (missing) when the tool to unpack the kernel is not installed.
 */
export async function readIkconfig(
	path: string,
	format: string,
): Promise<string | undefined> {
	const kernel =
		format === "bzImage" ? await unpackPayload(path) : await readKernel(path);
	return kernel && embeddedConfig(kernel);
}
