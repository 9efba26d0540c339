import assert from "node:assert/strict";
import {
	closeSync,
	fstatSync,
	readdirSync,
	readlinkSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { openSharedMemory, whyNoSharedMemory } from "./sharedMemory.js";
import { openUnnamed } from "./unnamedFile.js";

const MIB = 1024 * 1024;

test("a file without a name can be written, and leaves nothing in its directory", async (t) => {
	const dir = t.testdir();
	const fd = openUnnamed(dir);
	try {
		assert.deepEqual(readdirSync(dir), []);
		assert.equal(writeSync(fd, "bytes"), 5);
		assert.match(readlinkSync(`/proc/self/fd/${fd}`), /\(deleted\)$/);
		const { mode, nlink, size } = fstatSync(fd);
		assert.deepEqual([mode & 0o777, nlink, size], [0o600, 0, 5]);
	} finally {
		closeSync(fd);
	}
	assert.throws(() => openUnnamed(join(dir, "none")), /ENOENT/);
});

test("a guest's memory is as long as it should be, and takes no space before it is written", async () => {
	assert.equal(whyNoSharedMemory(16 * MIB), undefined);
	const fd = openSharedMemory(16 * MIB);
	try {
		const { size, blocks } = fstatSync(fd);
		assert.deepEqual([size, blocks], [16 * MIB, 0]);
	} finally {
		closeSync(fd);
	}
});

test("memory for which there is no space anywhere is told, in MiB", async () => {
	const much = 2 ** 50;
	assert.match(
		whyNoSharedMemory(much) ?? "",
		/^neither of \/dev\/shm and .* has 1073741888 MiB free for the guest's memory$/,
	);
	assert.throws(() => openSharedMemory(much), /1073741888 MiB/);
});
