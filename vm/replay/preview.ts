/** What would be started, without starting it. */
import type { Machine } from "../base/machines.js";
import { type Accel, kernelCmdline } from "../qemu/arguments.js";
import { qemuBuild } from "../qemu/qemuBuild.js";
import { replayCommand } from "./replay.js";

/**
 * The line that a guest would be booted with, its ports on the terminal.
 * @throws VmError (missing) where there is no QEMU for it
 */
export async function previewCommand(guest: {
	readonly kernel: string;
	readonly machine: Machine;
	readonly accel: Accel;
	readonly append: string;
}): Promise<string> {
	const { kernel, machine, accel, append } = guest;
	const { program, sandbox } = await qemuBuild(machine);
	const cmdline = kernelCmdline(machine, append);
	const spec = { machine, accel, kernel, cmdline, sandbox };
	return replayCommand(program, spec, "initramfs.cpio");
}
