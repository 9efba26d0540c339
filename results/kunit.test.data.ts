/** The kernel's own reader of KTAP, out of Debian's package of the kernel's source. */
import { spawnSync } from "node:child_process";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	renameSync,
	rmSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const PACKAGE = "linux-source-6.1";

/** Fetches the package and keeps the two directories that matter; 140 MB pass by, 300 kB stay. */
const UNPACK = `set -euo pipefail
apt-get download ${PACKAGE}
dpkg-deb --fsys-tarfile ${PACKAGE}_*.deb |
	tar -xO ./usr/src/${PACKAGE}.tar.xz |
	tar -xJ --strip-components=1 --wildcards '*/tools/testing/kunit'
rm ${PACKAGE}_*.deb`;

/** Where kunit.py is, fetched when it is not in the cache yet; or why there is none. */
export function findKunit(): { path: string } | { missing: string } {
	const cache = join(
		process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
		"crcap",
	);
	const home = join(cache, `kunit-${PACKAGE}`);
	const path = join(home, "tools/testing/kunit/kunit.py");
	if (existsSync(path)) return { path };
	let dir: string | undefined;
	try {
		mkdirSync(cache, { recursive: true });
		dir = mkdtempSync(join(cache, "tmp-kunit-"));
		const done = spawnSync("bash", ["-c", UNPACK], {
			cwd: dir,
			encoding: "utf8",
		});
		if (done.status !== 0) {
			const why = done.error?.message ?? done.stderr.trim().split("\n").at(-1);
			return {
				missing: `kunit.py is not in ${cache}, and ${PACKAGE} could not be fetched: ${why}`,
			};
		}
		// Another run may have been faster: then its copy is as good.
		if (!existsSync(home)) renameSync(dir, home);
		return { path };
	} catch (error) {
		return { missing: `kunit.py could not be put into ${cache}: ${error}` };
	} finally {
		if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
	}
}
