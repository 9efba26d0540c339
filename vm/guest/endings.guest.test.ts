import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "tap";
import { BootError, bootGuest, GuestLost } from "../index.js";

import { dir, options, run } from "./boot.test.helper.js";

test("a guest that dies in a case", { concurrency: 2 }, async (t) => {
	const ENDS = [
		["panic", "panic", /sysrq triggered crash/],
		["reboot", "reboot", /restarted/],
		["poweroff", "poweroff", /powered off before/],
		["liar", "broken-channel", /obs 999999/],
		["hang", "hang", /silent for 2\.5 s/],
	] as const;
	for (const [word, kind, reason] of ENDS) {
		t.test(`${word}: the case that was running is named`, async () => {
			const guest = await bootGuest(options({ slackMs: 1500 }));
			const { replies, error } = await run(guest, ["a", "b", word, "c"]);
			assert.ok(error instanceof GuestLost, String(error));
			assert.deepEqual(
				replies.map((reply) => reply.split(" ")[1]),
				["0", "1"],
			);
			const end = await guest.end;
			assert.equal(end.kind, kind);
			assert.match(end.reason, reason);
			assert.equal(end.runningCase, 2);
			assert.ok(end.consoleTail.length > 5);
			if (kind === "hang") {
				const last = end.consoleTail.slice(-end.registers.length);
				assert.deepEqual(last, end.registers);
				assert.match(last.join(), /RIP=/);
			}
			assert.deepEqual(
				await guest.quit(),
				end,
				"quit() after the end is harmless",
			);
		});
	}
});

test("a boot that gets nowhere", { concurrency: 2 }, async (t) => {
	t.test("is tried three times, and each is told", async () => {
		const progress: string[] = [];
		const error = await bootGuest(
			options({
				maxBoots: 3,
				append: "fixture=panic",
				onProgress: (line) => progress.push(line),
			}),
		).catch((caught: unknown) => caught);
		assert.ok(error instanceof BootError);
		assert.deepEqual(
			error.attempts.map(({ attempt, outcome }) => [attempt, outcome]),
			[
				[1, "panic"],
				[2, "panic"],
				[3, "panic"],
			],
		);
		assert.match(error.message, /3 boots.*sysrq triggered crash/);
		for (const { consoleTail } of error.attempts)
			assert.match(consoleTail.join("\n"), /Kernel panic/);
		assert.equal(progress.length, 2);
	});

	t.test("ends when the console falls silent", async () => {
		const error = await bootGuest(
			options({ append: "fixture=hang", bootSilenceMs: 6000 }),
		).catch((caught: unknown) => caught);
		assert.ok(error instanceof BootError);
		assert.equal(error.attempts[0]?.outcome, "hang");
		assert.match(error.message, /silent for 6 s/);
	});

	t.test("is not tried again once the agent has spoken", async () => {
		const error = await bootGuest(
			options({ maxBoots: 3, append: "fixture_facts=poweroff" }),
		).catch((caught: unknown) => caught);
		assert.ok(error instanceof BootError);
		assert.equal(error.attempts.length, 1);
		assert.equal(error.attempts[0]?.outcome, "poweroff");
	});

	t.test(
		"a panic that may not reset the machine ends it all the same",
		async () => {
			const error = await bootGuest(
				options({ append: "panic=0 fixture=panic" }),
			).catch((caught: unknown) => caught);
			assert.ok(error instanceof BootError);
			assert.equal(error.attempts[0]?.outcome, "panic");
		},
	);

	t.test(
		"an agent of another protocol is refused with both numbers",
		async () => {
			const error = await bootGuest(
				options({ maxBoots: 3, append: "fixture=stranger" }),
			).catch((caught: unknown) => caught);
			assert.ok(error instanceof BootError);
			assert.equal(error.attempts.length, 1);
			assert.match(error.message, /protocol 2, this runner 1/);
		},
	);

	t.test("what QEMU cannot load is said once, in QEMU's words", async () => {
		const path = join(dir, "not-a-kernel");
		await writeFile(path, "not a kernel");
		const error = await bootGuest(options({ maxBoots: 3, kernel: path })).catch(
			(caught: unknown) => caught,
		);
		assert.ok(error instanceof BootError);
		assert.equal(error.attempts.length, 1);
		assert.match(error.message, /QEMU ended with status 1: .*kernel/);
	});
});
