import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { exportKselftest } from "./kselftest.js";

test("folders are made on the way, and another test's line stays", async (t) => {
	const top = join(t.testdir({ crprobe: "" }), "a", "b");
	const once = () => exportKselftest(top, "cases", join(top, "../../crprobe"));
	await once();
	await once();
	assert.deepEqual(readdirSync(top), ["crcap", "kselftest-list.txt"]);
	assert.deepEqual(readdirSync(join(top, "crcap")).sort(), [
		"cases",
		"crcap",
		"crprobe",
		"settings",
	]);
	assert.equal(
		readFileSync(join(top, "kselftest-list.txt"), "utf8"),
		"crcap:crcap\n",
	);
});

test("an export that fails leaves no folder of its own", async (t) => {
	const top = t.testdir({ there: {} });
	for (const [dir, left] of [
		["new/deep", ["there"]],
		["there", ["there"]],
	] as const) {
		await assert.rejects(exportKselftest(join(top, dir), "", "/none"), {
			code: "ENOENT",
		});
		assert.deepEqual(readdirSync(top), left);
	}
	assert.deepEqual(readdirSync(join(top, "there")), []);
});

test("where no folder can be made, that is told", async () => {
	await assert.rejects(exportKselftest("/proc/crcap/x", "", "/dev/null"), {
		code: "ENOENT",
		syscall: "mkdir",
	});
});
