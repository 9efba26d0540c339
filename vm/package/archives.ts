/**
 * The regular files in an archive: cpio as .rpm packages have it ("newc", also with checksums), tar as .deb packages have
 * it (deb(5)). Nothing is followed, nothing is made: who wants a file reads it.
 */
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { Pieces } from "./pieces.js";

/** A file whose bytes come next. What of them is not read is passed over. */
export interface Member {
	/** As the archive has it: it may lead anywhere. */
	path: string;
	size: number;
	/** What it holds, to be read before the next member is asked for. */
	bytes(): AsyncIterable<Uint8Array>;
}

/** A member of a tar, of whatever kind. */
export interface TarEntry extends Member {
	type: "file" | "directory" | "other";
}

/** No name is longer, bytes. */
const MAX_NAME = 4096;
const FORMAT_BITS = 0o170000;
const REGULAR = 0o100000;

const CPIO_HEADER = 110;
const CPIO_FIELDS = /^07070[12][0-9a-fA-F]{104}$/;

function roundUp(value: number, unit: number): number {
	return Math.ceil(value / unit) * unit;
}

/** The bytes before the first NUL. */
function cString(bytes: Buffer): string {
	const end = bytes.indexOf(0);
	return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

/** The files of a cpio archive. @throws Error that says what is wrong with it. */
export async function* cpioMembers(
	chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<Member> {
	const bytes = new Pieces(chunks);
	for (;;) {
		const start = bytes.position;
		const header = (await bytes.take(CPIO_HEADER)).toString("latin1");
		if (!CPIO_FIELDS.test(header))
			throw new Error(`no cpio header at byte ${start} of its archive`);
		const field = (n: number) =>
			Number.parseInt(header.slice(6 + 8 * n, 14 + 8 * n), 16);
		const nameLength = field(11);
		if (nameLength > MAX_NAME)
			throw new Error(`a name of ${nameLength} bytes in its archive`);
		const path = cString(await bytes.take(nameLength));
		if (path === "TRAILER!!!") return bytes.drain();
		await bytes.skipTo(start + roundUp(CPIO_HEADER + nameLength, 4));
		const size = field(6);
		const end = bytes.position + roundUp(size, 4);
		// Of hard links all but the last are empty.
		if ((field(1) & FORMAT_BITS) === REGULAR && size > 0)
			yield { path, size, bytes: () => bytes.pass(size) };
		await bytes.skipTo(end);
	}
}

/** Also archives from before POSIX, which don't name their format. The package's types leave it out. */
const OLD_TOO: object = { allowUnknownFormat: true };

/**
 * The files of a tar archive. tar-stream hands the bytes on as they are taken, and holds of an archive no more than a header
 * and 4 MiB of a long name. @throws Error that says what is wrong with the archive.
 */
export async function* tarMembers(
	chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<Member> {
	for await (const entry of tarEntries(chunks))
		if (entry.type === "file" && entry.size > 0) yield entry;
}

/** All that a tar archive holds; as tarMembers() otherwise. */
export async function* tarEntries(
	chunks: AsyncIterable<Uint8Array>,
): AsyncIterable<TarEntry> {
	const archive = extract(OLD_TOO);
	const fed = pipeline(chunks, archive);
	// Told below, once what came before it was taken.
	fed.catch(() => {});
	for await (const entry of archive) {
		const { name, size = 0, type } = entry.header;
		yield {
			path: name,
			size,
			bytes: () => bytesOf(entry, fed),
			type: type === "file" || type === "directory" ? type : "other",
		};
		entry.resume();
	}
	await fed;
}

/**
 * What an entry holds. Through a generator, for of a stream of this make that breaks off Node's own pipeline() hears
 * nothing, and why it did so is told where the archive is fed.
 */
async function* bytesOf(
	entry: AsyncIterable<unknown>,
	fed: Promise<void>,
): AsyncIterable<Uint8Array> {
	try {
		for await (const chunk of entry) yield chunk as Uint8Array;
	} catch (error) {
		await fed;
		throw error;
	}
}
