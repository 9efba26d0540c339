/** An image's first bytes: how they are read, and what may be found in them. */
import type { Arch } from "../base/machines.js";

/** A parser sees so many bytes of a file at most. */
export const HEAD_BYTES = 128 * 1024;

export type Format =
	| "bzImage"
	| "Image"
	| "zImage"
	| "vmlinux"
	| "zboot"
	| "s390 image";

export type Compression =
	| "gzip"
	| "xz"
	| "zstd"
	| "lzma"
	| "lz4"
	| "lzo"
	| "bzip2";

/** What holds a kernel beside other things. */
export type Wrapper = "UKI" | "boot.img" | "FIT" | "uImage";

/** A kernel that is a part of the file, as it is or compressed. */
export interface Wrapped {
	kind: "wrapped";
	wrapper: Wrapper;
	offset: number;
	size: number;
	/** What else the file holds, and a guest does not get, e.g. `command line`. */
	unused: string[];
}

export interface Refused {
	kind: "refused";
	reason: string;
	hint?: string;
}

export type PackageType = "deb" | "rpm" | "tar";

export type Sniff =
	| { kind: "kernel"; arch: Arch; format: Format; release?: string }
	/** An EFI image that unpacks itself: the kernel proper is a part of the file. */
	| {
			kind: "zboot";
			arch: Arch;
			offset: number;
			size: number;
			compression: Compression;
	  }
	| Wrapped
	/** A flattened image tree: where its kernel is stands anywhere in the file. */
	| { kind: "FIT" }
	| { kind: "compressed"; compression: Compression }
	| { kind: "package"; type: PackageType }
	| Refused;

export const refused = (reason: string, hint?: string): Refused => ({
	kind: "refused",
	reason,
	...(hint !== undefined && { hint }),
});

export const cut = (has: number, needs: number): Refused =>
	refused(`it is cut short: ${has} bytes of ${needs}`, "copy it again");

export function startsWith(head: Buffer, hex: string): boolean {
	return head.subarray(0, hex.length / 2).toString("hex") === hex;
}

/** Zero beyond the end, as the other readers. */
export function u16(head: Buffer, at: number): number {
	return at + 2 <= head.length ? head.readUInt16LE(at) : 0;
}

export function u32(head: Buffer, at: number): number {
	return at + 4 <= head.length ? head.readUInt32LE(at) : 0;
}

export function text(head: Buffer, at: number, length: number): string {
	return head.toString("latin1", at, at + length);
}

/** Everything before the first NUL, when it is printable. */
export function cString(
	head: Buffer,
	at: number,
	max: number,
): string | undefined {
	const match = /^[\x20-\x7e]+/.exec(text(head, at, max));
	return match?.[0];
}
