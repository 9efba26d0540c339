import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { t } from "tap";
import {
	type BootOptions,
	type Guest,
	type GuestEnd,
	type Image,
	MACHINES,
	resolveKernel,
} from "../index.js";

export const FIXTURE = fileURLToPath(
	new URL("../../../vm/fixtures/agent.c", import.meta.url),
);
export const AGENTS = fileURLToPath(new URL("../../agent/", import.meta.url));

export let dir: string;
export let image: Image;
export let agent: string;

t.before(async () => {
	dir = t.testdir();
	agent = join(dir, "agent");
	const flags = ["-static", "-O1", "-Wall", "-Wextra", "-Werror"];
	[image] = await Promise.all([
		resolveKernel("debian:bookworm@amd64"),
		execa("gcc", [...flags, "-o", agent, FIXTURE]),
	]);
});

export function options(extra: Partial<BootOptions> = {}): BootOptions {
	return {
		kernel: image.bootPath,
		machine: MACHINES.x86_64,
		agent,
		accel: "tcg",
		maxBoots: 1,
		...extra,
	};
}

export function cases(texts: readonly string[], deadlineMs = 1000): string[] {
	return texts.map((text, n) => `case ${n} ${deadlineMs} - ${text}`);
}

/** Runs cases until the end of the guest; returns the replies and what was thrown. */
export async function run(
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
export function processesWith(word: string): string[] {
	return readdirSync("/proc").filter((name) => {
		if (!/^\d+$/.test(name)) return false;
		try {
			return readFileSync(`/proc/${name}/cmdline`, "latin1").includes(word);
		} catch {
			return false;
		}
	});
}

export async function until(what: string, holds: () => boolean): Promise<void> {
	for (let i = 0; i < 600; i++) {
		if (holds()) return;
		await sleep(100);
	}
	assert.fail(`${what}: not within a minute`);
}

/** Runs a program until a log holds the agent's `ready`, then ends it. */
export async function runUntilReady(
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
export async function answersAll(
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
