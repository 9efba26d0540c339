/** The kernels' sources: Debian's packages, brought by apt, each with its patch on it. */
import { mkdir, readdir, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { PrivateApt } from "../../vm/index.js";
import { type Attempt, exists, inScratch } from "./scratch.js";

/** The versions that there is a patch for. Each but the first goes by what changed since the one before. */
export const VERSIONS = ["6.1", "7.2"] as const;

export type Version = (typeof VERSIONS)[number];

interface Suite {
	readonly suite: string;
	/** Has it updates beside it? */
	readonly updates: boolean;
}

/** The suites of Debian that have, or will have, a version's source: the first that does is asked. */
const SUITES: Readonly<Record<Version, readonly Suite[]>> = {
	"6.1": [{ suite: "bookworm", updates: true }],
	"7.2": [
		{ suite: "sid", updates: false },
		{ suite: "forky", updates: true },
		{ suite: "trixie-backports", updates: false },
	],
};

const packageOf = (version: Version): string => `linux-source-${version}`;

/**
 * Code that no configuration here compiles. Left in the archive (Kconfig files
 * and Makefiles apart), it saves the cache a gigabyte.
 */
const UNUSED = [
	"drivers/gpu",
	"drivers/iio",
	"drivers/infiniband",
	"drivers/media",
	"drivers/net/ethernet",
	"drivers/net/wireless",
	"drivers/scsi",
	"drivers/staging",
	"drivers/usb",
	"sound",
];

/** Debian's package of the source, in the cache. */
export interface SourcePackage {
	/** Such as linux-source-6.1. */
	readonly name: string;
	/** Such as 6.1.192-2. */
	readonly version: string;
	readonly deb: string;
}

/**
 * The newest in the cache; where there is none, the suite's newest with its security updates, through apt's own checks.
 * A newer one is fetched when the cache has been emptied, not silently.
 */
export async function sourcePackage(
	attempt: Attempt,
	version: Version,
): Promise<SourcePackage> {
	const name = packageOf(version);
	const cached = await cachedPackage(attempt.cacheDir, name);
	if (cached) return cached;
	for (const suite of SUITES[version]) {
		const fetched = await inScratch(attempt, (scratch) =>
			fetchFrom(attempt, suite, name, scratch),
		);
		if (fetched) return fetched;
	}
	throw new Error(
		`no ${name} in Debian's ${SUITES[version].map(({ suite }) => suite).join(", ")}: bring linux-${version}.patch up to a version that is there`,
	);
}

/** The suite's package, put into the cache; undefined where it has none. */
async function fetchFrom(
	attempt: Attempt,
	suite: Suite,
	name: string,
	scratch: string,
): Promise<SourcePackage | undefined> {
	const apt = await PrivateApt.open(scratch, {
		...suite,
		debianArch: "amd64",
		signal: attempt.signal,
		onProgress: attempt.log,
	});
	const record = await apt.show(name);
	if (record === undefined) return undefined;
	const [file] = await apt.download([record]);
	if (file === undefined)
		throw new Error(`apt-get download left no ${name} package`);
	await rename(file, join(attempt.cacheDir, basename(file)));
	return named(attempt.cacheDir, basename(file));
}

function named(dir: string, file: string): SourcePackage {
	const [name = "", version = ""] = file.split("_");
	return { name, version: decodeURIComponent(version), deb: join(dir, file) };
}

/** The tree with these patches on it, one after the other; from the cache where it is there. */
export async function patchedSource(
	attempt: Attempt,
	{ name, deb, version }: SourcePackage,
	patchFiles: readonly string[],
	tree: string,
): Promise<void> {
	if (await exists(tree)) return;
	attempt.log(`unpack ${basename(deb)} and patch it`);
	await inScratch(attempt, async (scratch) => {
		await attempt.run("dpkg-deb", ["-x", deb, join(scratch, "package")]);
		const archive = join(scratch, `package/usr/src/${name}.tar.xz`);
		const source = join(scratch, "source");
		await mkdir(source);
		await attempt.run("tar", [
			"-xJf",
			archive,
			"-C",
			source,
			"--strip-components=1",
			"--wildcards",
			...UNUSED.map((dir) => `--exclude=${name}/${dir}/*.[ch]`),
		]);
		for (const file of patchFiles)
			await applyPatch(attempt, file, source, version);
		await attempt.place(source, tree);
	});
}

async function applyPatch(
	attempt: Attempt,
	file: string,
	source: string,
	version: string,
): Promise<void> {
	try {
		await attempt.run("patch", [
			"-p1",
			"--batch",
			"--forward",
			"--fuzz=0",
			"--no-backup-if-mismatch",
			`--directory=${source}`,
			`--input=${file}`,
		]);
	} catch (cause) {
		throw new Error(
			`${basename(file)} does not fit Linux ${version}; where the source has moved on, bring the patch up to it: ${(cause as Error).message}`,
			{ cause },
		);
	}
}

async function cachedPackage(
	cacheDir: string,
	name: string,
): Promise<SourcePackage | undefined> {
	const files = (await readdir(cacheDir))
		.filter((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"))
		.sort(new Intl.Collator("en", { numeric: true }).compare);
	const last = files.at(-1);
	return last === undefined ? undefined : named(cacheDir, last);
}
