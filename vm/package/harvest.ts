/** Which files of an archive are wanted, and how they get into a tree. */
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeDirs } from "../base/cache.js";
import { errnoOf, messageOf, VmError } from "../base/errors.js";
import { MAX_UNPACKED, type Taker } from "../image/decompress.js";
import type { Member } from "./archives.js";
import { CHANGELOG } from "./changelog.js";

/** A package that unpacks to more bytes than this is refused as a bomb. Modules with debugging information take gigabytes. */
export const MAX_PACKAGE = 16 * 1024 ** 3;
/** A package with more kernels and configurations than this is refused. */
const MAX_FILES = 1000;
/** Files that lie deeper than this many directories are passed over. */
export const MAX_DEPTH = 6;

/** The name of a kernel, with its release where that follows; some distributions name the flavour there. */
export const IMAGE =
	/^(?:(?:vmlinu[xz]|Image|zImage|bzImage|kernel)(?:-(\d.*))?|vmlinuz-[a-z][\w.-]*)$/;
export const CONFIG = /^config(?:-.+)?$/;

const DISK = ["ENOSPC", "EDQUOT", "EIO"];

/** Is a file of this path, which begins with no slash, wanted? */
export type Wanted = (path: string) => boolean;

const isKernel: Wanted = (path) => {
	const name = path.slice(path.lastIndexOf("/") + 1);
	return IMAGE.test(name) || CONFIG.test(name) || CHANGELOG.test(path);
};

/** Where a file of this name is put, below the tree; undefined where it is not wanted, or would be somewhere else. */
export function pathBelow(
	path: string,
	wanted: Wanted = isKernel,
): string | undefined {
	const inside = path.replace(/^(?:\.?\/)+/, "");
	const parts = inside.split("/");
	const plain = parts.every((part) => !["", ".", ".."].includes(part));
	return plain && parts.length <= MAX_DEPTH + 1 && wanted(inside)
		? inside
		: undefined;
}

/**
 * Writes the wanted files of an archive into a tree: its kernels and configurations, where nothing else is said. Only directories and regular files are ever made in it,
 * so no name leads out of it, whatever links the archive has.
 */
export async function harvest(
	members: AsyncIterable<Member>,
	dir: string,
	wanted?: Wanted,
): Promise<void> {
	let files = 0;
	let written = 0;
	for await (const { path, size, bytes } of members) {
		const inside = pathBelow(path, wanted);
		if (inside === undefined) continue;
		written += size;
		if (written > MAX_UNPACKED || ++files > MAX_FILES)
			throw new Error("it has more of what is wanted than any package");
		const to = join(dir, inside);
		await makeDirs(dirname(to));
		const file = await open(to, "wx", 0o644).catch((error: unknown) => {
			// Of two with one name the first counts.
			if (errnoOf(error) === "EEXIST") return undefined;
			throw error;
		});
		if (file) await pipeline(bytes(), file.createWriteStream());
	}
}

/** Takes the wanted files of an archive; what is wrong with it names the package. */
export function harvester(
	path: string,
	dir: string,
	membersOf: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Member>,
	wanted?: Wanted,
): Taker {
	return async (chunks) => {
		try {
			await harvest(membersOf(chunks), dir, wanted);
		} catch (cause) {
			throw corrupt(path, cause);
		}
	};
}

/** What went wrong with an archive, with the package's name. The disk's trouble, or a missing tool, stays as it is. */
export function corrupt(path: string, cause: unknown): Error {
	if (cause instanceof VmError) return cause;
	if (cause instanceof Error && DISK.includes(errnoOf(cause))) return cause;
	const detail = messageOf(cause).replace(/\s*\n\s*/g, " / ");
	return new VmError(
		"image",
		`${path}: the package is corrupt or cut short (${detail})`,
		{ cause, hint: "fetch it again" },
	);
}
