import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { test } from "tap";
import { PACKAGE_ROOT } from "../common/version.js";

const SCRIPT = join(PACKAGE_ROOT, "dist/runner/victim/count.js");

/** Its record: struct cr_hand of native/criu/criu.h. */
async function recordOf(
	path: string,
	{ exitCode }: ChildProcess,
	least: bigint,
): Promise<readonly bigint[]> {
	for (;;) {
		const bytes = existsSync(path) ? new Uint8Array(readFileSync(path)) : [];
		const record = [...new BigUint64Array(Uint8Array.from(bytes).buffer)];
		if ((record[5] ?? 0n) >= least) return record;
		assert.equal(exitCode, null);
		await setTimeout(20);
	}
}

test("the program counts on, and writes down who it is", async (t) => {
	const path = join(t.testdir(), "record");
	const child = spawn(process.execPath, [SCRIPT, path], { stdio: "ignore" });
	t.teardown(() => child.kill("SIGKILL"));
	const pid = BigInt(child.pid ?? 0);
	const { dev, ino } = statSync(process.execPath, { bigint: true });
	const first = await recordOf(path, child, 1n);
	const later = await recordOf(path, child, (first[5] ?? 0n) + 3n);
	for (const record of [first, later])
		assert.deepEqual(record.toSpliced(5).toSpliced(2, 1), [pid, pid, dev, ino]);
	assert.equal(later[2], first[2], "when it began");
	assert.equal(later.length, 6);
});

test("it is executed by its path, and the kernel finds its interpreter", async () => {
	assert.match(readFileSync(SCRIPT, "utf8"), /^#!\/usr\/bin\/node\n/);
});
