import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { test } from "tap";
import {
	bootGuest,
	GuestLost,
	MACHINES,
	type Machine,
	resolveKernel,
	VmError,
} from "../index.js";

import {
	AGENTS,
	answersAll,
	dir,
	options,
	processesWith,
	run,
	runUntilReady,
	until,
} from "./boot.test.helper.js";

test("a guest that behaves", { concurrency: false }, async (t) => {
	t.test("tells its facts, answers in order and says goodbye", async () => {
		const guest = await bootGuest(options({ append: "fixture=none" }));
		assert.deepEqual(guest.hello, { proto: 1, crprobe: "fixture", arch: "x" });
		assert.deepEqual({ ...guest.facts }, { odd: "100% of é", kernel: "yes" });
		const texts = Array.from(
			{ length: 300 },
			(_, n) => `getpid ${"x".repeat(n % 90)}`,
		);
		const end = await answersAll(guest, texts);
		assert.deepEqual(end.findings, []);
		assert.equal(end.banners, 1);
		assert.equal(end.running, undefined);
	});

	t.test("garbage on the channel and lost frames cost nothing", async () => {
		const guest = await bootGuest(options());
		const { replies, error } = await run(guest, [
			"a",
			"garbage",
			"b",
			"lose",
			"complain",
			"garbage lose",
			"c",
		]);
		assert.equal(error, undefined);
		assert.equal(replies.length, 7);
		assert.ok(guest.channelStats.broken > 0);
		assert.ok(guest.channelStats.asked > 0);
		const end = await guest.quit();
		assert.equal(end.kind, "bye");
		assert.deepEqual(
			end.findings.map(({ kind, caseN }) => ({ kind, caseN })),
			[{ kind: "bug", caseN: 4 }],
		);
		assert.match(guest.console.forCase(4)[0] as string, /a complaint/);
	});

	t.test(
		"works through the console's own port, where there is no other",
		async () => {
			const machine: Machine = {
				...MACHINES.x86_64,
				channel: { kind: "shared", device: "/dev/ttyS0" },
			};
			const guest = await bootGuest(options({ machine }));
			const texts = Array.from({ length: 100 }, (_, n) =>
				n % 10 ? "getpid" : "complain lose",
			);
			await answersAll(guest, texts);
			assert.match(guest.console.forCase(10).join("\n"), /a complaint/);
		},
	);

	t.test("can be booted again by the line in its report", async () => {
		const guest = await bootGuest(options());
		await guest.quit();
		const log = join(dir, "again.log");
		await runUntilReady(
			"sh",
			["-c", `exec ${guest.replayCommand()} 2>${log}`],
			log,
		);
	});

	t.test(
		"leaves what it was asked to keep, and the script boots the same guest",
		async () => {
			const keepDir = join(dir, "kept");
			const guest = await bootGuest(options({ keepDir }));
			await run(guest, ["a"]);
			await guest.quit();
			assert.deepEqual((await readdir(keepDir)).sort(), [
				"boot.sh",
				"channel.log",
				"console.log",
				"initramfs.cpio",
			]);
			assert.match(
				await readFile(join(keepDir, "console.log"), "latin1"),
				/Linux version[\s\S]*crcap: case 0/,
			);
			await runUntilReady(
				join(keepDir, "boot.sh"),
				[],
				join(keepDir, "channel-replay.log"),
			);
		},
	);
});

test("nothing is left behind", { concurrency: false }, async (t) => {
	t.test("by a signal during the boot, or while it runs", async () => {
		const early = new AbortController();
		setTimeout(() => early.abort(), 300);
		const error = await bootGuest(
			options({ signal: early.signal, append: "early_abort" }),
		).catch((caught: unknown) => caught);
		assert.ok(error instanceof VmError);
		assert.equal(error.kind, "aborted");
		assert.deepEqual(processesWith("early_abort"), []);

		const late = new AbortController();
		const guest = await bootGuest(
			options({ signal: late.signal, append: "late_abort" }),
		);
		const exchange = run(guest, ["hang"]);
		late.abort();
		assert.ok((await exchange).error instanceof GuestLost);
		assert.equal((await guest.end).kind, "killed");
		assert.deepEqual(processesWith("late_abort"), []);
	});

	for (const signal of ["SIGTERM", "SIGKILL"] as const) {
		t.test(`by a runner that dies of ${signal}`, async () => {
			const word = `orphan_${signal}_${process.pid}`;
			const index = new URL("../index.js", import.meta.url).href;
			const script = join(dir, `${signal}.mjs`);
			await writeFile(
				script,
				`import { bootGuest, MACHINES } from ${JSON.stringify(index)};
				const guest = await bootGuest({ ...${JSON.stringify(options({ append: word }))}, machine: MACHINES.x86_64 });
				console.log("up");
				await guest.exchange(["case 0 60000 - hang"], () => {});`,
			);
			const temporary = join(dir, `tmp-${signal}`);
			await execa("mkdir", [temporary]);
			const runner = spawn(process.execPath, [script], {
				stdio: ["ignore", "pipe", "inherit"],
				env: { ...process.env, TMPDIR: temporary },
			});
			await once(runner.stdout, "data");
			assert.ok(processesWith(word).length > 0, "it is up");
			runner.kill(signal);
			await once(runner, "close");
			await until("QEMU is gone", () => processesWith(word).length === 0);
			assert.deepEqual(await readdir(temporary), []);
		});
	}
});

test("the real agent", { concurrency: 2 }, async (t) => {
	for (const [arch, name] of [
		["x86_64", "debian:bookworm@amd64"],
		["aarch64", "debian:bookworm@arm64"],
	] as const) {
		t.test(
			`comes up on ${arch} and tells the release that the image told`,
			async () => {
				const kernel = await resolveKernel(name);
				const guest = await bootGuest(
					options({
						kernel: kernel.bootPath,
						machine: MACHINES[arch],
						agent: join(AGENTS, `crprobe-${arch}`),
						maxBoots: 3,
					}),
				);
				assert.equal(guest.hello.arch, arch);
				assert.equal(guest.facts.release, kernel.release);
				const rates: string[] = [];
				await guest.exchange(["rate 3", "rate 5"], (payload) =>
					rates.push(payload.split(" ").slice(0, 2).join(" ")),
				);
				assert.deepEqual(rates, ["rate 3", "rate 5"]);
				assert.equal((await guest.quit()).kind, "bye");
			},
		);
	}
});

test("what QEMU says of itself", async (t) => {
	const remembered = join("crcap", "qemu");

	/** Asks in a process of its own, with a cache of its own, as one run after the other does. */
	async function ask(cache: string, path = process.env.PATH) {
		const index = new URL("../index.js", import.meta.url).href;
		const { stdout } = await execa(
			process.execPath,
			[
				"--input-type=module",
				"-e",
				`import { MACHINES, qemuBuild } from ${JSON.stringify(index)};
				console.log(JSON.stringify(await qemuBuild(MACHINES.x86_64)));`,
			],
			{ env: { XDG_CACHE_HOME: cache, PATH: path } },
		);
		return JSON.parse(stdout) as { version: string; sandbox: boolean };
	}

	t.test(
		"is remembered for that file, and asked again where the memory is broken",
		async () => {
			const cache = join(dir, "cache");
			const build = await ask(cache);
			assert.match(build.version, /^\d+\.\d/);
			const folder = join(cache, remembered);
			const [name] = await readdir(folder);
			const file = join(folder, name ?? "");
			await writeFile(file, '{"version":"as told","sandbox":false}');
			const { version, sandbox } = await ask(cache);
			assert.deepEqual(
				{ version, sandbox },
				{ version: "as told", sandbox: false },
			);
			await writeFile(file, '{"version":"as to');
			assert.deepEqual(await ask(cache), build);
		},
	);

	t.test(
		"is not remembered of a script, which may start another one tomorrow",
		async () => {
			const cache = join(dir, "cache-script");
			const bin = join(dir, "bin");
			const script = join(bin, MACHINES.x86_64.qemu);
			await execa("mkdir", [bin]);
			for (const version of ["98", "99"]) {
				await writeFile(
					script,
					`#!/bin/sh\necho "QEMU emulator version ${version} (script)"\n`,
					{ mode: 0o755 },
				);
				const build = await ask(cache, `${bin}:${process.env.PATH}`);
				assert.equal(build.version, `${version} (script)`);
			}
			assert.equal(existsSync(join(cache, remembered)), false);
		},
	);
});
