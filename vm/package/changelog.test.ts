import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { test } from "tap";
import { CHANGELOG, stableIn, stableOf } from "./changelog.js";

const UBUNTU = `linux (5.15.0-130.140) jammy; urgency=medium

  * Jammy update: v5.15.173 upstream stable release (LP: #2089541)
    - Revert "net: cover v6.1.99 upstream"
  * Jammy update: v5.15.172 upstream stable release (LP: #2089405)
`;
const DEBIAN = `linux (6.1.124-1) bookworm-security; urgency=high

  * New upstream stable update:
    https://www.kernel.org/pub/linux/kernel/v6.x/ChangeLog-6.1.120
    https://www.kernel.org/pub/linux/kernel/v6.x/ChangeLog-6.1.124
`;

test("the highest stable release of the series that a changelog names", async () => {
	assert.equal(stableIn(UBUNTU, "5.15"), "5.15.173");
	assert.equal(stableIn(DEBIAN, "6.1"), "6.1.124");
	// The package's own version is no word of a stable release, nor is another series.
	assert.equal(stableIn(UBUNTU, "6.1"), undefined);
	assert.equal(stableIn("linux (6.1.7-1) unstable", "6.1"), undefined);
	assert.equal(stableIn("v5.15.12 upstream stable release", "5.1"), undefined);
});

test("a packed changelog; what is none says nothing", async (t) => {
	const dir = t.testdir();
	const path = join(dir, "changelog.Debian.gz");
	await writeFile(path, gzipSync(UBUNTU));
	assert.equal(await stableOf(path, "5.15.0-130-generic"), "5.15.173");
	assert.equal(await stableOf(path, "next"), undefined);
	// Cut short, what came before the cut counts; and no more is read than the newest entries.
	await writeFile(
		path,
		gzipSync(UBUNTU + "x".repeat(1 << 20)).subarray(0, 999),
	);
	assert.equal(await stableOf(path, "5.15.0-130-generic"), "5.15.173");
	await writeFile(path, gzipSync(`${"x".repeat(5 << 20)}\n${UBUNTU}`));
	assert.equal(await stableOf(path, "5.15.0-130-generic"), undefined);
	await writeFile(path, "no gzip");
	assert.equal(await stableOf(path, "5.15.0-130-generic"), undefined);
	assert.equal(await stableOf(join(dir, "none"), "5.15.0"), undefined);
});

test("only a kernel package's changelog is one", async () => {
	for (const [path, is] of [
		["usr/share/doc/linux-image-6.1.0-30-amd64/changelog.Debian.gz", true],
		[
			"usr/share/doc/linux-image-unsigned-5.15.0-130-generic/changelog.gz",
			true,
		],
		["usr/share/doc/bash/changelog.Debian.gz", false],
		["x/usr/share/doc/linux-image-1/changelog.gz", false],
	] as const)
		assert.equal(CHANGELOG.test(path), is, path);
});
