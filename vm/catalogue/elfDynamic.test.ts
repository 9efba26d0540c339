import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "tap";
import { readDynamic } from "./elfDynamic.js";

/** A program that every Debian has, and that is linked dynamically. */
const PROGRAM = "/bin/cat";

test("a program's libraries and its linker are read", async () => {
	const { needed, interpreter, soname } = readDynamic(await readFile(PROGRAM));
	assert.ok(needed.some((name) => /^libc\.so\.\d+$/.test(name)));
	assert.match(interpreter ?? "", /^\/lib.*\/ld-linux/);
	assert.equal(soname, undefined);
});

test("a library tells its own name", async () => {
	const { interpreter = "" } = readDynamic(await readFile(PROGRAM));
	const { soname } = readDynamic(await readFile(interpreter));
	assert.equal(soname, interpreter.slice(interpreter.lastIndexOf("/") + 1));
});

test("what is no ELF file, or cut short anywhere, is refused or tells less", async () => {
	assert.throws(() => readDynamic(Buffer.from("#!/bin/sh\n")), /no ELF file/);
	const whole = await readFile(PROGRAM);
	const { needed } = readDynamic(whole);
	for (const share of [0.001, 0.01, 0.1, 0.5, 0.9])
		try {
			const cut = readDynamic(whole.subarray(0, whole.length * share));
			assert.ok(cut.needed.length <= needed.length);
		} catch (error) {
			assert.ok(error instanceof RangeError, String(error));
		}
});
