/**
 * The regular files in an archive: cpio as .rpm packages have it ("newc", also with checksums), tar as .deb packages have
 * it (deb(5): v7, ustar, and GNU's long names). Nothing is followed, nothing is made: who wants a file reads it.
 */
import type { Pieces } from "./pieces.js";

/** A file whose bytes come next. What of them is not read is passed over. */
export interface Member {
	/** As the archive has it: it may lead anywhere. */
	path: string;
	size: number;
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

/** @throws Error that says what is wrong with the archive. */
export async function* cpioMembers(bytes: Pieces): AsyncIterable<Member> {
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
		if ((field(1) & FORMAT_BITS) === REGULAR && size > 0) yield { path, size };
		await bytes.skipTo(end);
	}
}

const TAR_BLOCK = 512;

/** A tar number: octal digits, or where the first bit is set the rest as it is. */
function tarNumber(bytes: Buffer): number | undefined {
	if ((bytes[0] as number) & 0x80) {
		const high = BigInt(`0x${bytes.toString("hex")}`);
		const value = high & ~(0x80n << BigInt(8 * (bytes.length - 1)));
		return value <= Number.MAX_SAFE_INTEGER ? Number(value) : undefined;
	}
	const digits = /^ *([0-7]{1,12})[ \0]*$/.exec(bytes.toString("latin1"))?.[1];
	return digits === undefined ? undefined : Number.parseInt(digits, 8);
}

/** True where the header's sum is right; it is made with blanks in its own place. */
function tarSumHolds(header: Buffer): boolean {
	const own = header.subarray(148, 156);
	const sum = (bytes: Buffer) => bytes.reduce((total, byte) => total + byte, 0);
	return tarNumber(own) === sum(header) - sum(own) + 8 * 0x20;
}

function tarPath(header: Buffer): string {
	const name = cString(header.subarray(0, 100));
	const posix = header.toString("latin1", 257, 263) === "ustar\0";
	const prefix = posix ? cString(header.subarray(345, 500)) : "";
	return prefix ? `${prefix}/${name}` : name;
}

/** @throws Error that says what is wrong with the archive. */
export async function* tarMembers(bytes: Pieces): AsyncIterable<Member> {
	let longName: string | undefined;
	while (!(await bytes.ended())) {
		const start = bytes.position;
		const header = await bytes.take(TAR_BLOCK);
		if (header.every((byte) => byte === 0)) return bytes.drain();
		const size = tarNumber(header.subarray(124, 136));
		if (size === undefined || !tarSumHolds(header))
			throw new Error(`no tar header at byte ${start} of its archive`);
		const end = bytes.position + roundUp(size, TAR_BLOCK);
		const type = String.fromCharCode(header[156] as number);
		if (type === "L") {
			if (size > MAX_NAME)
				throw new Error(`a name of ${size} bytes in its archive`);
			longName = cString(await bytes.take(size));
		} else if (type !== "K") {
			const path = longName ?? tarPath(header);
			longName = undefined;
			if ((type === "0" || type === "\0") && size > 0) yield { path, size };
		}
		await bytes.skipTo(end);
	}
}
