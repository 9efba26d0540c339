/** The configuration that a kernel carries in itself (CONFIG_IKCONFIG): kernel/configs.c puts it between two marks, gzipped. */
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { decompress } from "./decompress.js";
import { VmError } from "./errors.js";
import { compressionOf } from "./formats.js";
import { readAt } from "./imageFile.js";

const START = Buffer.from("IKCFG_ST");
const END = Buffer.from("IKCFG_ED");
/** No configuration is longer, bytes. */
const MAX_CONFIG = 4 * 1024 * 1024;

/** Nor any kernel, bytes. */
const MAX_KERNEL = 512 * 1024 * 1024;

/** The configuration in these bytes of a kernel; undefined where there is none, or none that can be read. */
export function embeddedConfig(kernel: Buffer): string | undefined {
	for (
		let at = kernel.indexOf(START);
		at >= 0;
		at = kernel.indexOf(START, at + 1)
	) {
		const end = kernel.indexOf(END, at);
		if (end < 0) return undefined;
		try {
			return gunzipSync(kernel.subarray(at + START.length, end), {
				maxOutputLength: MAX_CONFIG,
			}).toString("latin1");
		} catch {
			// The marks also stand in tools and in the kernel's own text.
		}
	}
	return undefined;
}

async function readKernel(path: string): Promise<Buffer | undefined> {
	return (await stat(path)).size > MAX_KERNEL ? undefined : readFile(path);
}

/** The packed kernel in a bzImage (Documentation/arch/x86/boot.rst: payload_offset and payload_length, from protocol 2.08 on). */
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
	const dir = await mkdtemp(join(tmpdir(), "crcap-config-"));
	try {
		const kernel = join(dir, "kernel");
		await decompress({ path, offset, size }, compression, kernel);
		return await readKernel(kernel);
	} catch (error) {
		// Without the tool for it, or where the payload is damaged, nothing is known; whether it boots will show.
		if (error instanceof VmError) return undefined;
		throw error;
	} finally {
		await rm(dir, { recursive: true, force: true });
	}
}

/** The configuration in a kernel image as QEMU gets it; undefined where it carries none that can be read. */
export async function readIkconfig(
	path: string,
	format: string,
): Promise<string | undefined> {
	const kernel =
		format === "bzImage" ? await unpackPayload(path) : await readKernel(path);
	return kernel && embeddedConfig(kernel);
}
