import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
	closeSync,
	fstatSync,
	mkdirSync,
	readdirSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { t, test } from "tap";
import { VmError } from "../base/errors.js";
import { openPipes, type Pipe, readPipes } from "./pipe.js";

const dir = t.testdir();
process.env.TMPDIR = dir;

/** Waits until nothing is left there; what stays lets the test run into its limit. */
async function empty(folder: string): Promise<void> {
	while (readdirSync(folder).length > 0) await sleep(10);
}

async function openPipe(): Promise<Pipe> {
	const [pipe, other] = await openPipes();
	for (const end of [other.read, other.write]) closeSync(end);
	return pipe;
}

test("two pipes without a name", async () => {
	const pipes = await openPipes();
	for (const { read, write } of pipes) {
		assert.ok(fstatSync(read).isFIFO());
		writeSync(write, "said");
		closeSync(write);
		const [gulps] = readPipes([read]);
		const heard: Buffer[] = (await gulps?.toArray()) ?? [];
		assert.equal(Buffer.concat(heard).toString(), "said");
	}
	await empty(dir);
});

test("what comes byte by byte is taken in gulps, and nothing of it is lost", async () => {
	const { read, write } = await openPipe();
	const script = "for i in $(seq 3000); do printf %s .; done; printf end";
	spawn("bash", ["-c", script], { stdio: ["ignore", write, "inherit"] });
	closeSync(write);
	const [gulps] = readPipes([read]);
	assert.ok(gulps);
	const pieces: Buffer[] = await gulps.toArray();
	assert.equal(Buffer.concat(pieces).toString(), `${".".repeat(3000)}end`);
	assert.equal(gulps.bytesRead, 3003);
	assert.ok(pieces.length < 1500, `${pieces.length} pieces`);
});

test("who does not read holds the writer back", async () => {
	const { read, write } = await openPipe();
	const writer = spawn("head", ["-c", "5000000", "/dev/zero"], {
		stdio: ["ignore", write, "ignore"],
	});
	closeSync(write);
	const [gulps] = readPipes([read]);
	assert.ok(gulps);
	await once(gulps, "readable");
	await sleep(100);
	assert.equal(writer.exitCode, null);
	assert.ok(gulps.bytesRead < 1_000_000, `${gulps.bytesRead} bytes`);
	let bytes = 0;
	for await (const piece of gulps) bytes += (piece as Buffer).length;
	assert.equal(bytes, 5_000_000);
});

test("what is closed is not read on", async () => {
	const { read, write } = await openPipe();
	writeSync(write, "first");
	const [gulps] = readPipes([read]);
	assert.ok(gulps);
	await once(gulps, "data");
	writeSync(write, "second");
	gulps.on("data", () => assert.fail("it was read"));
	gulps.destroy();
	await once(gulps, "close");
	closeSync(write);
});

test("what came first is handed on first", async () => {
	const pipes = await openPipes();
	const [shown, frames] = readPipes(pipes.map(({ read }) => read));
	const order: string[] = [];
	shown?.on("data", (bytes: Buffer) => order.push(...String(bytes)));
	frames?.on("data", (bytes: Buffer) => order.push(...String(bytes)));
	for (let n = 0; n < 200; n++) {
		writeSync(pipes[0].write, "a");
		writeSync(pipes[1].write, "b");
		if (n % 5 === 0) await sleep(1);
	}
	for (const { write } of pipes) closeSync(write);
	await Promise.all([shown, frames].map((one) => one && once(one, "end")));
	assert.equal(order.length, 400);
	let ahead = 0;
	for (const one of order) {
		ahead += one === "a" ? 1 : -1;
		assert.ok(ahead >= 0, order.join(""));
	}
});

test("a directory that takes none is named", async () => {
	process.env.TMPDIR = join(dir, "none");
	await assert.rejects(openPipes(), (error: unknown) => {
		assert.ok(error instanceof VmError && error.kind === "storage");
		assert.match(error.message, /no pipe can be made in .*none: .*No such/);
		return true;
	});
	process.env.TMPDIR = dir;
});

test("a runner that dies while they are made leaves no names", async () => {
	const folder = join(dir, "dies");
	for (const name of ["dies", "dies/tmp", "dies/bin"])
		mkdirSync(join(dir, name));
	writeFileSync(
		join(folder, "bin/mkfifo"),
		`#!/bin/sh\nkill -KILL "$RUNNER"\nsleep 0.1\nexec ${execFileSync("sh", ["-c", "command -v mkfifo"]).toString().trim()} "$@"\n`,
		{ mode: 0o755 },
	);
	const module = new URL("./pipe.js", import.meta.url).href;
	const runner = spawn(
		process.execPath,
		[
			"--input-type=module",
			"-e",
			`process.env.RUNNER = process.pid; const { openPipes } = await import(${JSON.stringify(module)}); await openPipes();`,
		],
		{
			stdio: "ignore",
			env: {
				PATH: `${join(folder, "bin")}:${process.env.PATH}`,
				TMPDIR: join(folder, "tmp"),
			},
		},
	);
	const [, signal] = await once(runner, "exit");
	assert.equal(signal, "SIGKILL");
	await empty(join(folder, "tmp"));
});
