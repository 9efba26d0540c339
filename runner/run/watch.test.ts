import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "tap";
import { KernelError, UsageError } from "../common/usage.js";
import { watchRuns } from "./watch.js";

const QUICK = { settleMs: 60, lookMs: 100 };

const of = (kernel: string) => ({
	targets: [{ kind: "qemu", append: "", kernel } as const],
});

test("it runs again for a file that is written or replaced, and ends by a signal", async (t) => {
	const kernel = join(t.testdir({ Image: "1" }), "Image");
	const listeners = process.listenerCount("SIGINT");
	let runs = 0;
	const steps = [
		() => writeFileSync(kernel, "22"),
		() => {
			writeFileSync(`${kernel}.new`, "333");
			renameSync(`${kernel}.new`, kernel);
		},
		() => {
			rmSync(kernel);
			setTimeout(() => writeFileSync(kernel, "4444"), 150);
		},
		() => process.kill(process.pid, "SIGINT"),
	];
	const status = await watchRuns(
		of(kernel),
		async () => {
			const step = steps[runs++];
			assert.ok(step, "one run more than there were changes");
			setTimeout(step, 120);
			return 1;
		},
		QUICK,
	);
	assert.equal(status, 130);
	assert.equal(runs, steps.length);
	assert.equal(process.listenerCount("SIGINT"), listeners);
});

test("a change during a run is not missed, and many are one", async (t) => {
	const kernel = join(t.testdir({ Image: "1" }), "Image");
	let runs = 0;
	const status = await watchRuns(
		of(kernel),
		async () => {
			if (++runs === 2) return 130;
			for (let i = 2; i < 8; i++) {
				writeFileSync(kernel, "x".repeat(i));
				await sleep(5);
			}
			return 0;
		},
		QUICK,
	);
	assert.equal(status, 130);
	assert.equal(runs, 2);
});

test("a kernel that is gone for a while ends only the first run", async (t) => {
	const kernel = join(t.testdir({ Image: "1" }), "Image");
	const gone = new KernelError("no such file");
	await assert.rejects(
		watchRuns(of(kernel), () => Promise.reject(gone), QUICK),
		gone,
	);
	let runs = 0;
	const status = await watchRuns(
		of(kernel),
		async () => {
			writeFileSync(kernel, "x".repeat(++runs + 1));
			if (runs === 2) throw gone;
			return runs === 3 ? 130 : 0;
		},
		QUICK,
	);
	assert.equal(status, 130);
	assert.equal(runs, 3);
});

test("without a file there is nothing to watch", async () => {
	const local = { kind: "local", name: "local", host: false } as const;
	for (const targets of [[local], of("debian:sid").targets])
		await assert.rejects(
			watchRuns({ targets }, async () => 0, QUICK),
			UsageError,
		);
});
