/** Where an .rpm's archive begins: after the lead, the signature's header and the header (rpm's docs/manual/format). */
import { open } from "node:fs/promises";
import { VmError } from "../base/errors.js";
import { sniff } from "../image/formats.js";
import type { Compression } from "../image/head.js";

const LEAD_BYTES = 96;
const HEADER_MAGIC = 0x8eade801;
/** Magic, reserved, number of entries, bytes of data. */
const INTRO_BYTES = 16;
const ENTRY_BYTES = 16;

function broken(path: string, what: string): VmError {
	return new VmError("image", `${path}: the package is corrupt: ${what}`, {
		hint: "fetch it again",
	});
}

/** @throws VmError (image) for what is no package, is cut short, or has an archive in an unknown compression. */
export async function rpmPayload(
	path: string,
): Promise<{ offset: number; compression: Compression }> {
	const file = await open(path, "r");
	const readAt = async (offset: number) => {
		const buffer = Buffer.alloc(INTRO_BYTES);
		const { bytesRead } = await file.read(buffer, 0, INTRO_BYTES, offset);
		if (bytesRead < INTRO_BYTES) throw broken(path, "it is cut short");
		return buffer;
	};
	const headerEnd = async (at: number) => {
		const intro = await readAt(at);
		if (intro.readUInt32BE(0) !== HEADER_MAGIC)
			throw broken(path, `no header at byte ${at}`);
		const entries = intro.readUInt32BE(8);
		return at + INTRO_BYTES + entries * ENTRY_BYTES + intro.readUInt32BE(12);
	};
	try {
		const signatureEnd = await headerEnd(LEAD_BYTES);
		// The signature is padded to a multiple of eight.
		const offset = await headerEnd(Math.ceil(signatureEnd / 8) * 8);
		const start = await readAt(offset);
		const found = sniff(start, start.length);
		if (found.kind !== "compressed")
			throw broken(path, "its archive is not compressed in a known way");
		return { offset, compression: found.compression };
	} finally {
		await file.close();
	}
}
