/** Debian's static busybox for a guest's architecture, fetched once. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir, exists, fillAtomically } from "../base/cache.js";
import { VmError } from "../base/errors.js";
import { fetching } from "../base/fetching.js";
import { MACHINES, type Machine } from "../base/machines.js";
import { PrivateApt } from "../catalogue/apt.js";
import type { FetchOptions } from "../catalogue/fetchKernel.js";
import { fileInDeb } from "../package/unpack.js";

const PACKAGE = "busybox-static";
/** Where the package has it, before and after /usr was merged. */
const FILE = /^\.?\/?(?:usr\/)?bin\/busybox$/;
/** A busybox has about two. */
const MAX_BYTES = 16 * 1024 ** 2;
const SUITE = "bookworm";

/**
 * The program. It comes through apt, which checks the archive's signature, and is kept.
 * @throws VmError: catalogue, missing, storage, aborted
 */
export async function busybox(
	{ arch }: Pick<Machine, "arch">,
	options: FetchOptions = {},
): Promise<Buffer> {
	const path = cacheDir("busybox", arch);
	if (!(await exists(path))) {
		await fetching(PACKAGE, async (dir) => {
			const program = await fetchBusybox(dir, arch, options);
			await fillAtomically(path, (to) => writeFile(to, program));
		});
	}
	return readFile(path);
}

async function fetchBusybox(
	dir: string,
	arch: Machine["arch"],
	{ aptDir, signal, onProgress }: FetchOptions,
): Promise<Buffer> {
	const { debianArch } = MACHINES[arch];
	const apt = await PrivateApt.open(join(dir, "apt"), {
		suite: SUITE,
		debianArch,
		updates: false,
		aptDir,
		signal,
		onProgress,
	});
	const record = await apt.show(PACKAGE);
	const [deb] = record === undefined ? [] : await apt.download([record]);
	const program =
		deb === undefined ? undefined : await fileInDeb(deb, FILE, MAX_BYTES);
	if (program === undefined)
		throw new VmError(
			"catalogue",
			`Debian ${SUITE} has no ${PACKAGE} for ${debianArch}`,
		);
	return program;
}
