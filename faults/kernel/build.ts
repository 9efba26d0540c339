/** Builds the kernels that faults are planted in: Debian's source, our patch, a small configuration. */
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { mergeFragments, unmetOptions } from "./fragments.js";
import {
	type Attempt,
	exists,
	inScratch,
	newAttempt,
	removeAbandoned,
	said,
} from "./scratch.js";
import {
	patchedSource,
	type SourcePackage,
	sourcePackage,
	type Version,
} from "./source.js";

/** The programs that a build runs, each with the Debian package that brings it. */
const TOOLS: Readonly<Record<string, string>> = {
	"apt-get": "apt",
	"dpkg-deb": "dpkg",
	tar: "tar",
	xz: "xz-utils",
	patch: "patch",
	gcc: "gcc",
	ld: "binutils",
	make: "make",
	flex: "flex",
	bison: "bison",
	bc: "bc",
};

/** The headers that it includes, likewise. */
const HEADERS: Readonly<Record<string, string>> = {
	"stdio.h": "libc6-dev",
};

/** What to install for a build on Debian bookworm, beside what every system has. */
export const BUILD_PACKAGES: readonly string[] = [
	"bc",
	"bison",
	"flex",
	"gcc",
	"libc6-dev",
	"make",
	"patch",
	"xz-utils",
];

/**
 * The configurations: base has every boundary; whole has security modules, too, what else a restorer wants, and what CRIU asks of a
 * kernel; criu is the same kernel, on which CRIU is tried; debug complains of misused memory, locks and lists. Each other one leaves
 * something out.
 */
export const CONFIGS = [
	"base",
	"whole",
	"no-checkpoint-restore",
	"no-user-ns",
	"no-pid-ns",
	"no-multiuser",
	"no-cap",
	"criu",
	"debug",
] as const;

/** A kernel takes minutes to build: one serves both where nothing that one of them has harms the other. */
const builtAs = (config: ConfigName): ConfigName =>
	config === "criu" ? "whole" : config;

export type ConfigName = (typeof CONFIGS)[number];

/** Patches that a configuration has beside the version's own: PATCH of linux-VERSION-PATCH.patch. No other kernel is built anew for them. */
const OWN_PATCHES: Readonly<Partial<Record<ConfigName, string>>> = {
	debug: "splats",
};

/** Configurations that have little in common with the base one: its objects are of no use to them. */
const FROM_NOTHING: ReadonlySet<ConfigName> = new Set([
	"base",
	"whole",
	"debug",
]);

export interface BuildOptions {
	version: Version;
	config: ConfigName;
	/** Kept from run to run: the package, the patched source, objects to start from, kernels. */
	cacheDir: string;
	/** Hears a line at each step that takes long. */
	log?: (line: string) => void;
	signal?: AbortSignal;
}

export interface Kernel {
	/** The image to boot. */
	bzImage: string;
	/** The whole .config that it was built with. */
	config: string;
	/** The source package's version, such as 6.1.192-2. */
	version: string;
}

/** The same inputs give the same image. */
const REPRODUCIBLE = {
	KBUILD_BUILD_TIMESTAMP: "1970-01-01",
	KBUILD_BUILD_USER: "crcap",
	KBUILD_BUILD_HOST: "crcap",
	KBUILD_BUILD_VERSION: "1",
	LC_ALL: "C",
};

/**
 * One kernel, from the cache where nothing that goes into it has changed.
 * The base configuration comes first: the others start from its objects.
 */
export async function buildKernel(options: BuildOptions): Promise<Kernel> {
	const cacheDir = resolve(options.cacheDir);
	await mkdir(cacheDir, { recursive: true });
	await demandTools();
	await removeAbandoned(cacheDir);
	const attempt = newAttempt(
		cacheDir,
		options.log ?? (() => {}),
		options.signal,
	);
	const inputs = await readInputs(attempt, options.version);
	const kernel = await keptKernel(attempt, inputs, builtAs(options.config));
	return {
		bzImage: join(kernel, "bzImage"),
		config: join(kernel, "config"),
		version: inputs.source.version,
	};
}

/** The directory of a kernel, built if it has to be. */
async function keptKernel(
	attempt: Attempt,
	inputs: Inputs,
	config: ConfigName,
): Promise<string> {
	const fragment = inputs.fragments[config];
	const patches = await patchesFor(inputs, config);
	const patch = patches.map(({ text }) => text).join("");
	const kernel = join(
		attempt.cacheDir,
		`kernel-${config}-${digest(inputs.source.version, patch, fragment, inputs.compiler)}`,
	);
	if (await exists(kernel)) return kernel;

	const tree = join(
		attempt.cacheDir,
		`source-${digest(inputs.source.version, patch)}`,
	);
	const files = patches.map(({ file }) => file);
	await patchedSource(attempt, inputs.source, files, tree);
	const started = performance.now();
	await inScratch(attempt, async (scratch) => {
		const objects = join(scratch, "objects");
		const base = await baseObjects(attempt, inputs, config);
		if (base === undefined) await mkdir(objects);
		else
			await cp(base, objects, {
				recursive: true,
				preserveTimestamps: true,
				verbatimSymlinks: true,
			});
		attempt.log(`build Linux ${inputs.source.version}, ${config}`);
		await make(attempt, tree, objects, fragment);
		const finished = join(scratch, "kernel");
		await mkdir(finished);
		await rename(
			join(objects, "arch/x86/boot/bzImage"),
			join(finished, "bzImage"),
		);
		await cp(join(objects, ".config"), join(finished, "config"));
		if (config === "base")
			await attempt.place(objects, objectsOf(attempt, inputs));
		await attempt.place(finished, kernel);
	});
	const seconds = Math.round((performance.now() - started) / 1000);
	attempt.log(
		`built Linux ${inputs.source.version}, ${config}, in ${seconds} s`,
	);
	return kernel;
}

function objectsOf(attempt: Attempt, inputs: Inputs): string {
	const { source, patch, fragments, compiler } = inputs;
	return join(
		attempt.cacheDir,
		`objects-${digest(source.version, patch.text, fragments.base, compiler)}`,
	);
}

/** The objects that a configuration starts from: the base one's, or none. */
async function baseObjects(
	attempt: Attempt,
	inputs: Inputs,
	config: ConfigName,
): Promise<string | undefined> {
	if (FROM_NOTHING.has(config)) return undefined;
	await keptKernel(attempt, inputs, "base");
	const objects = objectsOf(attempt, inputs);
	return (await exists(objects)) ? objects : undefined;
}

async function make(
	attempt: Attempt,
	tree: string,
	objects: string,
	fragment: string,
): Promise<void> {
	const fragmentFile = join(objects, "crcap.config");
	await writeFile(fragmentFile, fragment);
	const common = ["-C", tree, `O=${objects}`, "ARCH=x86", "LOCALVERSION="];
	await attempt.run("make", [...common, "allnoconfig"], {
		env: { ...REPRODUCIBLE, KCONFIG_ALLCONFIG: fragmentFile },
	});
	const config = await readFile(join(objects, ".config"), "utf8");
	const unmet = unmetOptions(fragment, config);
	if (unmet.length > 0)
		throw new Error(
			`the kernel's configuration is not as asked: ${unmet.join(", ")}`,
		);
	await attempt.run(
		"make",
		[...common, `-j${availableParallelism()}`, "bzImage"],
		{ env: REPRODUCIBLE },
	);
}

interface Patch {
	file: string;
	text: string;
}

interface Inputs {
	source: SourcePackage;
	version: Version;
	compiler: string;
	/** The one that every configuration has. */
	patch: Patch;
	/** Each configuration's own options, on top of the base ones. */
	fragments: Record<ConfigName, string>;
}

/** The folder with the patches and configurations. */
const FOLDER = fileURLToPath(new URL("../../../faults/", import.meta.url));

async function readPatch(name: string): Promise<Patch> {
	const file = join(FOLDER, `${name}.patch`);
	return { file, text: await readFile(file, "utf8") };
}

/** A configuration's patches, in the order in which they go on the source. */
async function patchesFor(
	{ version, patch }: Inputs,
	config: ConfigName,
): Promise<Patch[]> {
	const own = OWN_PATCHES[config];
	if (own === undefined) return [patch];
	return [patch, await readPatch(`linux-${version}-${own}`)];
}

async function readInputs(attempt: Attempt, version: Version): Promise<Inputs> {
	const config = (name: string): Promise<string> =>
		readFile(join(FOLDER, "config", `${name}.config`), "utf8");
	const base = mergeFragments(
		await config("base"),
		await config(`linux-${version}`),
	);
	const texts = await Promise.all(CONFIGS.map(config));
	const fragments = Object.fromEntries(
		CONFIGS.map((name, i) => [
			name,
			name === "base" ? base : mergeFragments(base, texts[i] ?? ""),
		]),
	) as Record<ConfigName, string>;
	fragments.whole = mergeFragments(fragments.whole, fragments.criu);
	return {
		source: await sourcePackage(attempt, version),
		compiler: `${await said("gcc", ["--version"])}${await said("ld", ["--version"])}`,
		version,
		patch: await readPatch(`linux-${version}`),
		fragments,
	};
}

function digest(...parts: readonly string[]): string {
	const text = JSON.stringify(parts);
	return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

async function demandTools(): Promise<void> {
	if (process.arch !== "x64")
		throw new Error("kernels with faults are built on x86-64 only");
	const path = (process.env.PATH ?? "").split(delimiter);
	const missing = [
		...(await absent(Object.keys(TOOLS), path)),
		...(await absent(Object.keys(HEADERS), ["/usr/include"])),
	];
	if (missing.length === 0) return;
	const packages = missing.map((name) => TOOLS[name] ?? HEADERS[name]);
	throw new Error(
		`a kernel can't be built without ${missing.join(", ")}: apt-get install ${packages.join(" ")}`,
	);
}

/** Those of the names that none of the directories has. */
async function absent(
	names: readonly string[],
	dirs: readonly string[],
): Promise<string[]> {
	const found = await Promise.all(
		names.map(async (name) => {
			const here = dirs.map((dir) => exists(join(dir, name)));
			return (await Promise.all(here)).includes(true);
		}),
	);
	return names.filter((_, i) => !found[i]);
}
