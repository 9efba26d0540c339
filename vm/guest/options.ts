/** How a guest is to be booted, and how long each step may take. */

import type { Machine } from "../base/machines.js";
import type { RequestCatalogue } from "../channel/requestCatalogue.js";
import type { Accel } from "../qemu/arguments.js";
import type { InitramfsEntry } from "../qemu/initramfs.js";

export interface BootOptions {
	/** What QEMU boots: an image's `bootPath`. */
	kernel: string;
	machine: Machine;
	/** The kernel's configuration was looked at, and has what a boot needs. */
	configured?: boolean;
	/** Path of the agent, a static program for the guest's architecture. */
	agent: string;
	accel: Accel;
	/** Added to the kernel's command line; its words win over ours. */
	append?: string;
	/** Until the agent's first word, milliseconds; a machine that is slow to emulate gets more by default. */
	bootTimeoutMs?: number;
	/** Longest silence of the console before the agent's first word, milliseconds. */
	bootSilenceMs?: number;
	/** Boots tried before giving up, 1 to 3. */
	maxBoots?: number;
	/** Added to a case's deadline before silence means a hang, milliseconds. */
	slackMs?: number;
	/** MiB, instead of the machine's own. */
	memoryMiB?: number;
	/** So that the guest can be saved while it was asked nothing; see `whyNoState()`. */
	savable?: boolean;
	/** Ends the boot, or the guest. */
	signal?: AbortSignal | undefined;
	/** Console, channel, initramfs and a script that boots the same guest are left here. */
	keepDir?: string | undefined;
	/** The requests that travel in the initramfs, which is quicker than a serial port. */
	catalogue?: RequestCatalogue;
	/** Called once QEMU was started: there is time for work until the guest's first word. */
	onStart?: () => void;
	/** More members for the initramfs. */
	extraFiles?: readonly InitramfsEntry[];
	/** QEMU is broken when its standard error matches: the boot ends at once. */
	fatalStderr?: RegExp;
	/** Told what happens, for progress: one short line each. */
	onProgress?: (line: string) => void;
}

const BOOT_TIMEOUT_MS = { tcg: 60_000, kvm: 30_000 } as const;
const BOOT_SILENCE_MS = { tcg: 30_000, kvm: 10_000 } as const;
/** With these words a sound kernel says nothing for the whole boot. */
const QUIET = /(^|\s)(quiet|loglevel=[0-4])(\s|$)/;
const SLACK_MS = 10_000;
const MAX_BOOTS = 3;

/** The deadlines of a boot; slow machines get more where nothing else is asked for. */
export interface BootLimits {
	bootTimeoutMs: number;
	bootSilenceMs: number;
	slackMs: number;
	maxBoots: number;
}

export function limitsOf(
	options: Pick<BootOptions, "accel" | "machine" | "append" | keyof BootLimits>,
): BootLimits {
	const { accel, machine } = options;
	const scale = accel === "tcg" ? machine.slowness : 1;
	const bootTimeoutMs = options.bootTimeoutMs ?? BOOT_TIMEOUT_MS[accel] * scale;
	const silenceMs = QUIET.test(options.append ?? "")
		? bootTimeoutMs
		: BOOT_SILENCE_MS[accel] * scale;
	return {
		bootTimeoutMs,
		bootSilenceMs: options.bootSilenceMs ?? silenceMs,
		slackMs: options.slackMs ?? SLACK_MS * scale,
		maxBoots: Math.min(MAX_BOOTS, Math.max(1, options.maxBoots ?? MAX_BOOTS)),
	};
}
