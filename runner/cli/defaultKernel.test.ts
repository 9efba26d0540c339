/** A run without --kernel on a machine that can't fetch Debian's. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { cli, withFolder } from "./spawnCli.test.helper.js";

const OFFLINE = `#!/bin/sh
echo "W: it is slow today" >&2
echo "E: Could not resolve 'deb.debian.org'" >&2
exit 100
`;

/** A run in a folder of its own, with nothing in the cache, and of programs no more than apt-get. */
async function runWith(apt: string | undefined) {
	return withFolder(async (folder) => {
		const bin = join(folder, "bin");
		mkdirSync(bin);
		if (apt !== undefined) writeFileSync(join(bin, "apt-get"), apt);
		if (apt !== undefined) chmodSync(join(bin, "apt-get"), 0o755);
		return cli(["run"], {
			cwd: folder,
			env: { PATH: bin, XDG_CACHE_HOME: join(folder, "cache") },
		});
	});
}

test("without apt-get a run says in one line to name a kernel", async () => {
	const { status, stdout, stderr } = await runWith(undefined);
	assert.equal(status, 2);
	assert.equal(stdout, "");
	assert.match(stderr, /^crcap: [^\n]*--kernel PATH[^\n]*\n$/);
	assert.doesNotMatch(stderr, /cases/);
});

test("where apt-get fails a run says why, and to name a kernel", async () => {
	const { status, stdout, stderr } = await runWith(OFFLINE);
	assert.equal(status, 2);
	assert.equal(stdout, "");
	assert.match(stderr, /^crcap: [^\n]*--kernel PATH[^\n]*\n$/m);
	assert.match(stderr, /Could not resolve 'deb\.debian\.org'|no source/);
	assert.ok(stderr.trimEnd().split("\n").length <= 2, stderr);
});
