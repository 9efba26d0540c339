/** A guest with a shell on its console, and with QEMU's gdb stub where that is wanted. Nobody watches it but its user. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { guestInitramfs } from "../guest/guest.js";
import type { BootOptions } from "../guest/options.js";
import { kernelCmdline } from "../qemu/arguments.js";
import { type QemuExit, spawnQemu } from "../qemu/process.js";
import { qemuBuild } from "../qemu/qemuBuild.js";

export interface ShellOptions
	extends Pick<
		BootOptions,
		"kernel" | "machine" | "agent" | "accel" | "append" | "extraFiles"
	> {
	/** A static busybox for the guest's architecture. */
	readonly busybox: Uint8Array;
	/** The guest waits for gdb before its first instruction. */
	readonly gdb?: boolean;
}

export interface ShellGuest {
	/** What the guest's terminal shows. */
	readonly console: Readable;
	/** What is typed there. */
	readonly input: Writable;
	/** The socket on which QEMU's gdb stub listens, with `gdb`. It goes with the guest. */
	readonly gdbSocket?: string;
	/** What QEMU itself complained of so far. */
	stderr(): string;
	/** Resolves once the guest is gone, and all that it left. Never rejects. */
	readonly exited: Promise<QemuExit>;
	/** Ends it at once. */
	kill(): void;
}

/** What the agent prints when the shell is about to read. */
export const SHELL_READY = "crprobe: this is a shell";

const LOOK_MS = 20;

/** Waits until QEMU listens, or has ended. */
async function thereOrGone(
	path: string,
	exited: Promise<unknown>,
): Promise<void> {
	let gone = false;
	void exited.then(() => {
		gone = true;
	});
	while (!gone && !existsSync(path)) await sleep(LOOK_MS);
}

/**
 * Starts the guest.
 * @throws VmError when QEMU or the agent is missing, or the initramfs can't be written
 */
export async function bootShell(options: ShellOptions): Promise<ShellGuest> {
	const { machine, accel, append = "", gdb = false } = options;
	const [build, initramfs] = await Promise.all([
		qemuBuild(machine),
		guestInitramfs({
			...options,
			extraFiles: [
				...(options.extraFiles ?? []),
				{
					type: "file",
					path: "bin/busybox",
					data: options.busybox,
					mode: 0o755,
				},
				{ type: "symlink", path: "bin/crprobe", target: "/init" },
			],
		}),
	]);
	const folder = gdb ? mkdtempSync(join(tmpdir(), "crcap-gdb-")) : undefined;
	const gdbSocket = folder === undefined ? undefined : join(folder, "gdb");
	const forget = () => {
		if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
	};
	process.once("exit", forget);
	try {
		const qemu = await spawnQemu(
			build,
			{
				machine,
				accel,
				kernel: resolve(options.kernel),
				// Addresses as vmlinux has them, where a debugger is to find them.
				cmdline: kernelCmdline(
					machine,
					["crcap_shell=1", gdb ? "nokaslr" : "", append]
						.filter(Boolean)
						.join(" "),
				),
				sandbox: build.sandbox,
				...(gdbSocket === undefined ? {} : { gdbSocket }),
			},
			initramfs,
			{ shell: true },
		);
		const exited = qemu.exited.finally(() => {
			process.off("exit", forget);
			forget();
		});
		if (gdbSocket !== undefined) await thereOrGone(gdbSocket, exited);
		return {
			console: qemu.console,
			input: qemu.input,
			...(gdbSocket === undefined ? {} : { gdbSocket }),
			stderr: qemu.stderr,
			exited,
			kill: qemu.kill,
		};
	} catch (error) {
		process.off("exit", forget);
		forget();
		throw error;
	}
}
