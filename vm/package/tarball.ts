/** Tarballs that hold kernels: of a tree, as `make tar-pkg` and several distributions' packages are, or of a container image. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { makeDirs } from "../base/cache.js";
import {
	decompressTo,
	type Taker,
	unpackedStart,
} from "../image/decompress.js";
import { sniff, TAR_HEADER } from "../image/formats.js";
import type { Compression, PackageType } from "../image/head.js";
import { readAt } from "../image/imageFile.js";
import { IMAGE_TREE, ImageIndex, unpackLayers } from "./containerImage.js";
import { corrupt, harvester, MAX_PACKAGE } from "./harvest.js";
import { unpackDeb, unpackRpm } from "./unpack.js";

/** A package, and how a tarball is compressed. */
export interface PackageKind {
	type: PackageType;
	compression?: Compression;
}

/**
 * What kind of package a file is; undefined where it is none, or none that can be unpacked: as an image it is told why.
 * @throws VmError (image) for a file that can't be read
 */
export async function packageKind(
	path: string,
): Promise<PackageKind | undefined> {
	const head = await readAt(path, 0, TAR_HEADER);
	const found = sniff(head, head.length);
	if (found.kind === "package") return { type: found.type };
	if (found.kind !== "compressed") return undefined;
	const { compression } = found;
	const start = await unpackedStart({ path }, compression, TAR_HEADER).catch(
		() => undefined,
	);
	const inner = start && sniff(start, start.length);
	return inner?.kind === "package" && inner.type === "tar"
		? { type: "tar", compression }
		: undefined;
}

/**
 * Unpacks the kernels and their configurations from a tarball. Of a container image each image gets a tree of its own.
 * @throws VmError: image for a corrupt archive, missing for a missing tool; the file system's own for a full disk.
 */
export async function unpackTar(
	path: string,
	compression: Compression | undefined,
	dir: string,
): Promise<void> {
	await makeDirs(dir);
	const pass = (take: Taker) =>
		decompressTo({ path }, compression, take, MAX_PACKAGE);
	const index = new ImageIndex();
	await pass(harvester(path, dir, (chunks) => index.members(chunks)));
	if (!index.isContainerImage) return;
	await pass(async (chunks) => {
		try {
			await unpackLayers(chunks, index.images(), dir);
		} catch (cause) {
			throw corrupt(path, cause);
		}
	});
}

/** Unpacks the kernels of a package of any kind; throws as unpackTar() does. */
export async function unpackPackage(
	path: string,
	{ type, compression }: PackageKind,
	dir: string,
): Promise<void> {
	if (type === "deb") await unpackDeb(path, dir);
	else if (type === "rpm") await unpackRpm(path, dir);
	else await unpackTar(path, compression, dir);
}

/** The trees in an unpacked package: one, or one for each container image. */
export async function packageTrees(dir: string): Promise<string[]> {
	const images = (await readdir(dir)).filter((name) => IMAGE_TREE.test(name));
	return images.length === 0
		? [dir]
		: images.sort().map((name) => join(dir, name));
}
