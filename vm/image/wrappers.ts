/**
 * Files that hold a kernel beside other things, by their first bytes: unified kernel images (the UAPI group's
 * specification), Android's boot images (system/tools/mkbootimg/include/bootimg/bootimg.h), U-Boot's (include/image.h).
 */
import {
	cut,
	type Refused,
	refused,
	startsWith,
	text,
	u32,
	type Wrapped,
} from "./head.js";
import { readPe } from "./pe.js";

/** What a UKI may hold for its kernel, and what that is. */
const UKI_EXTRAS: readonly (readonly [string, string])[] = [
	[".initrd", "initramfs"],
	[".cmdline", "command line"],
	[".dtb", "device tree"],
];

/** A PE file with the kernel in its section `.linux`; of several profiles the first. */
function sniffUki(head: Buffer, size: number): Wrapped | Refused | undefined {
	const sections = readPe(head)?.sections ?? [];
	const kernel = sections.find(({ name }) => name === ".linux");
	if (!kernel) return undefined;
	const { offset, size: length } = kernel;
	if (length === 0) return refused("its section .linux is empty");
	if (offset + length > size) return cut(size, offset + length);
	const held = sections.filter((one) => one.size > 0).map(({ name }) => name);
	return {
		kind: "wrapped",
		wrapper: "UKI",
		offset,
		size: length,
		unused: UKI_EXTRAS.filter(([name]) => held.includes(name)).map(
			([, what]) => what,
		),
	};
}

const ANDROID_VERSIONS = 4;
/** From version 3 on pages have one size. */
const ANDROID_PAGE = 4096;
const ANDROID_PAGES = [2048, 4096, 8192, 16384, 32768, 65536, 131072];

/** Versions 0 to 2 name their page size, and a vendor's own of version 0 has another number where the version stands. */
function sniffAndroid(
	head: Buffer,
	size: number,
): Wrapped | Refused | undefined {
	if (text(head, 0, 8) === "VNDRBOOT")
		return refused(
			"it is an Android vendor_boot image, which holds no kernel",
			"give the boot image beside it",
		);
	if (text(head, 0, 8) !== "ANDROID!") return undefined;
	const later = [3, ANDROID_VERSIONS].includes(u32(head, 40));
	const page = later ? ANDROID_PAGE : u32(head, 36);
	if (!ANDROID_PAGES.includes(page))
		return refused(`its pages are of ${page} bytes, as no boot image's are`);
	const length = u32(head, 8);
	if (length === 0)
		return refused(
			"it is an Android boot image without a kernel",
			"a device has another one, boot.img, beside init_boot.img",
		);
	if (page + length > size) return cut(size, page + length);
	const ramdisk = u32(head, later ? 12 : 16);
	const commandLine = head[later ? 44 : 64] ?? 0;
	return {
		kind: "wrapped",
		wrapper: "boot.img",
		offset: page,
		size: length,
		unused: [
			...(ramdisk > 0 ? ["initramfs"] : []),
			...(commandLine > 0 ? ["command line"] : []),
		],
	};
}

const UIMAGE_HEADER = 64;
const UIMAGE_KERNEL = [2, 14]; // IH_TYPE_KERNEL, IH_TYPE_KERNEL_NOLOAD
const UIMAGE_LINUX = 5; // IH_OS_LINUX

/** The image of U-Boot from before FIT. */
function sniffUImage(
	head: Buffer,
	size: number,
): Wrapped | Refused | undefined {
	if (!startsWith(head, "27051956")) return undefined;
	if (head.length < UIMAGE_HEADER) return cut(size, UIMAGE_HEADER);
	const length = head.readUInt32BE(12);
	if (head[28] !== UIMAGE_LINUX || !UIMAGE_KERNEL.includes(head[30] ?? 0))
		return refused(
			"it is a U-Boot image of something else than a Linux kernel",
		);
	if (UIMAGE_HEADER + length > size) return cut(size, UIMAGE_HEADER + length);
	return {
		kind: "wrapped",
		wrapper: "uImage",
		offset: UIMAGE_HEADER,
		size: length,
		unused: [],
	};
}

/** @returns undefined where the bytes begin no such file */
export function sniffWrapper(
	head: Buffer,
	size: number,
): Wrapped | Refused | undefined {
	return (
		sniffUki(head, size) ?? sniffAndroid(head, size) ?? sniffUImage(head, size)
	);
}
