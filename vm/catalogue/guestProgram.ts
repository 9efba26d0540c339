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
	/** Libraries of its packages that other programs beside it need. */
	readonly libraries?: readonly string[];
	/** What it reads beside libraries: the packages that it depends on for that, and the files. */
	readonly reads?: {
		readonly packages: readonly string[];
		readonly files: readonly string[];
	};
}

export const CRIU: ProgramSource = {
	name: "criu",
	/** The oldest with CRIU 4.1, which runs with CAP_CHECKPOINT_RESTORE alone. */
	suite: "trixie",
	package: "criu",
	program: "usr/sbin/criu",
	/** The rest of this release's C library that NODE needs. */
	libraries: ["libm.so.6"],
};

/**
 * What people checkpoint. From libuv 1.50 on, which trixie has, every event loop keeps an io_uring, whatever UV_USE_IO_URING
 * says, and CRIU can't dump one.
 * So it is of the release before, on the C library of CRIU's: newer ones serve older programs.
 */
export const NODE: ProgramSource = {
	name: "node",
	suite: "bookworm",
	package: "nodejs",
	program: "usr/bin/node",
	/** Debian's has some of its own modules outside, and does not start without any of them. */
	reads: {
		packages: ["node-acorn", "node-cjs-module-lexer", "node-undici"],
		files: [
			"acorn/dist/acorn.js",
			"acorn-walk/dist/walk.js",
			"cjs-module-lexer/dist/lexer.js",
			"cjs-module-lexer/lexer.js",
			"undici/undici-fetch.js",
		].map((path) => `usr/share/nodejs/${path}`),
	},
};

/** Where the dynamic linker looks on every architecture. */
const LIBRARIES = "usr/lib";
/** The packages of libraries. A program's other dependencies are for other uses than ours. */
const LIBRARY_PACKAGE = /^(?:lib|zlib)/;
const MAX_PACKAGES = 79;
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
	const isThere = (name: string) => paths.includes(`${LIBRARIES}/${name}`);
	if (!(source.libraries ?? []).every(isThere)) return undefined;
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
	const { packages = [], files: read = [] } = source.reads ?? {};
	const others = await apt.dependencies(
		top,
		(name) => LIBRARY_PACKAGE.test(name) || packages.includes(name),
		MAX_PACKAGES,
	);
	const kept = new Set([source.program, ...read]);
	const tree = join(dir, "tree");
	for (const deb of await apt.download([top, ...others]))
		await unpackDeb(deb, tree, (path) => kept.has(path) || LIBRARY.test(path));
	const files = await closure(tree, source);
	for (const path of read) files.set(path, await fileIn(tree, path, source));
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
	{ program: path, libraries: wanted = [] }: ProgramSource,
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
	const queue = [...needed, ...wanted];
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

async function fileIn(
	tree: string,
	path: string,
	{ program }: ProgramSource,
): Promise<Buffer> {
	return readFile(join(tree, path)).catch((cause: unknown) => {
		throw new VmError(
			"catalogue",
			`${program} reads /${path}, which is in none of the packages that it depends on`,
			{ cause },
		);
	});
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
