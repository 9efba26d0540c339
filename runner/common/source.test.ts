import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { t, test } from "tap";
import { notUtf8, openSource, readSmallFile } from "./source.js";

const dir = t.testdir();

test("a small file is read whole, without its byte order mark", async () => {
	const path = join(dir, "small");
	writeFileSync(path, "\ufeffabc");
	assert.equal(readSmallFile(path, 6), "abc");
	assert.throws(() => readSmallFile(path, 5), /longer than 5 bytes$/);
	// Of a file of /proc only reading tells the length.
	assert.match(readSmallFile("/proc/self/status", 100_000), /^Name:/);
	assert.throws(() => readSmallFile("/proc/self/status", 10), /longer/);
});

test("what is no file is told in words", async () => {
	symlinkSync("nowhere", join(dir, "dangling"));
	symlinkSync("loop", join(dir, "loop"));
	for (const read of [
		openSource,
		(path: string) => readSmallFile(path, 10),
	] as const) {
		assert.throws(() => read(dir), /is a directory$/);
		assert.throws(() => read(join(dir, "none")), /none: no such file$/);
		assert.throws(() => read(join(dir, "dangling")), /leads nowhere$/);
		assert.throws(() => read(join(dir, "loop")), /leads to itself$/);
	}
	assert.throws(() => readSmallFile("/dev/zero", 10), /no regular file$/);
});

test("a name that was no UTF-8 is told as such", async () => {
	const lost = join(dir, "caf\ufffd");
	assert.throws(() => readSmallFile(lost, 9), /no such file \(.*not.* UTF-8/);
	assert.equal(notUtf8("café"), "");
});
