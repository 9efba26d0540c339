import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { test } from "tap";
import { agentEntries, buildInitramfs } from "./initramfs.js";

test("cpio reads the initramfs back, node, modes and all, and it is the same each time", async (t) => {
	const entries = [
		...agentEntries(Buffer.from("#!agent"), "/dev/ttyS1"),
		{ type: "symlink", path: "bin/sh", target: "/init" } as const,
	];
	const archive = buildInitramfs(entries);
	assert.deepEqual(archive, buildInitramfs(entries));
	const { stdout } = await execa("cpio", ["-itv", "--quiet"], {
		input: archive,
		env: { LC_ALL: "C", TZ: "UTC" },
	});
	const listed = stdout
		.split("\n")
		.map((line) => line.replace(/ +/g, " ").replace(/ Jan 1 1970/, ""));
	for (const line of [
		"-rwxr-xr-x 1 root root 7 init",
		"crw------- 1 root root 5, 1 dev/console",
		"drwxrwxrwt 2 root root 0 tmp",
		"drwxr-xr-x 2 root root 0 crcap",
		"lrwxrwxrwx 1 root root 5 bin/sh -> /init",
	])
		assert.ok(listed.includes(line), `${line}\n${listed.join("\n")}`);
	const dir = t.testdir();
	await execa("cpio", ["-id", "--quiet", "init", "crcap/channel"], {
		input: archive,
		cwd: dir,
	});
	assert.equal(await readFile(join(dir, "init"), "utf8"), "#!agent");
	assert.equal((await stat(join(dir, "init"))).mode & 0o777, 0o755);
	assert.equal(
		await readFile(join(dir, "crcap/channel"), "utf8"),
		"/dev/ttyS1\n",
	);
});

test("an initramfs takes no path that is not plain, and none twice", async () => {
	const file = (path: string) =>
		({ type: "file", path, data: Buffer.alloc(0) }) as const;
	for (const path of ["../x", "a//b", "", "a/./b", "a\0b"])
		assert.throws(() => buildInitramfs([file(path)]), /plain path/, path);
	assert.throws(() => buildInitramfs([file("a"), file("/a")]), /named twice/);
});
