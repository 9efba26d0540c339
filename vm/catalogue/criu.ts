/** CRIU by its package's name: fetched once with the libraries that it needs, kept by version, used offline from then on. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cacheDir, fillAtomically, makeDirs } from "../base/cache.js";
import { messageOf, VmError } from "../base/errors.js";
import { fetching } from "../base/fetching.js";
import { type OfShape, readJsonShape } from "../base/jsonShape.js";
import { type Arch, MACHINES } from "../base/machines.js";
import { unpackDeb } from "../package/unpack.js";
import { PrivateApt } from "./apt.js";
import { readDynamic } from "./elfDynamic.js";
import type { FetchOptions } from "./fetchKernel.js";

/** The release that it is taken from: the oldest with CRIU 4.1, which runs with CAP_CHECKPOINT_RESTORE alone. */
const SUITE = "trixie";
const PROGRAM = "usr/sbin/criu";
/** Where the dynamic linker looks on every architecture. */
const LIBRARIES = "usr/lib";
/** Its libraries' packages, and what those need in turn. Its other dependencies are for other uses than ours. */
const LIBRARY_PACKAGE = /^lib/;
const MAX_LIBRARIES = 79;
const LIBRARY = /^(?:usr\/)?lib\d*\/(?:[^/]+-linux-gnu[^/]*\/)?[^/]+\.so[^/]*$/;

const ENTRY = {
	/** As Debian has it, e.g. `4.1.1-1`. */
	version: "string",
	/** When it was fetched, ISO 8601. */
	fetchedAt: "string",
} as const;

/** A file of a guest. */
export interface GuestFile {
	/** Where it is to be, without the first slash. */
	readonly path: string;
	readonly data: Buffer;
	readonly mode: number;
}

/** CRIU with all that it needs. */
export interface Criu {
	/** The package's version. */
	readonly version: string;
	readonly files: readonly GuestFile[];
}

const entryDir = (arch: Arch): string => cacheDir("criu", arch);

/** What the cache holds; undefined where it was never fetched, or is not whole. */
async function cached(arch: Arch): Promise<Criu | undefined> {
	const dir = entryDir(arch);
	const text = await readFile(join(dir, "entry.json"), "utf8").catch(() => "");
	const entry = readJsonShape(text, ENTRY);
	if (entry === undefined) return undefined;
	const tree = join(dir, "tree");
	const found = await readdir(tree, { recursive: true, withFileTypes: true });
	const paths = found
		.filter((one) => one.isFile())
		.map((one) => join(one.parentPath, one.name).slice(tree.length + 1))
		.sort();
	const files = await Promise.all(
		paths.map(async (path) => ({
			path,
			data: await readFile(join(tree, path)),
			mode: 0o755,
		})),
	);
	return { version: entry.version, files };
}

/**
 * CRIU for an architecture, from the cache or, where that has none, from Debian; undefined where Debian has none.
 * @throws VmError: catalogue, missing, storage, image, aborted.
 */
export async function criuFor(
	arch: Arch,
	options: FetchOptions = {},
): Promise<Criu | undefined> {
	const before = await cached(arch).catch(() => undefined);
	if (before !== undefined) return before;
	const found = await fetching("CRIU", (dir) => fetchInto(dir, arch, options));
	if (!found) return undefined;
	const fetched = await cached(arch);
	if (fetched !== undefined) return fetched;
	throw new VmError("storage", `${entryDir(arch)} vanished while it was read`);
}

/** False where Debian has no CRIU for the architecture. */
async function fetchInto(
	dir: string,
	arch: Arch,
	options: FetchOptions,
): Promise<boolean> {
	const apt = await PrivateApt.open(join(dir, "apt"), {
		suite: SUITE,
		debianArch: MACHINES[arch].debianArch,
		updates: false,
		aptDir: options.aptDir,
		signal: options.signal,
		onProgress: options.onProgress,
	});
	const top = await apt.show("criu");
	if (top === undefined) return false;
	const libraries = await apt.dependencies(top, LIBRARY_PACKAGE, MAX_LIBRARIES);
	const tree = join(dir, "tree");
	for (const deb of await apt.download([top, ...libraries]))
		await unpackDeb(
			deb,
			tree,
			(path) => path === PROGRAM || LIBRARY.test(path),
		);
	const files = await closure(tree);
	await fillAtomically(
		entryDir(arch),
		(to) => store(files, to, top.version),
		async () => (await cached(arch).catch(() => undefined)) !== undefined,
	);
	return true;
}

/** The program, its linker and the libraries that are needed, each where the guest's linker finds it. */
async function closure(tree: string): Promise<Map<string, Buffer>> {
	const found = await readdir(tree, { recursive: true, withFileTypes: true });
	const libraries = new Map<string, Buffer>();
	for (const one of found) {
		if (!one.isFile() || !one.name.includes(".so")) continue;
		const data = await readFile(join(one.parentPath, one.name));
		const { soname } = needsOf(one.name, data);
		if (soname !== undefined) libraries.set(soname, data);
	}
	const program = await readFile(join(tree, PROGRAM));
	const files = new Map<string, Buffer>([[PROGRAM, program]]);
	const { needed, interpreter } = needsOf(PROGRAM, program);
	const queue = [...needed];
	if (interpreter !== undefined) {
		const linker = basename(interpreter);
		files.set(interpreter.slice(1), library(libraries, linker, PROGRAM));
	}
	for (let next = queue.shift(); next; next = queue.shift()) {
		const path = `${LIBRARIES}/${next}`;
		if (files.has(path) || interpreter?.endsWith(`/${next}`)) continue;
		const data = library(libraries, next, PROGRAM);
		files.set(path, data);
		queue.push(...needsOf(next, data).needed);
	}
	return files;
}

/** What a file in the package needs; a script that ends in .so, as some have, needs nothing. */
function needsOf(
	name: string,
	data: Buffer,
): Partial<ReturnType<typeof readDynamic>> & { needed: string[] } {
	try {
		return readDynamic(data);
	} catch (cause) {
		if (name !== PROGRAM) return { needed: [] };
		throw new VmError("image", `${name}: ${messageOf(cause)}`, { cause });
	}
}

function library(
	libraries: ReadonlyMap<string, Buffer>,
	name: string,
	program: string,
): Buffer {
	const data = libraries.get(name);
	if (data !== undefined) return data;
	throw new VmError(
		"catalogue",
		`${program} needs ${name}, which is in none of the packages that it depends on`,
	);
}

async function store(
	files: ReadonlyMap<string, Buffer>,
	to: string,
	version: string,
): Promise<void> {
	for (const [path, data] of files) {
		const file = join(to, "tree", path);
		await makeDirs(dirname(file));
		await writeFile(file, data);
	}
	const entry: OfShape<typeof ENTRY> = {
		version,
		fetchedAt: new Date().toISOString(),
	};
	await writeFile(
		join(to, "entry.json"),
		`${JSON.stringify(entry, null, "\t")}\n`,
	);
}
