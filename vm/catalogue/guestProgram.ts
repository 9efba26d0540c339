/** A program for a guest by its Debian package: fetched once with the libraries that it needs, kept, used offline from then on. */
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

export interface ProgramSource {
	/** What messages and the cache call it. */
	readonly name: string;
	/** Debian's release that it is taken from. */
	readonly suite: string;
	readonly package: string;
	/** Its file in the package, without the first slash. */
	readonly program: string;
}

export const CRIU: ProgramSource = {
	name: "criu",
	/** The oldest with CRIU 4.1, which runs with CAP_CHECKPOINT_RESTORE alone. */
	suite: "trixie",
	package: "criu",
	program: "usr/sbin/criu",
};

/** Where the dynamic linker looks on every architecture. */
const LIBRARIES = "usr/lib";
/** The packages of libraries. A program's other dependencies are for other uses than ours. */
const LIBRARY_PACKAGE = /^(?:lib|zlib)/;
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

/** A program with all that it needs. */
export interface GuestProgram {
	/** The package's version. */
	readonly version: string;
	readonly files: readonly GuestFile[];
}

const entryDir = ({ name }: ProgramSource, arch: Arch): string =>
	cacheDir(name, arch);

/** What the cache holds; undefined where it was never fetched, or is not whole. */
async function cached(
	source: ProgramSource,
	arch: Arch,
): Promise<GuestProgram | undefined> {
	const dir = entryDir(source, arch);
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
 * The program for an architecture, from the cache or, where that has none, from Debian; undefined where Debian has none.
 * @throws VmError: catalogue, missing, storage, image, aborted.
 */
export async function guestProgram(
	source: ProgramSource,
	arch: Arch,
	options: FetchOptions = {},
): Promise<GuestProgram | undefined> {
	const before = await cached(source, arch).catch(() => undefined);
	if (before !== undefined) return before;
	const found = await fetching(source.name, (dir) =>
		fetchInto(dir, source, arch, options),
	);
	if (!found) return undefined;
	const fetched = await cached(source, arch);
	if (fetched !== undefined) return fetched;
	throw new VmError(
		"storage",
		`${entryDir(source, arch)} vanished while it was read`,
	);
}

/** False where Debian has none for the architecture. */
async function fetchInto(
	dir: string,
	source: ProgramSource,
	arch: Arch,
	options: FetchOptions,
): Promise<boolean> {
	const apt = await PrivateApt.open(join(dir, "apt"), {
		suite: source.suite,
		debianArch: MACHINES[arch].debianArch,
		updates: false,
		aptDir: options.aptDir,
		signal: options.signal,
		onProgress: options.onProgress,
	});
	const top = await apt.show(source.package);
	if (top === undefined) return false;
	const libraries = await apt.dependencies(top, LIBRARY_PACKAGE, MAX_LIBRARIES);
	const tree = join(dir, "tree");
	for (const deb of await apt.download([top, ...libraries]))
		await unpackDeb(
			deb,
			tree,
			(path) => path === source.program || LIBRARY.test(path),
		);
	const files = await closure(tree, source.program);
	await fillAtomically(
		entryDir(source, arch),
		(to) => store(files, to, top.version),
		async () =>
			(await cached(source, arch).catch(() => undefined)) !== undefined,
	);
	return true;
}

/** The program, its linker and the libraries that are needed, each where the guest's linker finds it. */
async function closure(
	tree: string,
	path: string,
): Promise<Map<string, Buffer>> {
	const found = await readdir(tree, { recursive: true, withFileTypes: true });
	const libraries = new Map<string, Buffer>();
	for (const one of found) {
		if (!one.isFile() || !one.name.includes(".so")) continue;
		const data = await readFile(join(one.parentPath, one.name));
		const { soname } = libraryNeeds(data);
		if (soname !== undefined) libraries.set(soname, data);
	}
	const program = await readFile(join(tree, path));
	const files = new Map<string, Buffer>([[path, program]]);
	const { needed, interpreter } = programNeeds(path, program);
	const queue = [...needed];
	if (interpreter !== undefined) {
		const linker = basename(interpreter);
		files.set(interpreter.slice(1), library(libraries, linker, path));
	}
	for (let next = queue.shift(); next; next = queue.shift()) {
		const to = `${LIBRARIES}/${next}`;
		if (files.has(to) || interpreter?.endsWith(`/${next}`)) continue;
		const data = library(libraries, next, path);
		files.set(to, data);
		queue.push(...libraryNeeds(data).needed);
	}
	return files;
}

/** A script that ends in .so, as some packages have, needs nothing. */
function libraryNeeds(
	data: Buffer,
): Partial<ReturnType<typeof readDynamic>> & { needed: string[] } {
	try {
		return readDynamic(data);
	} catch {
		return { needed: [] };
	}
}

function programNeeds(
	path: string,
	data: Buffer,
): ReturnType<typeof readDynamic> {
	try {
		return readDynamic(data);
	} catch (cause) {
		throw new VmError("image", `${path}: ${messageOf(cause)}`, { cause });
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
