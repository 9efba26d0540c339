import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import {
	BootError,
	type BootOptions,
	bootGuest,
	type Guest,
	type GuestEnd,
	GuestLost,
	type Image,
	MACHINES,
	type Machine,
	resolveKernel,
	VmError,
} from "../index.js";

const FIXTURE = fileURLToPath(
	new URL("../../../vm/fixtures/agent.c", import.meta.url),
);
const AGENTS = fileURLToPath(new URL("../../agent/", import.meta.url));

let dir: string;
let image: Image;
let agent: string;

before(async () => {
	dir = await mkdtemp(join(tmpdir(), "crcap-guest-test-"));
	agent = join(dir, "agent");
	const flags = ["-static", "-O1", "-Wall", "-Wextra", "-Werror"];
	[image] = await Promise.all([
		resolveKernel("debian:bookworm@amd64"),
		execa("gcc", [...flags, "-o", agent, FIXTURE]),
	]);
});

after(async () => {
	await rm(dir, { recursive: true, force: true });
});

function options(extra: Partial<BootOptions> = {}): BootOptions {
	return {
		kernel: image.bootPath,
		machine: MACHINES.x86_64,
		agent,
		accel: "tcg",
		maxBoots: 1,
		...extra,
	};
}

function cases(texts: readonly string[], deadlineMs = 1000): string[] {
	return texts.map((text, n) => `case ${n} ${deadlineMs} - ${text}`);
}

/** Runs cases until the end of the guest; returns the replies and what was thrown. */
async function run(
	guest: Guest,
	texts: readonly string[],
): Promise<{ replies: string[]; error: unknown }> {
	const replies: string[] = [];
	const error = await guest
		.exchange(cases(texts), (payload) => replies.push(payload))
		.catch((caught: unknown) => caught);
	return { replies, error };
}

/** The processes whose command line holds a word. */
function processesWith(word: string): string[] {
	return readdirSync("/proc").filter((name) => {
		if (!/^\d+$/.test(name)) return false;
		try {
			return readFileSync(`/proc/${name}/cmdline`, "latin1").includes(word);
		} catch {
			return false;
		}
	});
}

async function until(what: string, holds: () => boolean): Promise<void> {
	for (let i = 0; i < 600; i++) {
		if (holds()) return;
		await sleep(100);
	}
	assert.fail(`${what}: not within a minute`);
}

/** Runs a program until a log holds the agent's `ready`, then ends it. */
async function runUntilReady(
	program: string,
	args: readonly string[],
	log: string,
): Promise<void> {
	const child = spawn(program, args, { stdio: "ignore" });
	const closed = once(child, "close");
	try {
		await until("the agent is ready", () => {
			assert.equal(child.exitCode, null, "it still runs");
			return (
				existsSync(log) && readFileSync(log, "latin1").includes(" ready\n")
			);
		});
	} finally {
		child.kill("SIGKILL");
		await closed;
	}
}

/** Each case has its answer, in order, and the guest says goodbye. Returns its end. */
async function answersAll(
	guest: Guest,
	texts: readonly string[],
): Promise<GuestEnd> {
	const { replies, error } = await run(guest, texts);
	assert.equal(error, undefined);
	assert.deepEqual(
		replies.map((reply) => reply.split(" ")[1]),
		texts.map((_, n) => String(n)),
	);
	const end = await guest.quit();
	assert.equal(end.kind, "bye");
	return end;
}

describe("a guest that behaves", { concurrency: false }, () => {
	test("tells its facts, answers in order and says goodbye", async () => {
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

	test("garbage on the channel and lost frames cost nothing", async () => {
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

	test("works through the console's own port, where there is no other", async () => {
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
	});

	test("can be booted again by the line in its report", async () => {
		const guest = await bootGuest(options());
		await guest.quit();
		const log = join(dir, "again.log");
		await runUntilReady(
			"sh",
			["-c", `exec ${guest.replayCommand()} 2>${log}`],
			log,
		);
	});

	test("leaves what it was asked to keep, and the script boots the same guest", async () => {
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
	});
});

describe("a guest that dies in a case", { concurrency: 2 }, () => {
	const ENDS = [
		["panic", "panic", /sysrq triggered crash/],
		["reboot", "reboot", /restarted/],
		["poweroff", "poweroff", /powered off before/],
		["liar", "broken-channel", /obs 999999/],
		["hang", "hang", /silent for 2\.5 s/],
	] as const;
	for (const [word, kind, reason] of ENDS) {
		test(`${word}: the case that was running is named`, async () => {
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

describe("a boot that gets nowhere", { concurrency: 2 }, () => {
	test("is tried three times, and each is told", async () => {
		const told: string[] = [];
		const error = await bootGuest(
			options({
				maxBoots: 3,
				append: "fixture=panic",
				onProgress: (line) => told.push(line),
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
		assert.equal(told.length, 2);
	});

	test("ends when the console falls silent", async () => {
		const error = await bootGuest(
			options({ append: "fixture=hang", bootSilenceMs: 6000 }),
		).catch((caught: unknown) => caught);
		assert.ok(error instanceof BootError);
		assert.equal(error.attempts[0]?.outcome, "hang");
		assert.match(error.message, /silent for 6 s/);
	});

	test("is not tried again once the agent has spoken", async () => {
		const error = await bootGuest(
			options({ maxBoots: 3, append: "fixture_facts=poweroff" }),
		).catch((caught: unknown) => caught);
		assert.ok(error instanceof BootError);
		assert.equal(error.attempts.length, 1);
		assert.equal(error.attempts[0]?.outcome, "poweroff");
	});

	test("a panic that may not reset the machine ends it all the same", async () => {
		const error = await bootGuest(
			options({ append: "panic=0 fixture=panic" }),
		).catch((caught: unknown) => caught);
		assert.ok(error instanceof BootError);
		assert.equal(error.attempts[0]?.outcome, "panic");
	});

	test("an agent of another protocol is refused with both numbers", async () => {
		const error = await bootGuest(
			options({ maxBoots: 3, append: "fixture=stranger" }),
		).catch((caught: unknown) => caught);
		assert.ok(error instanceof BootError);
		assert.equal(error.attempts.length, 1);
		assert.match(error.message, /protocol 2, this runner 1/);
	});

	test("what QEMU cannot load is said once, in QEMU's words", async () => {
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

describe("nothing is left behind", { concurrency: false }, () => {
	test("by a signal during the boot, or while it runs", async () => {
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
		test(`by a runner that dies of ${signal}`, async () => {
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

describe("the real agent", { concurrency: 2 }, () => {
	for (const [arch, name] of [
		["x86_64", "debian:bookworm@amd64"],
		["aarch64", "debian:bookworm@arm64"],
	] as const) {
		test(`comes up on ${arch} and tells the release that the image told`, async () => {
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
		});
	}
});

describe("what QEMU says of itself", () => {
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

	test("is remembered for that file, and asked again where the memory is broken", async () => {
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
	});

	test("is not remembered of a script, which may start another one tomorrow", async () => {
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
	});
});
