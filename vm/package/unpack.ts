/** Files out of packages, without installing them: a .deb through dpkg-deb, an .rpm by itself. */
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeDirs } from "../base/cache.js";
import { errnoOf, VmError } from "../base/errors.js";
import { loadExeca } from "../base/execa.js";
import {
	decompressTo,
	runTool,
	type Taker,
	type Tool,
} from "../image/decompress.js";
import { cpioMembers, tarMembers } from "./archives.js";
import { CHANGELOG, stableOf } from "./changelog.js";
import {
	CONFIG,
	corrupt,
	harvester,
	IMAGE,
	MAX_DEPTH,
	MAX_PACKAGE,
	type Wanted,
} from "./harvest.js";
import { rpmPayload } from "./rpm.js";

/** A kernel found in an unpacked tree. */
export interface Found {
	image: string;
	config?: string;
	release: string | undefined;
	/** The stable release that its package's changelog names. */
	stable?: string;
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

function only<T>(all: readonly T[]): T | undefined {
	return all.length === 1 ? all[0] : undefined;
}

/** The kernels in an unpacked package: `boot/vmlinuz-RELEASE` and `lib/modules/RELEASE/vmlinuz`, each release once. */
export async function findKernels(dir: string): Promise<Found[]> {
	const files = await filesBelow(dir, MAX_DEPTH);
	const configs = files.filter((file) => CONFIG.test(basename(file)));
	const changelogs = files.filter((file) =>
		CHANGELOG.test(file.slice(dir.length + 1)),
	);
	const found = new Map<string, Found>();
	for (const image of files) {
		const parts = image.slice(dir.length + 1).split("/");
		const name = IMAGE.exec(parts.at(-1) ?? "");
		if (!name) continue;
		const modules = parts.indexOf("modules");
		const release = name[1] ?? (modules >= 0 ? parts[modules + 1] : undefined);
		const config =
			release === undefined
				? only(configs)
				: configs.find(
						(file) =>
							file.endsWith(`/config-${release}`) ||
							file.endsWith(`/modules/${release}/config`),
					);
		const key = release ?? image;
		if (found.has(key)) continue;
		// The packages of several kernels may lie in one tree.
		const changelog = changelogs.find((file) =>
			dirname(file).endsWith(`-${release}`),
		);
		const stable = changelog && (await stableOf(changelog, release ?? ""));
		found.set(key, {
			image,
			release,
			...(config && { config }),
			...(stable && { stable }),
		});
	}
	return [...found.values()];
}
