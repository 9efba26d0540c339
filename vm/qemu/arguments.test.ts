import assert from "node:assert/strict";
import { execa } from "execa";
import { test } from "tap";
import { ARCHES, MACHINES, machineFor } from "../base/machines.js";
import {
	type GuestMemory,
	kernelCmdline,
	qemuArgs,
	shellQuote,
} from "./arguments.js";

test("every machine is cut off from the world and panics to an end", async () => {
	for (const arch of ARCHES) {
		const machine = MACHINES[arch];
		assert.equal(machineFor(machine.debianArch)?.arch, arch);
		const args = qemuArgs(
			{
				machine,
				accel: "tcg",
				kernel: "/k",
				initrd: "/i",
				cmdline: kernelCmdline(machine, " a=1 "),
				sandbox: true,
			},
			{ console: "socket,fd=3", results: "socket,fd=4", qmp: "socket,fd=5" },
		);
		const line = args.join(" ");
		for (const words of [
			"-nodefaults",
			"-no-reboot",
			"-display none",
			"spawn=deny",
		])
			assert.ok(line.includes(words), `${arch}: ${words}`);
		assert.doesNotMatch(
			line,
			/-(net|nic|drive|hd[a-d]|virtfs|fsdev|blockdev)\b/,
		);
		assert.ok(machine.memoryMiB <= 256, arch);
		assert.match(
			args[args.indexOf("-append") + 1] as string,
			new RegExp(`^console=${machine.console} panic=-1 .* a=1$`),
		);
	}
	assert.equal(machineFor("constructor"), undefined);
	assert.equal(machineFor("vax"), undefined);
});

test("a guest that may be saved shares its memory, and a copy only reads it", async () => {
	const words = (memory?: GuestMemory) =>
		qemuArgs(
			{
				machine: MACHINES.x86_64,
				accel: "tcg",
				kernel: "/k",
				initrd: "/i",
				cmdline: "",
				sandbox: true,
				memoryMiB: 96,
				...(memory && { memory }),
			},
			{ console: "null", results: "null" },
		).join(" ");
	assert.doesNotMatch(words(), /memory-backend|-incoming/);
	const saved = words({ kind: "shared", path: "/r" });
	assert.match(
		saved,
		/file,id=ram,size=96M,mem-path=\/r,share=on -machine pc,mem/,
	);
	assert.doesNotMatch(saved, /-incoming/);
	assert.match(
		words({ kind: "copy", path: "/r" }),
		/file,id=ram,size=96M,mem-path=\/r,share=off -incoming defer -machine pc,/,
	);
});

test("words for the shell come back as they were", async () => {
	const words = ["plain", "two words", "it's", '"$HOME" `x`', "a\nb", ""];
	const { stdout } = await execa("sh", [
		"-c",
		`printf '%s\\0' ${words.map(shellQuote).join(" ")}`,
	]);
	assert.deepEqual(stdout.split("\0").slice(0, -1), words);
});
