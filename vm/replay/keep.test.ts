import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "tap";
import { MACHINES } from "../base/machines.js";
import { Keeper } from "./keep.js";

test("both logs of an earlier attempt are kept beside the last one's", async (t) => {
	const top = t.testdir();
	const keeper = await Keeper.open(top, {
		program: "qemu",
		spec: {
			machine: MACHINES.x86_64,
			accel: "tcg",
			kernel: "/k",
			cmdline: "",
			sandbox: false,
		},
		initramfs: Buffer.from("x"),
	});
	for (const attempt of [1, 2, 3]) {
		keeper.beginAttempt(attempt);
		keeper.console(Buffer.from(`console ${attempt}`));
		keeper.channel(Buffer.from(`channel ${attempt}`));
		keeper.endAttempt();
	}
	const logs = (await readdir(top)).filter((name) => name.endsWith(".log"));
	const texts = await Promise.all(
		logs.sort().map((name) => readFile(join(top, name), "utf8")),
	);
	assert.deepEqual(
		logs.map((name, n) => `${name}: ${texts[n]}`),
		[
			"channel.attempt1.log: channel 1",
			"channel.attempt2.log: channel 2",
			"channel.log: channel 3",
			"console.attempt1.log: console 1",
			"console.attempt2.log: console 2",
			"console.log: console 3",
		],
	);
});
