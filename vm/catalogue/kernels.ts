/** Whatever a user calls a kernel: a file, a package, a build tree, a directory, a name from the catalogue. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { cacheDir, exists, fillAtomically } from "../base/cache.js";
import { errnoOf, messageOf, VmError } from "../base/errors.js";
import type { PackageType } from "../image/head.js";
import { type Image, identifyFile } from "../image/image.js";
import {
	type PackageKind,
	packageKind,
	packageTrees,
	unpackPackage,
} from "../package/tarball.js";
import { debSource, findKernels } from "../package/unpack.js";
import { cachedKernel, type FetchOptions, fetchKernel } from "./fetchKernel.js";
import { isKernelName, parseKernelName } from "./names.js";

/** Where a build tree keeps its image, likeliest first. */
const BUILD_IMAGES = [
	"arch/x86/boot/bzImage",
	"arch/arm64/boot/Image",
	"arch/arm64/boot/Image.gz",
	"arch/arm64/boot/vmlinuz.efi",
	"arch/arm/boot/zImage",
	"arch/riscv/boot/Image",
	"arch/riscv/boot/Image.gz",
	"arch/riscv/boot/vmlinuz.efi",
	"arch/s390/boot/bzImage",
	"vmlinux",
] as const;

const KERNEL_FILE = /^(vmlinu[xz]|bzImage|zImage|Image)([-.].*)?$/;
const DEBUG_PACKAGE = /-dbg(sym)?[-_]|-debuginfo-|-headers?-|-devel-|-libc-dev/;

async function fileHash(path: string): Promise<string> {
	const hash = createHash("sha256");
	for await (const chunk of createReadStream(path))
		hash.update(chunk as Buffer);
	return hash.digest("hex");
}

/** Where the kernel may be that a package of this type does not hold. */
const WHERE_ELSE: Readonly<Record<PackageType, string>> = {
	deb: "it may only depend on the one that does: look for linux-binary-… or linux-image-…",
	rpm: "on Fedora it is kernel-core that does",
	tar: "a kernel is looked for as vmlinuz or vmlinuz-RELEASE, in boot or lib/modules/RELEASE",
};

/** A package's kernels, unpacked once into the cache. */
async function fromPackage(path: string, kind: PackageKind): Promise<Image[]> {
	const dir = cacheDir("packages", await fileHash(path));
	if (!(await exists(dir)))
		await fillAtomically(dir, async (to) => {
			await mkdir(to);
			await unpackPackage(path, kind, to);
		});
	const found = [];
	for (const tree of await packageTrees(dir))
		found.push(...(await findKernels(tree)));
	const source =
		(kind.type === "deb" ? await debSource(path) : undefined) ?? basename(path);
	if (found.length === 0)
		throw new VmError("image", `${path}: the package holds no kernel image`, {
			hint: WHERE_ELSE[kind.type],
		});
	return Promise.all(
		found.map(async ({ image, config, stable }) => ({
			...(await identifyFile(image)),
			path,
			source,
			...(config && { config }),
			...(stable && { stable }),
		})),
	);
}

async function fromBuildTree(dir: string): Promise<Image | undefined> {
	const config = join(dir, ".config");
	if (!(await exists(config))) return undefined;
	for (const candidate of BUILD_IMAGES) {
		const path = join(dir, candidate);
		if (await exists(path))
			return {
				...(await identifyFile(path)),
				source: `build tree ${dir}`,
				config,
			};
	}
	throw new VmError("image", `${dir}: a build tree without a built kernel`, {
		hint: "build it first (make), or name the image itself",
	});
}

async function fromDirectory(dir: string): Promise<Image[]> {
	const tree = await fromBuildTree(dir);
	if (tree) return [tree];
	const names = (await readdir(dir)).sort();
	const packages = names.filter(
		(name) => /\.(deb|rpm)$/.test(name) && !DEBUG_PACKAGE.test(name),
	);
	const images: Image[] = [];
	for (const name of packages) {
		const path = join(dir, name);
		const type = name.endsWith(".deb") ? "deb" : "rpm";
		// Most packages hold no kernel; a corrupt one is worth stopping for.
		images.push(
			...(await fromPackage(path, { type }).catch((error: unknown) => {
				if (/holds no kernel image/.test(messageOf(error))) return [];
				throw error;
			})),
		);
	}
	for (const name of names.filter((one) => KERNEL_FILE.test(one)))
		images.push(await identifyFile(join(dir, name)));
	if (images.length === 0)
		throw new VmError("image", `${dir}: no kernel in this directory`, {
			hint: "it may hold images (vmlinuz-…), packages (.deb, .rpm), or be a build tree",
		});
	// Links such as vmlinuz.old show the same kernel twice.
	const first = new Map(
		images.toReversed().map((image) => [image.sha256, image]),
	);
	return images.filter((image) => first.get(image.sha256) === image);
}

async function fromName(
	text: string,
	options: FetchOptions & { refresh?: boolean },
): Promise<Image> {
	const name = parseKernelName(text);
	const kernel =
		(options.refresh ? undefined : await cachedKernel(name)) ??
		(await fetchKernel(name, options));
	return {
		...(await identifyFile(kernel.image)),
		release: kernel.release,
		source: `${kernel.package} ${kernel.version}`,
		...(kernel.config && { config: kernel.config }),
	};
}

const WHY: Readonly<Record<string, string>> = {
	ENOENT: "no such file",
	ELOOP: "a symbolic link that leads to itself",
};

/**
 * All kernels that a word means: one for a file, a name or a build tree, any number for a package or a directory.
 * @throws VmError that says what was wrong with it and what to do.
 */
export async function resolveKernels(
	word: string,
	options: FetchOptions & {
		/** Look for a newer package even when one is cached. */
		refresh?: boolean;
	} = {},
): Promise<Image[]> {
	if (isKernelName(word) && !(await exists(word)))
		return [await fromName(word, options)];
	const info = await stat(word).catch((cause: unknown) => {
		const code = errnoOf(cause);
		const why = WHY[code] ?? `can't be read (${code || messageOf(cause)})`;
		throw new VmError("image", `${word}: ${why}`, {
			cause,
			hint: "give a path, or a name such as debian:bookworm",
		});
	});
	if (info.isDirectory()) return fromDirectory(word);
	if (!info.isFile())
		throw new VmError("image", `${word}: neither a file nor a directory`);
	const kind = await packageKind(word).catch(() => undefined);
	return kind ? fromPackage(word, kind) : [await identifyFile(word)];
}

/** The one kernel that a word means. @throws VmError (usage) where it means several, with their paths. */
export async function resolveKernel(
	word: string,
	options: Parameters<typeof resolveKernels>[1] = {},
): Promise<Image> {
	const images = await resolveKernels(word, options);
	const [first] = images;
	if (first && images.length === 1) return first;
	throw new VmError("usage", `${word} holds ${images.length} kernels`, {
		hint: `name one: ${images.map((image) => image.path).join(", ")}`,
	});
}

/** The text of an image's configuration; undefined where there is none that can be read. */
export async function imageConfig(image: Image): Promise<string | undefined> {
	return image.config === undefined
		? undefined
		: readFile(image.config, "utf8").catch(() => undefined);
}
