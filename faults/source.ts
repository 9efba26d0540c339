/** The kernel's source: Debian's package, brought by apt, with the patch on it. */
import { mkdir, readdir, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { PrivateApt } from "../vm/index.js";
import { type Attempt, exists, inScratch } from "./scratch.js";

const PACKAGE = "linux-source-6.1";

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
	/** Such as 6.1.192-2. */
	readonly version: string;
	readonly deb: string;
}

/**
 * The newest in the cache; where there is none, bookworm's newest with its security updates, through apt's own checks.
 * A newer one is fetched when the cache has been emptied, not silently.
 */
export async function sourcePackage(attempt: Attempt): Promise<SourcePackage> {
	const cached = await cachedPackage(attempt.cacheDir);
	if (cached) return cached;
	return await inScratch(attempt, async (scratch) => {
		const apt = await PrivateApt.open(scratch, {
			suite: "bookworm",
			debianArch: "amd64",
			updates: true,
			signal: attempt.signal,
			onProgress: attempt.log,
		});
		const record = await apt.show(PACKAGE);
		if (record === undefined)
			throw new Error(`Debian bookworm has no ${PACKAGE}`);
		const [file] = await apt.download([record]);
		if (file === undefined)
			throw new Error(`apt-get download left no ${PACKAGE} package`);
		await rename(file, join(attempt.cacheDir, basename(file)));
		return named(attempt.cacheDir, basename(file));
	});
}

function named(dir: string, name: string): SourcePackage {
	const version = decodeURIComponent(name.split("_")[1] ?? "");
	return { version, deb: join(dir, name) };
}

/** The patched tree, from the cache where it is there. */
export async function patchedSource(
	attempt: Attempt,
	{ deb, version }: SourcePackage,
	patchFile: string,
	tree: string,
): Promise<void> {
	if (await exists(tree)) return;
	attempt.log(`unpack ${basename(deb)} and patch it`);
	await inScratch(attempt, async (scratch) => {
		await attempt.run("dpkg-deb", ["-x", deb, join(scratch, "package")]);
		const archive = join(scratch, `package/usr/src/${PACKAGE}.tar.xz`);
		const source = join(scratch, "source");
		await mkdir(source);
		await attempt.run("tar", [
			"-xJf",
			archive,
			"-C",
			source,
			"--strip-components=1",
			"--wildcards",
			...UNUSED.map((dir) => `--exclude=${PACKAGE}/${dir}/*.[ch]`),
		]);
		await attempt
			.run("patch", [
				"-p1",
				"--batch",
				"--forward",
				"--fuzz=0",
				"--no-backup-if-mismatch",
				`--directory=${source}`,
				`--input=${patchFile}`,
			])
			.catch((cause: Error) => {
				throw new Error(
					`${basename(patchFile)} does not fit Linux ${version}; where the source has moved on, bring the patch up to it: ${cause.message}`,
					{ cause },
				);
			});
		await attempt.place(source, tree);
	});
}

async function cachedPackage(
	cacheDir: string,
): Promise<SourcePackage | undefined> {
	const names = (await readdir(cacheDir))
		.filter((name) => name.startsWith(`${PACKAGE}_`) && name.endsWith(".deb"))
		.sort(new Intl.Collator("en", { numeric: true }).compare);
	const last = names.at(-1);
	return last === undefined ? undefined : named(cacheDir, last);
}
