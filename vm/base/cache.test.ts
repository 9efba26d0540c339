import assert from "node:assert/strict";
import { readdir, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "tap";
import { keepForReplay } from "../replay/replay.js";
import { cacheDir, makeDirs, withTemporaryFolder } from "./cache.js";

test("directories are made, also by several at once", async (t) => {
	const top = t.testdir();
	const dir = join(top, "a", "b", "c");
	await Promise.all([makeDirs(dir), makeDirs(dir), makeDirs(join(top, "a"))]);
	assert.ok((await stat(dir)).isDirectory());
	await makeDirs(dir);
});

test("where nothing can be made, it says so and ends", async () => {
	await assert.rejects(makeDirs("/proc/nothing/here"), /ENOENT/);
	await assert.rejects(makeDirs("/dev/null/here"), /ENOTDIR|EEXIST/);
});

test("a temporary folder goes with its work, done or failed, and is this user's own", async (t) => {
	const before = process.env.TMPDIR;
	process.env.TMPDIR = t.testdir();
	try {
		const made = await withTemporaryFolder(async (folder) => {
			await writeFile(join(folder, "file"), "");
			assert.equal((await stat(folder)).mode & 0o777, 0o700);
			return folder;
		});
		assert.equal(dirname(made), process.env.TMPDIR);
		await assert.rejects(
			withTemporaryFolder(async () => {
				throw new Error("no");
			}),
			/^Error: no$/,
		);
		assert.deepEqual(await readdir(process.env.TMPDIR), []);
	} finally {
		if (before === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = before;
	}
});

test("an initramfs is kept, whatever other runs do beside it", async (t) => {
	const top = t.testdir();
	const before = process.env.XDG_CACHE_HOME;
	process.env.XDG_CACHE_HOME = top;
	try {
		const dir = cacheDir("initramfs");
		await makeDirs(dir);
		// Links to nothing: names that are listed, and gone when they are looked at.
		await symlink("nothing", join(dir, "0123456789abcdef.cpio"));
		await symlink("nothing", join(dir, "0123456789abcdef.cpio.tmp-1"));
		for (let n = 0; n < 12; n++)
			assert.ok(await keepForReplay(Buffer.from(`initramfs ${n}`)), `${n}`);
		const names = await readdir(dir);
		assert.equal(names.length, 11, names.join());
		assert.ok(names.includes("0123456789abcdef.cpio.tmp-1"));
	} finally {
		if (before === undefined) delete process.env.XDG_CACHE_HOME;
		else process.env.XDG_CACHE_HOME = before;
	}
});
