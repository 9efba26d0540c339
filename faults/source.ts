/** The kernel's source: Debian's package, brought by apt, with the patch on it. */
import { mkdir, readdir, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Attempt, exists, inScratch, said } from "./scratch.js";

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

/**
 * The version that apt would install. Where apt knows none, that of a package
 * already in the cache will do: nothing else is asked of the network then.
 */
export async function sourceVersion(cacheDir: string): Promise<string> {
	const policy = await said("apt-cache", ["policy", PACKAGE]);
	const candidate = /^ {2}Candidate: (\S+)$/m.exec(policy)?.[1];
	if (candidate && candidate !== "(none)") return candidate;
	const cached = await cachedPackage(cacheDir, "");
	const version = cached && basename(cached).split("_")[1];
	if (version) return decodeURIComponent(version);
	throw new Error(
		`apt knows no ${PACKAGE}: run apt-get update, on Debian bookworm or with its archive among the sources`,
	);
}

/** The patched tree, from the cache where it is there. */
export async function patchedSource(
	attempt: Attempt,
	version: string,
	patchFile: string,
	tree: string,
): Promise<void> {
	if (await exists(tree)) return;
	const deb = await downloaded(attempt, version);
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
		await attempt.run("patch", [
			"-p1",
			"--batch",
			"--forward",
			"--fuzz=0",
			"--no-backup-if-mismatch",
			`--directory=${source}`,
			`--input=${patchFile}`,
		]);
		await attempt.place(source, tree);
	});
}

async function downloaded(attempt: Attempt, version: string): Promise<string> {
	const cached = await cachedPackage(attempt.cacheDir, version);
	if (cached) return cached;
	attempt.log(`download ${PACKAGE} ${version}`);
	// As root, apt would have its own user write here, who may not.
	const sandbox =
		process.getuid?.() === 0 ? ["-o", "APT::Sandbox::User=root"] : [];
	return await inScratch(attempt, async (scratch) => {
		await attempt.run(
			"apt-get",
			["download", "-q", ...sandbox, `${PACKAGE}=${version}`],
			{ cwd: scratch },
		);
		const [name] = await readdir(scratch);
		if (!name) throw new Error(`apt-get download left no ${PACKAGE} package`);
		const deb = join(attempt.cacheDir, name);
		await rename(join(scratch, name), deb);
		return deb;
	});
}

/** The package in the cache; any version's, the latest first, where version is "". */
async function cachedPackage(
	cacheDir: string,
	version: string,
): Promise<string | undefined> {
	const start = `${PACKAGE}_${version && `${encodeURIComponent(version)}_`}`;
	const names = (await readdir(cacheDir))
		.filter((name) => name.startsWith(start) && name.endsWith(".deb"))
		.sort(new Intl.Collator("en", { numeric: true }).compare);
	const last = names.at(-1);
	return last === undefined ? undefined : join(cacheDir, last);
}
