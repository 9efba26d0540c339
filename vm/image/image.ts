/** What a kernel image is: format, architecture, release, and the file that QEMU gets. Nothing is booted to find out. */
import { open, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { cacheDir, exists, fillAtomically } from "../base/cache.js";
import { errnoOf, messageOf, VmError } from "../base/errors.js";
import type { Arch } from "../base/machines.js";
import { extract, MAX_UNPACKED } from "./decompress.js";
import { type ElfKernel, flatLayout, isElf, readElf } from "./elf.js";
import { readFit } from "./fit.js";
import { compressionOf, sniff } from "./formats.js";
import type { Compression, Format, Wrapped, Wrapper } from "./head.js";
import { readIkconfig } from "./ikconfig.js";
import { type FileFacts, readAt, readFacts } from "./imageFile.js";

export interface Image {
	/** As it was named. */
	path: string;
	arch: Arch;
	format: Format;
	/** What the kernel was wrapped in, outermost first. */
	wrapping: Wrapping[];
	/** What the file holds beside the kernel, and a guest does not get. */
	unused: string[];
	/** `uname -r`, where the image tells it. */
	release?: string;
	/** SHA-256 of the file at `path`, hex. */
	sha256: string;
	/** What QEMU boots: the file itself, or an unpacked copy in the cache. */
	bootPath: string;
	/** Where it came from: package and version, build tree. */
	source?: string;
	/** Path of its configuration, where there is one. */
	config?: string;
	/** The stable release that its package's changelog names. */
	stable?: string;
}

export type Wrapping = Compression | Wrapper;

/** Wrappings around a kernel: no file that anybody makes has more. */
const MAX_LAYERS = 4;

function refuse(path: string, reason: string, hint?: string): VmError {
	return new VmError(
		"image",
		`${path}: ${reason}`,
		hint === undefined ? {} : { hint },
	);
}

/** `config-RELEASE` beside a `vmlinuz-RELEASE`. */
async function siblingConfig(path: string): Promise<string | undefined> {
	const release = releaseFromName(path);
	if (release === undefined) return undefined;
	const config = join(dirname(path), `config-${release}`);
	return (await exists(config)) ? config : undefined;
}

function releaseFromName(path: string): string | undefined {
	return /^(?:vmlinu[xz]|Image|kernel)-(\d.*)$/.exec(basename(path))?.[1];
}

/** The file that holds what `fill` writes for an input with this hash; made once. */
async function unpackedCopy(
	sha256: string,
	what: string,
	fill: (to: string) => Promise<void>,
): Promise<string> {
	const target = cacheDir("images", `${sha256}-${what}`);
	if (!(await exists(target))) await fillAtomically(target, fill);
	return target;
}

/** Machines that boot no ELF get its segments as they would lie in memory: that is the Image. */
async function flatten(
	path: string,
	sha256: string,
	elf: ElfKernel,
): Promise<string> {
	const layout = flatLayout(elf.segments, MAX_UNPACKED);
	if (!layout) throw refuse(path, "its segments are spread too far");
	return unpackedCopy(sha256, "flat", async (to) => {
		const out = await open(to, "w");
		try {
			for (const { segment, at } of layout.pieces) {
				const bytes = await readAt(path, segment.offset, segment.filesz);
				await out.write(bytes, 0, bytes.length, at);
			}
		} finally {
			await out.close();
		}
	});
}

/** A copy in the cache of what the kernel carries itself, found once; an empty one says that there is none. */
async function ownConfig(
	{ bootPath, format }: Core,
	sha256: string,
): Promise<string | undefined> {
	try {
		const copy = await unpackedCopy(sha256, "config", async (to) =>
			writeFile(to, (await readIkconfig(bootPath, format)) ?? ""),
		);
		return (await stat(copy)).size > 0 ? copy : undefined;
	} catch (error) {
		// Good to know, but a kernel boots without it: a cache that can't be written, or a tool that is missing, does not
		// matter yet. Nothing is remembered of it.
		if (
			error instanceof VmError &&
			(error.kind === "storage" || error.kind === "missing")
		)
			return undefined;
		throw error;
	}
}

type Core = Pick<Image, "arch" | "format" | "bootPath"> & {
	wrapping: Wrapping[];
	unused: string[];
	release: string | undefined;
};

async function elfCore(path: string, facts: FileFacts): Promise<Core> {
	const read = await readElf(facts.head, facts.size, (offset, length) =>
		readAt(path, offset, length),
	);
	if (!read.ok) throw refuse(path, read.reason, read.hint);
	if (facts.banner === undefined)
		throw refuse(
			path,
			"it is an ELF file without a Linux banner: a program, not a kernel",
		);
	const { arch } = read.elf;
	const core = {
		arch,
		format: "vmlinux" as const,
		wrapping: [],
		unused: [],
		release: facts.banner,
	};
	if ((arch === "x86_64" || arch === "i386") && !read.elf.pvh)
		throw refuse(
			path,
			"QEMU boots a vmlinux on x86 only with the PVH entry (CONFIG_PVH=y)",
			"give its bzImage: arch/x86/boot/bzImage in the build tree",
		);
	if (arch === "armhf")
		throw refuse(
			path,
			"QEMU does not boot a vmlinux on 32-bit Arm",
			"give its zImage: arch/arm/boot/zImage in the build tree",
		);
	const flat = arch === "aarch64" || arch === "riscv64";
	const bootPath = flat ? await flatten(path, facts.sha256, read.elf) : path;
	return { ...core, bootPath };
}

/** The kernel in a part of a file, unpacked into the cache. */
async function inside(
	path: string,
	facts: FileFacts,
	range: { offset?: number; size?: number },
	compression: Compression | undefined,
	depth: number,
	label = "unpacked",
): Promise<Core> {
	if (depth >= MAX_LAYERS)
		throw refuse(path, `it is wrapped more than ${MAX_LAYERS} times`);
	const what = `${range.offset ?? "whole"}-${compression ?? "plain"}`;
	const copy = await unpackedCopy(facts.sha256, what, (to) =>
		extract({ path, ...range }, compression, to),
	);
	const core = await coreOf(copy, depth + 1).catch((error: unknown) => {
		// The copy's name means nothing to the reader.
		throw error instanceof VmError && error.kind === "image"
			? refuse(path, `${label}, ${error.message.replace(`${copy}: `, "")}`)
			: error;
	});
	const wrapping = compression === undefined ? [] : [compression];
	return { ...core, wrapping: [...wrapping, ...core.wrapping] };
}

/** The kernel that a file holds beside other things. */
async function wrapped(
	path: string,
	facts: FileFacts,
	{ wrapper, offset, size, unused }: Wrapped,
	depth: number,
): Promise<Core> {
	const compression = compressionOf(
		await readAt(path, offset, Math.min(size, 16)),
	);
	const label = `the kernel in its ${wrapper}`;
	const core = await inside(
		path,
		facts,
		{ offset, size },
		compression,
		depth,
		label,
	);
	return {
		...core,
		wrapping: [wrapper, ...core.wrapping],
		unused: [...unused, ...core.unused],
	};
}

async function coreOf(
	path: string,
	depth: number,
	known?: FileFacts,
): Promise<Core> {
	const facts = known ?? (await readFacts(path));
	if (isElf(facts.head)) return elfCore(path, facts);
	const found = sniff(facts.head, facts.size);
	switch (found.kind) {
		case "refused":
			throw refuse(path, found.reason, found.hint);
		case "package":
			throw refuse(path, `it is a .${found.type} inside another file`);
		case "kernel":
			return {
				arch: found.arch,
				format: found.format,
				wrapping: [],
				unused: [],
				release: found.release ?? facts.banner,
				bootPath: path,
			};
		case "zboot":
			return {
				...(await inside(path, facts, found, found.compression, depth)),
				format: "zboot",
			};
		case "compressed":
			return inside(path, facts, {}, found.compression, depth);
		case "wrapped":
			return wrapped(path, facts, found, depth);
		case "FIT": {
			const inFit = await readFit(
				(offset, length) => readAt(path, offset, length),
				facts.size,
			);
			if (inFit.kind === "refused")
				throw refuse(path, inFit.reason, inFit.hint);
			return wrapped(path, facts, inFit, depth);
		}
	}
}

/**
 * Identifies one image file.
 * @throws VmError: image, with the reason, for what is no kernel, is cut short or is for an unknown architecture; missing,
 * with the package, when a tool to unpack it is not installed; storage when the cache cannot hold an unpacked copy.
 */
export async function identifyFile(path: string): Promise<Image> {
	const absolute = resolve(path);
	const facts = await readFacts(absolute).catch((cause: unknown) => {
		if (cause instanceof VmError) throw cause;
		const why = errnoOf(cause) === "ENOENT" ? "no such file" : messageOf(cause);
		throw new VmError("image", `${path}: ${why}`, { cause });
	});
	const core = await coreOf(absolute, 0, facts);
	const release = core.release ?? releaseFromName(absolute);
	const config =
		(await siblingConfig(absolute)) ?? (await ownConfig(core, facts.sha256));
	return {
		path,
		arch: core.arch,
		format: core.format,
		wrapping: core.wrapping,
		unused: core.unused,
		...(release !== undefined && { release }),
		sha256: facts.sha256,
		bootPath: core.bootPath,
		...(config !== undefined && { config }),
	};
}
