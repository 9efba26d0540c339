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

/** Any of these will do; a release of Debian has one of them. */
const PACKAGES = ["linux-source-6.1", "linux-source-6.12"];

/** Fetches the package and keeps the directory that matters; 140 MB pass by, 300 kB stay. */
const UNPACK = `set -euo pipefail
apt-get download ${PACKAGES.join(" || apt-get download ")}
dpkg-deb --fsys-tarfile linux-source-*.deb |
	tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
	tar -xJ --strip-components=1 --wildcards '*/tools/testing/kunit'
rm linux-source-*.deb`;

/** Where kunit.py is, fetched when it is not in the cache yet; or why there is none. */
export function findKunit(): { path: string } | { missing: string } {
	const cache = join(
		process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
		"crcap",
	);
	const home = join(cache, "kunit");
	const path = join(home, "tools/testing/kunit/kunit.py");
	if (existsSync(path)) return { path };
	let dir: string | undefined;
	try {
		mkdirSync(cache, { recursive: true });
		// It becomes a part of the cache, which a folder of a test can't.
		dir = mkdtempSync(join(cache, "tmp-kunit-"));
		const done = spawnSync("bash", ["-c", UNPACK], {
			cwd: dir,
			encoding: "utf8",
		});
		if (done.status !== 0) {
			const why = done.error?.message ?? done.stderr.trim().split("\n").at(-1);
			return {
				missing: `kunit.py is not in ${cache}, and ${PACKAGES[0]} could not be fetched: ${why}`,
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
