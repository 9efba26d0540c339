import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeDirs } from "./cache.js";

test("directories are made, also by several at once", async () => {
	const top = await mkdtemp(join(tmpdir(), "crcap-cache-"));
	try {
		const dir = join(top, "a", "b", "c");
		await Promise.all([makeDirs(dir), makeDirs(dir), makeDirs(join(top, "a"))]);
		assert.ok((await stat(dir)).isDirectory());
		await makeDirs(dir);
	} finally {
		await rm(top, { recursive: true });
	}
});

test("where nothing can be made, it says so and ends", async () => {
	await assert.rejects(makeDirs("/proc/nothing/here"), /ENOENT/);
	await assert.rejects(makeDirs("/dev/null/here"), /ENOTDIR|EEXIST/);
});
