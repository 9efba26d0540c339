import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import {
	chmodSync,
	mkdirSync,
	readdirSync,
	readFileSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { t, test } from "tap";
import { beginFile, checkWritable } from "./atomicFile.js";

let dir: string;
t.beforeEach((each) => {
	dir = each.testdir();
});

test("the file is there only when it is whole", async () => {
	const path = join(dir, "out.json");
	writeFileSync(path, "old");
	const file = beginFile(path);
	file.stream.write("new");
	assert.equal(readFileSync(path, "utf8"), "old");
	await file.commit();
	assert.equal(readFileSync(path, "utf8"), "new");
	assert.deepEqual(readdirSync(dir), ["out.json"]);
});

test("what is discarded leaves the old file and nothing else", async () => {
	const path = join(dir, "out.json");
	writeFileSync(path, "old");
	const file = beginFile(path);
	file.stream.write("new");
	file.discard();
	assert.equal(readFileSync(path, "utf8"), "old");
	assert.deepEqual(readdirSync(dir), ["out.json"]);
});

test("a process that exits in the middle leaves nothing", async () => {
	const module = pathToFileURL(join(import.meta.dirname, "atomicFile.js"));
	const script = `
		const { beginFile } = await import(${JSON.stringify(module.href)});
		const file = beginFile(${JSON.stringify(join(dir, "out.json"))});
		file.stream.write("half", () => process.exit(0));`;
	execFileSync(process.execPath, ["--input-type=module", "-e", script]);
	assert.deepEqual(readdirSync(dir), []);
});

test("a process that exits before the file is opened leaves nothing", async () => {
	const module = pathToFileURL(join(import.meta.dirname, "atomicFile.js"));
	const script = `
		const { beginFile } = await import(${JSON.stringify(module.href)});
		beginFile(${JSON.stringify(join(dir, "out.json"))});
		process.exit(0);`;
	execFileSync(process.execPath, ["--input-type=module", "-e", script]);
	assert.deepEqual(readdirSync(dir), []);
});

test("a file that can't be begun is told in the end", async () => {
	const file = beginFile(join(dir, "x".repeat(300)));
	file.stream.write("anything");
	await assert.rejects(file.commit(), /ENAMETOOLONG/);
});

test("a pipe is opened once: its reader takes a second opening for the end", async () => {
	const path = join(dir, "pipe");
	execFileSync("mkfifo", [path]);
	assert.throws(() => checkWritable(path), /nobody reads/);
	const reader = execFile("cat", [path]);
	let read = "";
	reader.stdout?.on("data", (text) => {
		read += text;
	});
	const closed = once(reader, "close");
	for (let tries = 0; tries < 100; tries++) {
		try {
			checkWritable(path);
			break;
		} catch {
			await sleep(20);
		}
	}
	await sleep(100);
	checkWritable(path);
	const file = beginFile(path);
	file.stream.write("all of it");
	await file.commit();
	await closed;
	assert.equal(read, "all of it");
});

test("a link stays a link, and its file is replaced", async () => {
	mkdirSync(join(dir, "real"));
	writeFileSync(join(dir, "real", "out"), "old");
	symlinkSync("real/out", join(dir, "link"));
	const file = beginFile(join(dir, "link"));
	file.stream.write("new");
	await file.commit();
	assert.equal(readFileSync(join(dir, "real", "out"), "utf8"), "new");
});

test("a device is written as it is", async () => {
	checkWritable("/dev/null");
	const file = beginFile("/dev/null");
	file.stream.write("anything");
	await file.commit();
});

test("a full disk is told, and leaves nothing half", async () => {
	const file = beginFile("/dev/full");
	file.stream.write("anything");
	await assert.rejects(file.commit(), /ENOSPC/);
});

test("paths that can't become files are refused", async () => {
	assert.throws(() => checkWritable(dir), /is a directory/);
	assert.throws(() => checkWritable(join(dir, "no", "out")), /no directory/);
	writeFileSync(join(dir, "file"), "");
	assert.throws(() => checkWritable(join(dir, "file", "out")), /no directory/);
	if (process.getuid?.() === 0) return;
	chmodSync(dir, 0o500);
	assert.throws(() => checkWritable(join(dir, "out")), /no permission/);
});
