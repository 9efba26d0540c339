/** Reading an image file: its head, its hash, its banner. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { errnoOf, messageOf, VmError } from "../base/errors.js";
import { HEAD_BYTES } from "./head.js";

const BANNER = Buffer.from("Linux version ");
const MAX_BANNER = 512;
/** Finds `Linux version RELEASE` in a stream of chunks. The format string in the kernel's own text does not count. */
export class BannerFinder {
	release: string | undefined;
	#tail = Buffer.alloc(0);

	feed(chunk: Buffer): void {
		if (this.release !== undefined) return;
		// What may lie over the seam is looked at apart: whole chunks are not copied.
		const seam = Buffer.concat([this.#tail, chunk.subarray(0, MAX_BANNER)]);
		this.release = releaseIn(seam) ?? releaseIn(chunk);
		this.#tail = Buffer.concat([this.#tail, chunk.subarray(-MAX_BANNER)]);
		this.#tail = this.#tail.subarray(-MAX_BANNER);
	}
}

function releaseIn(data: Buffer): string | undefined {
	for (
		let at = data.indexOf(BANNER);
		at >= 0;
		at = data.indexOf(BANNER, at + 1)
	) {
		const words = data.toString("latin1", at, at + MAX_BANNER);
		const match = /^Linux version (\d+\.[\w.+~-]+) /.exec(words);
		if (match) return match[1];
	}
	return undefined;
}

/** What one pass over an image tells. */
export interface FileFacts {
	head: Buffer;
	size: number;
	sha256: string;
	banner: string | undefined;
}

async function openImage(path: string): Promise<FileHandle> {
	try {
		return await open(path, "r");
	} catch (cause) {
		const why = errnoOf(cause) === "ENOENT" ? "no such file" : messageOf(cause);
		throw new VmError("image", `${path}: ${why}`, { cause });
	}
}

/** `length` bytes at `offset`, fewer at the end of the file. */
export async function readAt(
	path: string,
	offset: number,
	length: number,
): Promise<Buffer> {
	const file = await openImage(path);
	try {
		const buffer = Buffer.alloc(length);
		const { bytesRead } = await file.read(buffer, 0, length, offset);
		return buffer.subarray(0, bytesRead);
	} finally {
		await file.close();
	}
}

/** One pass over the file: its head, its hash, its banner. */
export async function readFacts(path: string): Promise<FileFacts> {
	const { size } = await stat(path);
	const head = await readAt(path, 0, Math.min(size, HEAD_BYTES));
	const hash = createHash("sha256");
	const banner = new BannerFinder();
	for await (const chunk of createReadStream(path, {
		highWaterMark: 1 << 20,
	})) {
		hash.update(chunk as Buffer);
		banner.feed(chunk as Buffer);
	}
	return { head, size, sha256: hash.digest("hex"), banner: banner.release };
}
