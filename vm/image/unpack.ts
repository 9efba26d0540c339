/** Files out of packages, without installing them: a .deb through dpkg-deb, an .rpm by itself. */
import { open, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { makeDirs } from "../base/cache.js";
import { errnoOf, messageOf, VmError } from "../base/errors.js";
import { loadExeca } from "../base/execa.js";
import { cpioMembers, type Member, tarMembers } from "./archives.js";
import {
	decompressTo,
	MAX_UNPACKED,
	runTool,
	type Taker,
	type Tool,
} from "./decompress.js";
import { rpmPayload } from "./rpm.js";

/** A kernel found in an unpacked tree. */
export interface Found {
	image: string;
	config?: string;
	release: string | undefined;
}

/** All that a package holds, unpacked, bytes: more is a bomb. Modules with what debuggers want take gigabytes. */
const MAX_PACKAGE = 16 * 1024 ** 3;
/** And so many kernels and configurations. */
const MAX_FILES = 1000;
/** So many directories are looked through, one in the other. */
const MAX_DEPTH = 6;

const IMAGE = /^(?:vmlinu[xz]|Image|zImage|bzImage|kernel)(?:-(\d.*))?$/;
const CONFIG = /^config(?:-.+)?$/;

/** Is a file of this path, which begins with no slash, wanted? */
export type Wanted = (path: string) => boolean;

const isKernel: Wanted = (path) => {
	const name = path.slice(path.lastIndexOf("/") + 1);
	return IMAGE.test(name) || CONFIG.test(name);
};

/** Where a file of this name is put, below the tree; undefined where it is not wanted, or would be somewhere else. */
function placeOf(path: string, wanted: Wanted): string | undefined {
	const place = path.replace(/^(?:\.?\/)+/, "");
	const parts = place.split("/");
	const plain = parts.every((part) => !["", ".", ".."].includes(part));
	return plain && parts.length <= MAX_DEPTH + 1 && wanted(place)
		? place
		: undefined;
}

/**
 * Writes the wanted files of an archive into a tree. Only directories and regular files are ever made in it,
 * so no name leads out of it, whatever links the archive has.
 */
async function harvest(
	members: AsyncIterable<Member>,
	dir: string,
	wanted: Wanted,
): Promise<void> {
	let files = 0;
	let written = 0;
	for await (const { path, size, bytes } of members) {
		const place = placeOf(path, wanted);
		if (place === undefined) continue;
		written += size;
		if (written > MAX_UNPACKED || ++files > MAX_FILES)
			throw new Error("it has more of what is wanted than any package");
		const to = join(dir, place);
		await makeDirs(dirname(to));
		const file = await open(to, "wx", 0o644).catch((error: unknown) => {
			// Of two with one name the first counts.
			if (errnoOf(error) === "EEXIST") return undefined;
			throw error;
		});
		if (file) await pipeline(bytes(), file.createWriteStream());
	}
}

/** Takes an archive's files; what is wrong with it names the package. The disk's trouble stays as it is. */
function harvester(
	path: string,
	dir: string,
	membersOf: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Member>,
	wanted: Wanted = isKernel,
): Taker {
	return async (chunks) => {
		try {
			await harvest(membersOf(chunks), dir, wanted);
		} catch (cause) {
			if (["ENOSPC", "EDQUOT", "EIO"].includes(errnoOf(cause))) throw cause;
			throw corrupt(path, cause);
		}
	};
}

function corrupt(path: string, cause: unknown): VmError {
	const detail = messageOf(cause).replace(/\s*\n\s*/g, " / ");
	return new VmError(
		"image",
		`${path}: the package is corrupt or cut short (${detail})`,
		{ cause, hint: "fetch it again" },
	);
}

/**
 * Unpacks the wanted files from a .deb: the kernels and their configurations, where nothing else is said.
 * @throws VmError: image for a corrupt package, missing for a missing tool; the file system's own for a full disk.
 */
export async function unpackDeb(
	path: string,
	dir: string,
	wanted?: Wanted,
): Promise<void> {
	await makeDirs(dir);
	await readDeb(path, harvester(path, dir, tarMembers, wanted));
}

async function readDeb(path: string, take: Taker): Promise<void> {
	const tool: Tool = {
		argv: ["dpkg-deb", "--fsys-tarfile", path],
		package: "dpkg",
		purpose: "to unpack a .deb",
	};
	try {
		await runTool(tool, take, MAX_PACKAGE);
	} catch (cause) {
		if (cause instanceof VmError || errnoOf(cause) !== "") throw cause;
		throw corrupt(path, cause);
	}
}

/**
 * What one file in a .deb holds, whose name matches; undefined where there is none. No more than `most` bytes are taken.
 * @throws VmError as unpackDeb() does
 */
export async function fileInDeb(
	path: string,
	name: RegExp,
	most: number,
): Promise<Buffer | undefined> {
	let found: Buffer | undefined;
	await readDeb(path, async (chunks) => {
		for await (const member of tarMembers(chunks)) {
			if (found !== undefined || !name.test(member.path)) continue;
			if (member.size > most)
				throw new Error(`${member.path} has ${member.size} bytes`);
			const pieces: Uint8Array[] = [];
			for await (const piece of member.bytes()) pieces.push(piece);
			found = Buffer.concat(pieces);
		}
	});
	return found;
}

/** Unpacks the kernels and their configurations from an .rpm; throws as unpackDeb() does. */
export async function unpackRpm(path: string, dir: string): Promise<void> {
	await makeDirs(dir);
	const { offset, compression } = await rpmPayload(path);
	await decompressTo(
		{ path, offset },
		compression,
		harvester(path, dir, cpioMembers),
		MAX_PACKAGE,
	);
}

/** `Package` and `Version` of a .deb, joined by a space. */
export async function debSource(path: string): Promise<string | undefined> {
	const { execa } = await loadExeca();
	const result = await execa(
		"dpkg-deb",
		["--field", path, "Package", "Version"],
		{ reject: false, stdin: "ignore" },
	);
	if (result.failed) return undefined;
	const field = (name: string) =>
		new RegExp(`^${name}: (.+)$`, "m").exec(result.stdout)?.[1] ?? "";
	return `${field("Package")} ${field("Version")}`.trim() || undefined;
}

async function filesBelow(dir: string, depth: number): Promise<string[]> {
	const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
	const found: string[] = [];
	for (const entry of entries) {
		const path = join(dir, entry.name);
		// Links are not followed: a package's may point anywhere.
		if (entry.isFile()) found.push(path);
		else if (entry.isDirectory() && depth > 0)
			found.push(...(await filesBelow(path, depth - 1)));
	}
	return found.sort();
}

/** The kernels in an unpacked package: `boot/vmlinuz-RELEASE` and `lib/modules/RELEASE/vmlinuz`, each release once. */
export async function findKernels(dir: string): Promise<Found[]> {
	const files = await filesBelow(dir, MAX_DEPTH);
	const found = new Map<string, Found>();
	for (const image of files) {
		const parts = image.slice(dir.length + 1).split("/");
		const name = IMAGE.exec(parts.at(-1) ?? "");
		if (!name) continue;
		const modules = parts.indexOf("modules");
		const release = name[1] ?? (modules >= 0 ? parts[modules + 1] : undefined);
		const config = files.find(
			(file) =>
				release !== undefined &&
				(file.endsWith(`/config-${release}`) ||
					file.endsWith(`/modules/${release}/config`)),
		);
		const key = release ?? image;
		if (!found.has(key))
			found.set(key, { image, release, ...(config && { config }) });
	}
	return [...found.values()];
}
