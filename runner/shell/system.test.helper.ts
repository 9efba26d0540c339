/** A small system as a QEMU guest: busybox and further files, a shell on the console, the second serial port free. */
import type { Duplex } from "node:stream";
import { guestInitramfs } from "../../vm/guest/guest.js";
import { busybox, type InitramfsEntry, type Machine } from "../../vm/index.js";
import { kernelCmdline } from "../../vm/qemu/arguments.js";
import { spawnQemu } from "../../vm/qemu/process.js";
import { qemuBuild } from "../../vm/qemu/qemuBuild.js";
import { agentPath } from "../targets/agents.js";
import { Dialogue } from "./dialogue.test.helper.js";

export interface System {
	/** What the shell on its console prints to this line. @throws for a line that failed */
	ask(line: string): Promise<string>;
	/** The second serial port. */
	readonly port: Duplex;
	stop(): Promise<void>;
}

export function systemFile(
	path: string,
	data: string | Buffer,
	mode = 0o644,
): InitramfsEntry {
	return { type: "file", path, data: Buffer.from(data), mode };
}

export async function startSystem(
	kernel: string,
	machine: Machine,
	files: readonly InitramfsEntry[],
): Promise<System> {
	const [build, shell] = await Promise.all([
		qemuBuild(machine),
		busybox(machine),
	]);
	const initramfs = await guestInitramfs({
		machine,
		agent: agentPath(machine.arch),
		extraFiles: [
			...files,
			systemFile("bin/busybox", shell, 0o755),
			{ type: "symlink", path: "bin/crprobe", target: "/init" },
		],
	});
	const qemu = await spawnQemu(
		build,
		{
			...{ machine, kernel, accel: "tcg", sandbox: build.sandbox },
			cmdline: kernelCmdline(machine, "crcap_shell=1"),
		},
		initramfs,
		{ shell: true },
	);
	const stop = async (): Promise<void> => {
		qemu.kill();
		await qemu.exited;
	};
	try {
		const { free } = qemu;
		if (free === null) throw new Error("the machine has one port only");
		const dialogue = new Dialogue(
			(text) => void qemu.input.write(text),
			qemu.exited,
		);
		qemu.console.on("data", (bytes: Buffer) => dialogue.hear(bytes));
		await dialogue.ready();
		return { ask: (line) => ask(dialogue, line), port: free, stop };
	} catch (error) {
		await stop();
		throw error;
	}
}

async function ask(shell: Dialogue, line: string): Promise<string> {
	const { status, output } = await shell.run(line);
	if (status !== 0)
		throw new Error(`${line}: status ${status}: ${output.slice(-2000)}`);
	// The terminal shows what was typed, after the prompt.
	const typed = output.lastIndexOf("$?>>");
	return output.slice(output.indexOf("\n", typed) + 1);
}
