import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { t, test } from "tap";
import { MACHINES } from "../base/machines.js";
import { type QemuProcess, spawnQemu } from "./process.js";

const dir = t.testdir();

const SPEC = {
	machine: MACHINES.x86_64,
	accel: "tcg",
	kernel: "/none",
	cmdline: "",
	sandbox: false,
} as const;

/** A QEMU that is a script; each of its children writes its number into the file of that name. */
async function start(name: string, script: string): Promise<QemuProcess> {
	const path = join(dir, `${name}.sh`);
	writeFileSync(path, `#!/bin/bash\ncd ${dir}\n${script}\n`, { mode: 0o755 });
	const qemu = await spawnQemu(
		{ program: path },
		SPEC,
		Buffer.from("initramfs"),
	);
	qemu.console.resume();
	qemu.results?.resume();
	return qemu;
}

/** The numbers that processes have written, once all are there. */
async function pids(...names: string[]): Promise<number[]> {
	const read = (name: string) => {
		const path = join(dir, name);
		return existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
	};
	while (names.some((name) => read(name) === 0)) await sleep(20);
	return names.map(read);
}

/** Waits until none of them runs; one that stays lets the test run into its limit. */
async function gone(all: readonly number[]): Promise<void> {
	const runs = (pid: number) => {
		try {
			const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
			return !/\) [ZX] /.test(stat);
		} catch {
			return false;
		}
	};
	while (all.some(runs)) await sleep(20);
}

for (const [what, script, names] of [
	["a script that starts QEMU", "echo $$ > a1; sleep 600; true", ["a1"]],
	[
		"children in sessions of their own",
		"setsid sh -c 'echo $$ > b1; setsid sleep 600; true' & echo $$ > b2; wait",
		["b1", "b2"],
	],
	[
		"orphans in sessions of their own",
		"(setsid sh -c 'echo $$ > c1; exec sleep 600' &); echo $$ > c2; sleep 600",
		["c1", "c2"],
	],
	[
		"children without an environment",
		"setsid env -i sh -c 'echo $$ > d1; exec sleep 600' & echo $$ > d2; wait",
		["d1", "d2"],
	],
	[
		"what does not listen to signals",
		"trap '' TERM HUP INT; echo $$ > e1; while :; do sleep 1; done",
		["e1"],
	],
] as const)
	test(`to kill QEMU ends ${what}`, async () => {
		const qemu = await start(names[0], script);
		const all = await pids(...names);
		qemu.kill();
		const exit = await qemu.exited;
		assert.equal(exit.signal, "SIGKILL");
		await gone(all);
	});

test("a program's ports are pipes, and what comes first is known first", async () => {
	const path = join(dir, "binary");
	execFileSync("cc", ["-x", "c", "-", "-o", path], {
		input: `#include <string.h>
#include <unistd.h>
int main(void)
{
	char line[80];
	ssize_t n = read(0, line, sizeof(line));
	int i;
	for (i = 0; i < 1000; i++) {
		write(3, "a", 1);
		write(1, "b", 1);
	}
	write(1, line, n);
	return 7;
}`,
	});
	const qemu = await spawnQemu(
		{ program: path, identity: "its own" },
		SPEC,
		Buffer.from("initramfs"),
	);
	let all = "";
	for (const port of [qemu.console, qemu.results])
		port?.on("data", (bytes: Buffer) => {
			all += bytes;
		});
	qemu.input.write("this\n");
	assert.deepEqual(await qemu.exited, { code: 7, signal: null });
	assert.equal(all.length, 2005);
	assert.match(all, /this\n$/);
	let ahead = 0;
	for (const one of all.slice(0, 2000)) {
		ahead += one === "a" ? 1 : -1;
		assert.ok(ahead >= 0, all);
	}
});

test("a script may keep standard input and output for itself", async () => {
	const qemu = await start(
		"keeps",
		"(read line <&4; echo heard $line >&4; echo shown >&3) > /dev/null & wait $!",
	);
	qemu.input.write("this\n");
	let [said, shown] = ["", ""];
	qemu.results?.on("data", (bytes: Buffer) => {
		said += bytes;
	});
	qemu.console.on("data", (bytes: Buffer) => {
		shown += bytes;
	});
	await qemu.exited;
	assert.deepEqual([said, shown], ["heard this\n", "shown\n"]);
});

test("a runner that dies before its QEMU knows whose child it is leaves none", async () => {
	const bin = join(dir, "bin");
	mkdirSync(bin);
	const script = (name: string, text: string) => {
		writeFileSync(join(dir, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
		return JSON.stringify(join(dir, name));
	};
	script(
		"bin/setpriv",
		`echo $$ > ${dir}/g1; while [ ! -s ${dir}/dead ]; do sleep 0.02; done; exec /usr/bin/setpriv "$@"`,
	);
	const qemu = script("late.sh", `echo $$ > ${dir}/late; sleep 600`);
	const source = join(dir, "runner.mjs");
	const module = new URL("./process.js", import.meta.url).href;
	writeFileSync(
		source,
		`import { spawnQemu } from ${JSON.stringify(module)};
		import { MACHINES } from ${JSON.stringify(new URL("../base/machines.js", import.meta.url).href)};
		await spawnQemu({ program: ${qemu} }, { ...${JSON.stringify(SPEC)}, machine: MACHINES.x86_64 }, Buffer.from("x"));`,
	);
	const runner = spawn(process.execPath, [source], {
		stdio: "ignore",
		env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
	});
	const all = await pids("g1");
	runner.kill("SIGKILL");
	await once(runner, "exit");
	writeFileSync(join(dir, "dead"), "yes");
	await gone(all);
	assert.equal(existsSync(join(dir, "late")), false);
});

test("what is left when QEMU ends is killed, and its ports are not waited for", async () => {
	const qemu = await start(
		"left",
		"setsid sh -c 'echo $$ > f1; while :; do echo more >&3; done' & while [ ! -s f1 ]; do sleep 0.02; done; echo last >&2; exit 7",
	);
	const all = await pids("f1");
	assert.deepEqual(await qemu.exited, { code: 7, signal: null });
	assert.equal(qemu.stderr(), "last");
	await gone(all);
});

test("what is in the ports when QEMU ends is still read", async () => {
	const qemu = await start(
		"words",
		"for i in $(seq 2000); do echo $i; done >&3",
	);
	let heard = "";
	qemu.console.on("data", (bytes: Buffer) => {
		heard += bytes;
	});
	assert.equal((await qemu.exited).code, 0);
	assert.match(heard, /\n2000\n$/);
});

test("nothing is read of what comes after the kill", async () => {
	const qemu = await start(
		"after",
		"trap '' TERM; echo $$ > g1; while :; do echo more >&3; done",
	);
	await pids("g1");
	qemu.kill();
	qemu.console.on("data", () => assert.fail("it was read"));
	await qemu.exited;
});

test("a program that is not there is told as such", async () => {
	const qemu = await spawnQemu(
		{ program: "/none/qemu" },
		SPEC,
		Buffer.from("initramfs"),
	);
	const exit = await qemu.exited;
	assert.ok(exit.error !== undefined || exit.code !== 0);
	qemu.kill();
});

for (const line of [
	"null",
	"[]",
	'"text"',
	"7",
	"{",
	"",
	'{"event":"SHUTDOWN","data":null}',
	'{"event":"SHUTDOWN","data":{"reason":{"toString":1}}}',
	'{"id":1,"return":{"toString":1}}',
	"x".repeat(3_000_000),
])
	test(`a monitor that says ${line.slice(0, 60)} harms nothing`, async () => {
		const name = `qmp${line.length}`;
		writeFileSync(join(dir, `${name}.txt`), `${line}\n`);
		const qemu = await start(
			name,
			// What it is asked is read before it ends: a write to a closed socket would take along what it said.
			`read asked <&5; read asked <&5; cat ${name}.txt >&5; echo '{"event":"SHUTDOWN","data":{"reason":"guest-reset"}}' >&5`,
		);
		assert.deepEqual(await qemu.qmp.registers(1), []);
		assert.equal((await qemu.exited).code, 0);
		assert.equal(qemu.qmp.shutdown, "guest-reset");
	});
