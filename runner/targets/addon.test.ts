import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "tap";
import { AddonUnavailableError, loadAddon } from "./addon.js";

/** The message of the error that loading from `top` throws. */
function messageFrom(top: string): string {
	try {
		loadAddon(top);
	} catch (error) {
		assert.ok(error instanceof AddonUnavailableError);
		return error.message;
	}
	return assert.fail("it loaded");
}

test("an addon that was never built is told with every path tried", async (t) => {
	const top = t.testdir();
	const message = messageFrom(top);
	assert.ok(message.includes(join(top, "build/Release/crcap.node")));
	assert.ok(message.includes(join(top, "build/Debug/crcap.node")));
	assert.match(message, /No failed build is on record/);
});

test("the recorded build failure and the loader's complaint are told", async (t) => {
	const build = {
		Release: { "crcap.node": "no library" },
		"addon-failure.txt": "not on the PATH: g++\n",
	};
	const message = messageFrom(t.testdir({ build }));
	assert.match(message, /crcap\.node: .*(too short|invalid ELF|ELF header)/);
	assert.match(message, /last build failed: not on the PATH: g\+\+/);
});

test("the built addon refuses what its core could not take", async () => {
	const addon = loadAddon();
	const bad: [string, number, string][] = [
		["", 1000, "/bin/true"],
		["a\0b", 1000, "/bin/true"],
		["x".repeat(4096), 1000, "/bin/true"],
		["pid", 0, "/bin/true"],
		["pid", Number.NaN, "/bin/true"],
		["pid", 1000, ""],
	];
	for (const args of bad) assert.throws(() => addon.run(...args), RangeError);
	const untyped = addon.run as (...args: unknown[]) => unknown;
	assert.throws(() => untyped("pid"), TypeError);
	assert.throws(() => untyped(1, 2, 3), TypeError);
});

test("the built addon tells facts and runs cases, several at once", async () => {
	const addon = loadAddon();
	const facts = (await addon.facts()).trimEnd().split("\n");
	assert.ok(facts.length > 0);
	for (const line of facts) assert.match(line, /^fact [\w.]+=[\x21-\x7e]*$/);
	const seen = await Promise.all(
		[1, 2, 3, 4].map(() => addon.run("--", 5000, "/proc/self/exe")),
	);
	for (const text of seen) assert.match(text, /^obs 0 us=\d+ end=ok /);
});

test("a program that is none is answered, not thrown", async () => {
	const addon = loadAddon();
	const text = await addon.run("no_such_step", 5000, "/proc/self/exe");
	assert.match(text, /^obs 0 .*\bend=parse\b/);
});
