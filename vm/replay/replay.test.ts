import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "tap";
import { MACHINES } from "../index.js";
import { replayCommand, replayScript } from "./replay.js";

const CASE = "uid=1 a={x} -- it's=$HOME`x`";
const CMDLINE = `console=ttyS0 note="it's 'so' \\"`;

/** A guest of which only the words of the command line are wanted. */
const SPEC = {
	machine: MACHINES.x86_64,
	accel: "tcg",
	kernel: "/k",
	cmdline: CMDLINE,
	sandbox: false,
} as const;

/** The kernel's command line that a shell's words hold, and what follows it. */
function appended(args: readonly string[]): string[] {
	const out = execFileSync("sh", args, { encoding: "utf8" });
	const words = out.split("\n").slice(0, -1);
	return words.slice(words.indexOf("-append") + 1);
}

test("a replay line carries the case behind whatever was appended", async () => {
	const line = (program?: string): string =>
		replayCommand("printf", SPEC, "/i", program).replace(
			/^printf/,
			"printf '%s\\n'",
		);
	assert.deepEqual(appended(["-c", line()]), [CMDLINE]);
	assert.deepEqual(appended(["-c", line(CASE)]), [
		`${CMDLINE} crcap_program="${CASE}"`,
	]);
});

test("a kept script takes a case, then more for QEMU", async (t) => {
	const dir = t.testdir();
	const path = join(dir, "boot.sh");
	const print = join(dir, "print");
	writeFileSync(print, `#!/bin/sh\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
	writeFileSync(path, replayScript(print, SPEC, "/x/initramfs.cpio"));
	const withCase = `${CMDLINE} crcap_program="${CASE}"`;
	assert.deepEqual(appended([path]), [CMDLINE]);
	assert.deepEqual(appended([path, CASE]), [withCase]);
	assert.deepEqual(appended([path, CASE, "-s"]), [withCase, "-s"]);
	assert.deepEqual(appended([path, "", "-s"]), [CMDLINE, "-s"]);
});

test("a kept script runs in a folder of any name", async (t) => {
	let name = "";
	for (let code = 0x20; code < 0x7f; code++)
		if (code !== 0x2f) name += String.fromCharCode(code);
	const dir = join(t.testdir(), name);
	mkdirSync(dir);
	const path = join(dir, "boot.sh");
	const print = join(dir, "print");
	writeFileSync(print, `#!/bin/sh\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
	const kernel = join(dir, "kernel");
	const initrd = join(dir, "initramfs.cpio");
	writeFileSync(path, replayScript(print, { ...SPEC, kernel }, initrd));
	const words = execFileSync("sh", [path], { encoding: "utf8" }).split("\n");
	const doubled = dir.replaceAll(",", ",,");
	assert.ok(
		words.includes(`file,id=results,path=${doubled}/channel-replay.log`),
		words.join("\n"),
	);
	assert.equal(words[words.indexOf("-kernel") + 1], kernel);
	assert.equal(words[words.indexOf("-initrd") + 1], initrd);
});
