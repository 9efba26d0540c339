import assert from "node:assert/strict";
import { join } from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { test } from "tap";
import type { ShellGuest } from "../../vm/index.js";
import { SHELL_READY } from "../../vm/index.js";
import { cliBatch } from "../cli/spawnCli.test.helper.js";
import { fakeTarget, KERNEL } from "../execute/fakes.test.helper.js";
import { runRequest } from "../request/runRequest.js";
import { OpenError, type Target } from "../targets/target.js";
import { runShell } from "./shell.js";

/** A guest that takes what it is sent, and ends when it is told to. */
function fakeGuest(gdbSocket?: string) {
	const heard: string[] = [];
	const console = new Duplex({
		read() {},
		write(chunk, _encoding, done) {
			heard.push(String(chunk));
			done();
		},
	});
	let end = (_: { code: number | null; signal: null }): void => {};
	const exited = new Promise<{ code: number | null; signal: null }>(
		(resolve) => {
			end = resolve;
		},
	);
	const guest: ShellGuest & { killed: boolean } = {
		console,
		input: console,
		killed: false,
		stderr: () => "",
		exited,
		kill() {
			this.killed = true;
			end({ code: null, signal: null });
		},
		...(gdbSocket === undefined ? {} : { gdbSocket }),
	};
	return {
		guest,
		heard,
		say: (text: string) => console.push(text),
		end: (code = 0) => end({ code, signal: null }),
	};
}

function fakeTerminal(isTTY: boolean) {
	const raw: boolean[] = [];
	const input = Object.assign(new PassThrough(), {
		isTTY,
		setRawMode: (on: boolean) => raw.push(on),
	});
	const output = new PassThrough();
	return {
		raw,
		input,
		said: () => String(output.read() ?? ""),
		terminal: {
			input: input as unknown as NodeJS.ReadStream,
			output,
		},
	};
}

const request = runRequest({ kernel: ["k"] }, { config: {} });

const depsWith = (...targets: Target[]) =>
	({ prepare: async () => targets }) as unknown as Parameters<
		typeof runShell
	>[1];

const shellTarget = (guest: ShellGuest, path = KERNEL.path): Target => ({
	...fakeTarget(),
	kernel: { ...KERNEL, path },
	shell: async () => guest,
});

const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

/** What is told on standard error meanwhile. */
async function told(work: () => Promise<unknown>): Promise<string> {
	const write = process.stderr.write;
	let text = "";
	process.stderr.write = ((chunk: unknown) => {
		text += String(chunk);
		return true;
	}) as typeof process.stderr.write;
	try {
		await work();
	} finally {
		process.stderr.write = write;
	}
	return text;
}

test("what is typed waits until the shell reads", async () => {
	const { guest, heard, say, end } = fakeGuest();
	const { terminal, input, said } = fakeTerminal(false);
	const done = runShell(request, depsWith(shellTarget(guest)), false, terminal);
	input.write("early\n");
	await soon();
	say("booting ");
	await soon();
	assert.deepEqual(heard, []);
	// In two pieces, as a port may hand it over.
	say(SHELL_READY.slice(0, 5));
	say(SHELL_READY.slice(5));
	await soon();
	input.write("late\n");
	input.end();
	await soon();
	// Ctrl-D stands for the end of what is typed.
	assert.equal(heard.join(""), "early\nlate\n\x04");
	assert.equal(said(), `booting ${SHELL_READY}`);
	end();
	assert.equal(await done, 0);
});

test("Ctrl-] ends the guest from a terminal, which is as it was after that", async () => {
	for (const isTTY of [true, false]) {
		const { guest, heard, say, end } = fakeGuest();
		const { terminal, input, raw } = fakeTerminal(isTTY);
		const done = runShell(
			request,
			depsWith(shellTarget(guest)),
			false,
			terminal,
		);
		await soon();
		say(SHELL_READY);
		await soon();
		input.write("\x03\x1d");
		await soon();
		assert.equal(guest.killed, isTTY);
		if (!isTTY) assert.deepEqual(heard, ["\x03\x1d"]);
		end();
		assert.equal(await done, 0);
		assert.deepEqual(raw, isTTY ? [true, false] : []);
	}
});

test("a guest that never got to its shell is no success", async () => {
	const { guest, say, end } = fakeGuest();
	const { terminal } = fakeTerminal(false);
	const text = await told(async () => {
		const done = runShell(
			request,
			depsWith(shellTarget(guest)),
			false,
			terminal,
		);
		await soon();
		say("Kernel panic");
		end(0);
		assert.equal(await done, 3);
	});
	assert.match(text, /ended before its shell began/);
	const broken = {
		...fakeTarget(),
		shell: () => Promise.reject(new OpenError("no QEMU")),
	};
	const why = await told(async () => {
		assert.equal(await runShell(request, depsWith(broken), false, terminal), 3);
	});
	assert.match(why, /no QEMU/);
});

test("the line for gdb names the build tree's symbols", async (t) => {
	for (const there of [false, true]) {
		const tree = { arch: { x86: { boot: {} } }, ...(there && { vmlinux: "" }) };
		const top = join(t.testdir({ "a tree": tree }), "a tree");
		const symbols = join(top, "vmlinux");
		const { guest, end } = fakeGuest("/tmp/x/gdb");
		const { terminal } = fakeTerminal(false);
		const text = await told(async () => {
			const target = shellTarget(guest, join(top, "arch/x86/boot/bzImage"));
			const done = runShell(request, depsWith(target), true, terminal);
			await soon();
			end();
			await done;
		});
		assert.match(text, /gdb -ex 'target remote \/tmp\/x\/gdb'/);
		assert.equal(text.includes(`'${symbols}'`), there, text);
	}
});

test("one kernel, and nothing that would have no effect", async () => {
	const { guest } = fakeGuest();
	const { terminal } = fakeTerminal(false);
	const one = shellTarget(guest);
	for (const [targets, why] of [
		[[one, one], /takes one kernel, and 2 are named/],
		[[fakeTarget()], /--local has none to boot/],
	] as const)
		await assert.rejects(
			runShell(request, depsWith(...targets), false, terminal),
			why,
		);
	const results = await cliBatch([
		["run", "--shell", "--report", "tap"],
		["run", "--gdb", "--case", "set_tid.*"],
		["run", "--shell", "--max-failures", "1"],
		["run", "--shell", "--dry-run"],
		["run", "--shell", "--local"],
	]);
	for (const { status, stderr } of results) {
		assert.equal(status, 2);
		assert.match(stderr, /^crcap: --[a-z-]+ has no effect with --(shell|gdb)/);
	}
});
