import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { type Test, test } from "tap";

const MODULE = pathToFileURL(join(import.meta.dirname, "interrupt.js")).href;

/** A process with a thread that waits for a pipe's writer, which exit() waits for in turn; it prints when its hooks ran. */
async function ended(t: Test, listen: string): Promise<[string, unknown]> {
	const pipe = join(t.testdir(), "pipe");
	execFileSync("mkfifo", [pipe]);
	const script = `
		import { open, writeSync } from "node:fs";
		import { exitOnSignals, listenForStop } from ${JSON.stringify(MODULE)};
		process.on("exit", () => writeSync(1, "clean"));
		${listen};
		open(${JSON.stringify(pipe)}, () => {});
		writeSync(1, "ready ");`;
	const args = ["--input-type=module", "-e", script];
	const child = spawn(process.execPath, args, {
		stdio: ["ignore", "pipe", "inherit"],
		timeout: 20_000,
		killSignal: "SIGUSR1",
	});
	let said = "";
	child.stdout.on("data", (text) => {
		said += text;
	});
	await once(child.stdout, "data");
	const exit = once(child, "exit");
	for (let signals = 0; signals < 2; signals++) {
		child.kill("SIGTERM");
		await sleep(500);
	}
	const [, signal] = await exit;
	return [said, signal];
}

test("a second signal ends a process that is stuck, after its exit hooks", async (t) => {
	assert.deepEqual(await ended(t, "listenForStop(130)"), [
		"ready clean",
		"SIGKILL",
	]);
	assert.deepEqual(await ended(t, "exitOnSignals(130)"), [
		"ready clean",
		"SIGTERM",
	]);
});
