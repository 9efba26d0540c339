import assert from "node:assert/strict";
import { test } from "tap";
import { parseConfig, preflight } from "./preflight.js";

import "./image.test.helper.js";

test("preflight", async (t) => {
	const good = [
		"BLK_DEV_INITRD",
		"BINFMT_ELF",
		"TTY",
		"PRINTK",
		"PROC_FS",
		"DEVTMPFS",
		"SERIAL_8250",
		"SERIAL_8250_CONSOLE",
	].map((name) => `CONFIG_${name}=y`);

	t.test("says what is missing, and what is only a module", async () => {
		assert.deepEqual(preflight(good.join("\n"), "x86_64"), []);
		const text = good
			.filter((line) => !line.includes("INITRD"))
			.join("\n")
			.replace("SERIAL_8250_CONSOLE=y", "SERIAL_8250_CONSOLE=m");
		assert.deepEqual(preflight(text, "x86_64"), [
			"an initramfs (CONFIG_BLK_DEV_INITRD=y)",
			"a console on the serial port (CONFIG_SERIAL_8250_CONSOLE=y, it is a module)",
		]);
	});

	t.test(
		"reads a configuration as the kernel writes it, and nothing from what is none",
		async () => {
			const config = parseConfig(
				'# CONFIG_A is not set\nCONFIG_B=m\nCONFIG_C="x y"\n',
			);
			assert.deepEqual(
				[...config],
				[
					["B", "m"],
					["C", '"x y"'],
				],
			);
			assert.deepEqual(preflight("not a config", "x86_64"), []);
		},
	);
});
