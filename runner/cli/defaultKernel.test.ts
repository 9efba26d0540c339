/** A run without --kernel on a machine that can't fetch Debian's. */
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { type Test, test } from "tap";
import { MACHINES, machineFor } from "../../vm/index.js";
import { cli } from "./spawnCli.test.helper.js";

const OFFLINE = `#!/bin/sh
echo "W: it is slow today" >&2
echo "E: Could not resolve 'deb.debian.org'" >&2
exit 100
`;

const { arch } = process;
const OWN = machineFor(arch) ?? MACHINES.x86_64;
const OTHER = arch === "arm64" ? "amd64" : "arm64";

/** A run in a folder of its own, with nothing in the cache, and of programs no more than an emulator and apt-get. */
async function runWith(t: Test, apt: string | undefined, ...args: string[]) {
	const programs = {
		[OWN.qemu]: "#!/bin/sh\necho QEMU emulator version 9.2.0\n",
		...(apt === undefined ? {} : { "apt-get": apt }),
	};
	const folder = t.testdir({ bin: programs });
	const bin = join(folder, "bin");
	for (const name of Object.keys(programs)) chmodSync(join(bin, name), 0o755);
	return cli(["run", ...args], {
		cwd: folder,
		env: { PATH: bin, XDG_CACHE_HOME: join(folder, "cache") },
	});
}

test("without apt-get a run says in one line to name a kernel", async (t) => {
	const { status, stdout, stderr } = await runWith(t, undefined);
	assert.equal(status, 2);
	assert.equal(stdout, "");
	assert.match(stderr, /^crcap: [^\n]*--kernel PATH[^\n]*\n$/);
	assert.doesNotMatch(stderr, /cases/);
});

test("where apt-get fails a run says why, and to name a kernel", async (t) => {
	const { status, stdout, stderr } = await runWith(t, OFFLINE);
	assert.equal(status, 2);
	assert.equal(stdout, "");
	assert.match(stderr, /^crcap: [^\n]*--kernel PATH[^\n]*\n$/m);
	assert.match(stderr, /Could not resolve 'deb\.debian\.org'|no source/);
	assert.ok(stderr.trimEnd().split("\n").length <= 2, stderr);
});

test("without the emulator of a named kernel's architecture nothing is fetched", async (t) => {
	const { status, stdout, stderr } = await runWith(
		t,
		"#!/bin/sh\necho it was asked >&2\n",
		...["--kernel", `debian:sid@${OTHER}`],
	);
	assert.equal(status, 2);
	assert.equal(stdout, "");
	assert.match(stderr, /^crcap: qemu-system-\w+ is not on the PATH[^\n]*\n$/);
});
