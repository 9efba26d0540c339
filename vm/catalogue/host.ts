/** The kernel that is used when none is named. */
import { access, constants, mkdir, readdir } from "node:fs/promises";
import { release } from "node:os";
import { join } from "node:path";
import { cacheDir, exists, fillAtomically } from "../base/cache.js";
import { VmError } from "../base/errors.js";
import { loadExeca } from "../base/execa.js";
import { cachedKernel } from "./fetchKernel.js";
import { parseKernelName } from "./names.js";
import { configuredSources, sourcesForSuite } from "./sources.js";

const DEFAULT_NAME = "debian:bookworm";
const DEFAULT_SUITE = "bookworm";

/** A kernel that is used when none is named. */
export interface DefaultKernel {
	/** For resolveKernel(). */
	name: string;
	/** Why this one, in a sentence, where it needs to be said. */
	note?: string;
}

/** Where a machine keeps what is looked at. */
export interface HostPaths {
	/** apt's settings. */
	apt: string;
	boot: string;
	modules: string;
	/** `uname -r`. */
	release: string;
}

const HERE: HostPaths = {
	apt: "/etc/apt",
	boot: "/boot",
	modules: "/lib/modules",
	release: release(),
};

/** The running kernel's package, downloaded with the machine's own apt; undefined where that does not work. */
async function ownPackage(running: string): Promise<string | undefined> {
	const dir = cacheDir("host", running);
	try {
		if (!(await exists(dir)))
			await fillAtomically(dir, async (to) => {
				await mkdir(to);
				const { execa } = await loadExeca();
				await execa(
					"apt-get",
					[
						"-q",
						"-o",
						"APT::Sandbox::User=root",
						"download",
						`linux-image-${running}`,
					],
					{ cwd: to, stdin: "ignore" },
				);
			});
		const name = (await readdir(dir)).find((file) => file.endsWith(".deb"));
		return name && join(dir, name);
	} catch {
		return undefined;
	}
}

/**
 * Debian bookworm's kernel where this machine's apt knows Debian's archive or the cache holds it; else the machine's own,
 * from its files or its package.
 * @throws VmError (missing) when there is none of these.
 */
export async function defaultKernel(
	paths: HostPaths = HERE,
): Promise<DefaultKernel> {
	const sources = await configuredSources(paths.apt);
	if (
		sourcesForSuite(sources, DEFAULT_SUITE).length > 0 ||
		(await cachedKernel(parseKernelName(DEFAULT_NAME)))
	)
		return { name: DEFAULT_NAME };
	const own = (name: string): DefaultKernel => ({
		name,
		note: `this machine has no source for Debian's kernels: its own, ${name}, is used`,
	});
	const candidates = [
		join(paths.boot, `vmlinuz-${paths.release}`),
		join(paths.modules, paths.release, "vmlinuz"),
		join(paths.boot, "vmlinuz-linux"),
	];
	for (const path of candidates) if (await readable(path)) return own(path);
	const fetched = await ownPackage(paths.release);
	if (fetched !== undefined) return own(fetched);
	throw new VmError(
		"missing",
		`this machine has no source for Debian's kernels, and its own (${paths.release}) cannot be read in ${paths.boot} or ${paths.modules}, nor fetched as a package`,
		{ hint: "name a kernel: --kernel PATH" },
	);
}

async function readable(path: string): Promise<boolean> {
	return access(path, constants.R_OK).then(
		() => true,
		() => false,
	);
}
