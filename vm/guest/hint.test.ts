import assert from "node:assert/strict";
import { test } from "tap";
import { hintFor } from "./boot.js";

const hint = (line: string, cmdline = "console=ttyS0", configured = false) =>
	hintFor({ kind: "panic", consoleTail: [line] }, false, {
		spec: { cmdline },
		configured,
	});

test("a boot that found no agent names the word that kept it from it", async () => {
	const panic = "Kernel panic - not syncing: VFS: Unable to mount root fs";
	assert.match(hint(panic) ?? "", /needs CONFIG_BLK_DEV_INITRD=y/);
	assert.match(
		hint(panic, "console=ttyS0", true) ?? "",
		/by its configuration/,
	);
	for (const word of ["rdinit=/nothing", "noinitrd"])
		for (const configured of [true, false]) {
			const text = hint(panic, `console=ttyS0 ${word} quiet`, configured) ?? "";
			assert.ok(text.includes(`"${word}"`), text);
			assert.doesNotMatch(text, /CONFIG_/);
		}
	assert.match(
		hint("Kernel panic - not syncing: No working init found", "init=/x") ?? "",
		/"init=\/x"/,
	);
	assert.equal(hint("something else", "rdinit=/x"), undefined);
});
