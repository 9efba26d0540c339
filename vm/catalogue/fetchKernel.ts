/** Kernels by name: fetched once, kept by package version, used offline from then on. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheDir, exists, fillAtomically } from "../base/cache.js";
import { VmError } from "../base/errors.js";
import { fetching } from "../base/fetching.js";
import { type OfShape, readJsonShape } from "../base/jsonShape.js";
import type { Arch } from "../base/machines.js";
import { identifyFile } from "../image/image.js";
import { packageKind, unpackPackage } from "../package/tarball.js";
import { findKernels, unpackDeb } from "../package/unpack.js";
import { type PackageRecord, PrivateApt } from "./apt.js";
import { type KernelName, kernelPackage, vendorArch } from "./names.js";
import { fetchPackages } from "./packageManagers.js";
import { VENDORS } from "./vendors.js";

/** What is kept with a kernel. */
const ENTRY = {
	/** The package with the kernel. */
	package: "string",
	version: "string",
	release: "string",
	/** When it was fetched, ISO 8601. */
	fetchedAt: "string",
	hasConfig: "boolean",
} as const;

/** A kernel in the cache. */
export interface CachedKernel extends OfShape<typeof ENTRY> {
	image: string;
	config?: string;
}

/** The packages that a kernel's files are spread over. Ubuntu has the configuration with the modules. */
const PARTS = {
	debian: /^linux-(image|binary|base|kernel)-\d+\.\d/,
	ubuntu: /^linux-(image|modules)-\d+\.\d/,
} as const;
const MAX_PARTS = 6;
/** Another run that mends the same entry takes it away for a moment: so often it is looked for. */
const LOOKS = 5;
const LOOK_MS = 50;

function pointerPath({ vendor, suite, flavour, arch }: KernelName): string {
	return cacheDir("names", `${vendor}-${suite}-${flavour}-${arch}`);
}

function entryDir(arch: Arch, key: string): string {
	return cacheDir("kernels", arch, key);
}

async function readEntry(dir: string): Promise<CachedKernel | undefined> {
	const text = await readFile(join(dir, "entry.json"), "utf8").catch(() => "");
	const entry = readJsonShape(text, ENTRY);
	if (entry === undefined) return undefined;
	const image = join(dir, `vmlinuz-${entry.release}`);
	if (!(await exists(image))) return undefined;
	const config = join(dir, `config-${entry.release}`);
	return {
		...entry,
		image,
		...(entry.hasConfig && { config }),
	};
}

/** What the cache holds under a name; undefined when it was never fetched. Needs no network. */
export async function cachedKernel(
	name: KernelName,
): Promise<CachedKernel | undefined> {
	const key = await readFile(pointerPath(name), "utf8").catch(() => "");
	if (!/^[\w.+~:-]+$/.test(key)) return undefined;
	return readEntry(entryDir(name.arch, key));
}

export interface FetchOptions {
	/** Where apt's settings are, instead of `/etc/apt`. */
	aptDir?: string | undefined;
	/** Where those of other package managers are, instead of `/etc`. */
	etc?: string | undefined;
	signal?: AbortSignal | undefined;
	onProgress?: ((line: string) => void) | undefined;
}

/**
 * Fetches the newest kernel of a name, even when one is cached.
 * @throws VmError: catalogue, missing, storage, aborted.
 */
export async function fetchKernel(
	name: KernelName,
	options: FetchOptions = {},
): Promise<CachedKernel> {
	return fetching(name.name, (dir) => fetchInto(dir, name, options));
}

/** What apt says of an archive that lists what it has not. */
const NOT_THERE = /\b404\b|Not Found|does not have a Release file/;

async function fetchInto(
	dir: string,
	name: KernelName,
	options: FetchOptions,
): Promise<CachedKernel> {
	if (VENDORS[name.vendor].program !== "apt-get")
		return fetchWithManager(dir, name, options);
	try {
		return await fetchFrom(join(dir, "all"), name, true, options);
	} catch (error) {
		// Not every suite has updates, and an old one's may be half gone.
		if (!(error instanceof VmError) || !NOT_THERE.test(error.message))
			throw error;
		options.onProgress?.(
			`${error.message.split(";", 1)[0]}; trying ${name.suite} without its updates`,
		);
		return await fetchFrom(join(dir, "plain"), name, false, options);
	}
}

/** The newest kernel of a vendor whose package manager finds it by itself. */
async function fetchWithManager(
	dir: string,
	name: KernelName,
	options: FetchOptions,
): Promise<CachedKernel> {
	const work = join(dir, "packages");
	await mkdir(work);
	const files = await fetchPackages(name, work, options);
	const tree = join(dir, "tree");
	for (const file of files) {
		const kind = await packageKind(file);
		if (kind) await unpackPackage(file, kind, tree);
	}
	// A package's file is named after it and its version; a colon stands for an epoch.
	const file = basename(files[0] as string);
	const [, main = file, version = ""] =
		/^([a-z-]+)-(\d.*?)(?:\.rpm|\.apk|\.pkg\.tar\.\w+)$/.exec(file) ?? [];
	const key = `${name.vendor}-${file.replaceAll(/[^\w.+~-]/g, "_")}`;
	const record = { name: main, version, depends: [] };
	return settle(name, key, () => store(tree, entryDir(name.arch, key), record));
}

async function fetchFrom(
	dir: string,
	name: KernelName,
	updates: boolean,
	options: FetchOptions,
): Promise<CachedKernel> {
	const apt = await PrivateApt.open(join(dir, "apt"), {
		suite: name.suite,
		vendor: name.vendor as "debian" | "ubuntu",
		debianArch: vendorArch(name),
		updates,
		wanted: name.name,
		aptDir: options.aptDir,
		signal: options.signal,
		onProgress: options.onProgress,
	});
	const parts = await kernelParts(apt, name);
	const main = parts[0] as PackageRecord;
	const key = `${main.name}_${main.version}`;
	return settle(name, key, async () => {
		const debs = await apt.download(parts);
		const tree = join(dir, "tree");
		for (const deb of debs) await unpackDeb(deb, tree);
		await store(tree, entryDir(name.arch, key), main);
	});
}

/** Puts a kernel into the cache where it is not there yet, and its name beside it. */
async function settle(
	name: KernelName,
	key: string,
	fill: () => Promise<void>,
): Promise<CachedKernel> {
	const target = entryDir(name.arch, key);
	if (!(await readEntry(target))) await fill();
	await fillAtomically(pointerPath(name), (to) => writeFile(to, key));
	for (let look = 1; look <= LOOKS; look++) {
		const entry = await readEntry(target);
		if (entry) return entry;
		await sleep(LOOK_MS);
	}
	throw new VmError("storage", `${target} vanished while it was filled`);
}

/** The packages of the kernel that a name means, the one that gives its name first. */
async function kernelParts(
	apt: PrivateApt,
	name: KernelName,
): Promise<PackageRecord[]> {
	const meta = kernelPackage(name);
	const wanted = name.vendor === "ubuntu" ? PARTS.ubuntu : PARTS.debian;
	const top = (await apt.show(meta)) ?? (await newestByName(apt, meta));
	if (!top)
		throw new VmError(
			"catalogue",
			`${VENDORS[name.vendor].label} ${name.suite} has no ${meta} for ${vendorArch(name)}`,
			{ hint: "crcap kernels lists other names" },
		);
	const main = wanted.test(top.name) ? [top] : [];
	const rest = await apt.dependencies(
		top,
		(name) => wanted.test(name),
		MAX_PARTS - main.length,
	);
	const parts = [...main, ...rest];
	if (parts.length === 0)
		throw new VmError(
			"catalogue",
			`${top.name} ${top.version} leads to no kernel package`,
		);
	return parts;
}

/** Where a suite has no meta package (experimental, at times): the newest image of the flavour. */
async function newestByName(
	apt: PrivateApt,
	meta: string,
): Promise<PackageRecord | undefined> {
	const suffix = meta.slice("linux-image-".length);
	const names = await apt.names(`^linux-image-[0-9][^-]*(-[0-9]+)?-${suffix}$`);
	const newest = names
		.filter((one) => !one.endsWith("-dbg"))
		.sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
		.at(-1);
	return newest === undefined ? undefined : apt.show(newest);
}

async function store(
	tree: string,
	target: string,
	main: PackageRecord,
): Promise<void> {
	const [found] = await findKernels(tree);
	const release =
		found && (found.release ?? (await identifyFile(found.image)).release);
	if (!release)
		throw new VmError(
			"catalogue",
			`${main.name} ${main.version} holds no kernel image`,
		);
	await fillAtomically(
		target,
		async (to) => {
			await mkdir(to);
			await rename(found.image, join(to, `vmlinuz-${release}`));
			if (found.config)
				await rename(found.config, join(to, `config-${release}`));
			const entry: OfShape<typeof ENTRY> = {
				package: main.name,
				version: main.version,
				release,
				fetchedAt: new Date().toISOString(),
				hasConfig: found.config !== undefined,
			};
			await writeFile(
				join(to, "entry.json"),
				`${JSON.stringify(entry, null, "\t")}\n`,
			);
		},
		async () => (await readEntry(target)) !== undefined,
	);
}
