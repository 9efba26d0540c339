/**
 * What an image's first bytes say. Offsets come from the kernel's own documents: Documentation/arch/x86/boot.rst,
 * arm64/booting.rst, riscv/boot-image-header.rst, and from the ELF and PE formats.
 */
import type { Arch } from "../base/machines.js";
import {
	type Compression,
	cString,
	cut,
	refused,
	type Sniff,
	startsWith,
	text,
	u16,
	u32,
} from "./head.js";
import { readPe } from "./pe.js";
import { sniffWrapper } from "./wrappers.js";

const COMPRESSED: readonly (readonly [Compression, string])[] = [
	["gzip", "1f8b08"],
	["xz", "fd377a585a00"],
	["zstd", "28b52ffd"],
	["lzma", "5d0000"],
	["lz4", "02214c18"], // the legacy frame, which the kernel uses
	["lz4", "04224d18"],
	["lzo", "894c5a4f000d0a1a0a"],
	["bzip2", "425a68"],
];

/** The names of compressions in an EFI zboot header. */
const ZBOOT_NAMES: readonly (readonly [string, Compression])[] = [
	["gzip", "gzip"],
	["xz", "xz"],
	["zstd", "zstd"],
	["lzma", "lzma"],
	["lz4", "lz4"],
	["lzo", "lzo"],
];

const PE_MACHINES: Readonly<Record<number, Arch>> = {
	332: "i386",
	34404: "x86_64",
	43620: "aarch64",
	450: "armhf",
	20580: "riscv64",
};

const STRANGERS: readonly (readonly [string, string])[] = [
	["514649fb", "it is a QEMU disk image"],
	["504b0304", "it is a zip archive"],
	["303730373031", "it is an initramfs"],
];

/** The boot sector's fields are at 0x1f1; "HdrS" at 0x202 tells a Linux kernel. */
function sniffBzImage(head: Buffer, size: number): Sniff | undefined {
	if (text(head, 0x202, 4) !== "HdrS" || u16(head, 0x1fe) !== 0xaa55)
		return undefined;
	const protocol = u16(head, 0x206);
	if (protocol < 0x204)
		return refused(
			`its boot protocol is ${(protocol >> 8).toString()}.${protocol & 0xff}, from before Linux 2.6.14`,
		);
	const setup = ((head[0x1f1] || 4) + 1) * 512;
	const needs = Math.max(setup + u32(head, 0x1f4) * 16, readPe(head)?.end ?? 0);
	if (size < needs) return cut(size, needs);
	const versionAt = u16(head, 0x20e);
	const version =
		versionAt > 0 ? cString(head, versionAt + 0x200, 200) : undefined;
	const release = version?.split(" ", 1)[0];
	// XLF_KERNEL_64: the kernel has a 64-bit entry point (protocol 2.12, Linux 3.8).
	const is64 = protocol >= 0x20c && (u16(head, 0x236) & 1) === 1;
	return {
		kind: "kernel",
		arch: is64 ? "x86_64" : "i386",
		format: "bzImage",
		...(release && { release }),
	};
}

/** arm64 and riscv images have a 64-byte header whose magic stands at 56. */
function sniffImage(head: Buffer, size: number): Sniff | undefined {
	const magic = text(head, 56, 4);
	if (magic !== "ARM\x64" && magic !== "RSC\x05") return undefined;
	const flags = u32(head, 24);
	if (flags & 1) return refused("it is big-endian, for which there is no row");
	const needs = Math.max(readPe(head)?.end ?? 0, 4096);
	if (size < needs) return cut(size, needs);
	return {
		kind: "kernel",
		arch: magic === "ARM\x64" ? "aarch64" : "riscv64",
		format: "Image",
	};
}

/** drivers/firmware/efi/libstub/zboot-header.S: "zimg" at 4, payload offset, size, and at 24 the compression's name. */
function sniffZboot(head: Buffer, size: number): Sniff | undefined {
	if (text(head, 0, 2) !== "MZ" || text(head, 4, 4) !== "zimg")
		return undefined;
	const arch = PE_MACHINES[readPe(head)?.machine ?? 0];
	if (!arch)
		return refused("it is an EFI image for an architecture without a row");
	const name = cString(head, 24, 32) ?? "";
	const compression = ZBOOT_NAMES.find(([known]) =>
		name.startsWith(known),
	)?.[1];
	if (!compression)
		return refused(
			`its payload is compressed with an unknown method "${name}"`,
		);
	const offset = u32(head, 8);
	const length = u32(head, 12);
	if (offset + length > size) return cut(size, offset + length);
	return { kind: "zboot", arch, offset, size: length, compression };
}

/** arch/arm/boot/compressed/head.S: the magic at 0x24, then the image's start and end. */
function sniffZImage(head: Buffer, size: number): Sniff | undefined {
	if (u32(head, 0x24) !== 0x016f2818) return undefined;
	const needs = u32(head, 0x2c) - u32(head, 0x28);
	if (needs <= 0) return refused("its header gives no length");
	if (size < needs) return cut(size, needs);
	return { kind: "kernel", arch: "armhf", format: "zImage" };
}

/** arch/s390/boot/head.S: "S390EP" at 0x10008. */
function sniffS390(head: Buffer, size: number): Sniff | undefined {
	if (text(head, 0x10008, 6) !== "S390EP") return undefined;
	if (size < 1024 * 1024) return cut(size, 1024 * 1024);
	return { kind: "kernel", arch: "s390x", format: "s390 image" };
}

function looksLikeText(head: Buffer): boolean {
	const start = head.subarray(0, 4096);
	return start.every(
		(byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13),
	);
}

function sniffStranger(head: Buffer): Sniff {
	const known = STRANGERS.find(([magic]) => startsWith(head, magic));
	if (known) return refused(`${known[1]}, not a kernel`);
	if (looksLikeText(head)) return refused("it is a text file, not a kernel");
	return refused(
		"it is in no known kernel format",
		"give a bzImage, vmlinuz, Image, zImage or vmlinux, or one of them compressed or in a UKI, boot.img, FIT or container image",
	);
}

/** A header of a tar archive, bytes, and where its checksum stands: the sum of its bytes, with spaces for itself. */
export const TAR_HEADER = 512;
const TAR_SUM = { from: 148, to: 156 };

function isTar(head: Buffer): boolean {
	if (head.length < TAR_HEADER) return false;
	const { from, to } = TAR_SUM;
	const checksum = /^ *([0-7]+)[ \0]/.exec(text(head, from, to - from))?.[1];
	if (checksum === undefined) return false;
	const spaces = 0x20 * (to - from);
	const sum = head
		.subarray(0, TAR_HEADER)
		.reduce((all, byte, at) => (at < from || at >= to ? all + byte : all), 0);
	return Number.parseInt(checksum, 8) === sum + spaces;
}

/** What data that begins like this is packed with. */
export function compressionOf(head: Buffer): Compression | undefined {
	return COMPRESSED.find(([, magic]) => startsWith(head, magic))?.[0];
}

/** Names a file by its first bytes (`head`, up to HEAD_BYTES of them) and its size in bytes. ELF files are looked at elsewhere. */
export function sniff(head: Buffer, size: number): Sniff {
	if (size === 0) return refused("it is empty");
	if (text(head, 0, 8) === "!<arch>\n") return { kind: "package", type: "deb" };
	if (startsWith(head, "edabeedb")) return { kind: "package", type: "rpm" };
	if (isTar(head)) return { kind: "package", type: "tar" };
	if (startsWith(head, "d00dfeed")) return { kind: "FIT" };
	const compression = compressionOf(head);
	if (compression) return { kind: "compressed", compression };
	return (
		sniffWrapper(head, size) ??
		sniffZboot(head, size) ??
		sniffBzImage(head, size) ??
		sniffImage(head, size) ??
		sniffZImage(head, size) ??
		sniffS390(head, size) ??
		sniffStranger(head)
	);
}
