/** A kernel in a QEMU guest as a target. */
import { join } from "node:path";
import type { KernelInfo } from "../../results/model/model.js";
import {
	type AccelChoice,
	type BootAttempt,
	BootError,
	type BootOptions,
	bootGuest,
	type Guest,
	type InitramfsEntry,
	type Machine,
	preflight,
	previewCommand,
	type RequestCatalogue,
	VmError,
} from "../../vm/index.js";
import { shellLine } from "../common/shellQuote.js";
import { type SplatPolicy, splatPolicy } from "../request/splats.js";
import { spoilsBoot } from "../splats/consoleFindings.js";
import { runOnGuest } from "./qemuSession.js";
import { OpenError, type Session, type Target } from "./target.js";

/** A kernel that was found and looked at. */
export interface BootableKernel {
	readonly info: KernelInfo;
	/** The image's format, e.g. `bzImage`. */
	readonly format: string;
	/** The file that QEMU gets. */
	readonly bootPath: string;
	/** The kernel's .config, where it came with one. */
	readonly config?: string;
	readonly machine: Machine;
}

/** Instead of the times that a guest gets by its machine. */
export type BootTimes = Pick<
	BootOptions,
	"bootTimeoutMs" | "bootSilenceMs" | "slackMs" | "maxBoots"
>;

export interface QemuTargetOptions {
	readonly name: string;
	readonly kernel: BootableKernel;
	/** Path of the agent for the kernel's architecture. */
	readonly agent: string;
	/** The requests that travel with it. */
	readonly catalogue: RequestCatalogue;
	/** More for the guest's initramfs. */
	readonly extraFiles?: readonly InitramfsEntry[];
	readonly append: string;
	/** The agent makes the subject of each case anew. */
	readonly freshSubjects?: boolean;
	/** What the kernel's complaints make of a case. */
	readonly splats?: SplatPolicy;
	readonly limits?: BootTimes;
	/** What a line that is only shown is to name. */
	readonly shownAccel?: "kvm" | "tcg";
	/** Chosen only when the guest is wanted: it may take a probe. */
	readonly chooseAccel: (signal: AbortSignal) => Promise<AccelChoice>;
	/** Where the guest's files are kept. */
	readonly keepDir?: string;
	/** Told what happens on the way up. */
	readonly say?: (line: string) => void;
}

/** A kernel that oopsed before it was asked anything may say anything after; so often it gets another chance. */
const CLEAN_BOOTS = 3;

export function qemuTarget(options: QemuTargetOptions): Target {
	const { name, kernel } = options;
	return {
		name,
		kind: "qemu",
		kernel: kernel.info,
		mayTouchHost: true,
		bootLine: () =>
			previewCommand({
				kernel: kernel.bootPath,
				machine: kernel.machine,
				accel: options.shownAccel ?? "tcg",
				append: options.append,
			}),
		open: (signal, onStart = () => {}) => openGuest(options, signal, onStart),
	};
}

async function openGuest(
	options: QemuTargetOptions,
	signal: AbortSignal,
	onStart: () => void,
): Promise<Session> {
	let accel: AccelChoice | undefined;
	const notes: string[] = [];
	refuseUnbootable(options.kernel);
	try {
		accel = await options.chooseAccel(signal);
		const guest = await bootClean(options, accel, signal, onStart, notes);
		return guestSession(options, accel, guest, notes, signal);
	} catch (error) {
		throw openError(error, accel, notes);
	}
}

/** A boot that would only hang is not begun. */
function refuseUnbootable({ config, machine }: BootableKernel): void {
	const missing = config === undefined ? [] : preflight(config, machine.arch);
	if (missing.length === 0) return;
	throw new OpenError(
		`by its configuration the kernel can't boot here: it lacks ${missing.join(", ")}`,
	);
}

/** Boots until the kernel came up without an oops. */
async function bootClean(
	options: QemuTargetOptions,
	accel: AccelChoice,
	signal: AbortSignal,
	onStart: () => void,
	notes: string[],
): Promise<Guest> {
	for (let boot = 1; ; boot++) {
		const guest = await bootGuest({
			kernel: options.kernel.bootPath,
			machine: options.kernel.machine,
			agent: options.agent,
			accel: accel.accel,
			append: options.append,
			configured: options.kernel.config !== undefined,
			catalogue: options.catalogue,
			extraFiles: options.extraFiles ?? [],
			onStart,
			signal,
			...options.limits,
			...(options.keepDir === undefined ? {} : { keepDir: options.keepDir }),
			...(options.say === undefined ? {} : { onProgress: options.say }),
		});
		notes.push(...guest.failedBoots.map(attemptText));
		const oops = guest.console.findings.find((finding) =>
			spoilsBoot(finding, options.splats ?? splatPolicy()),
		);
		if (oops === undefined) return guest;
		guest.kill("the kernel oopsed while it booted");
		const end = await guest.end;
		const what = `the kernel oopsed while it booted: ${oops.line}`;
		if (boot === CLEAN_BOOTS) {
			throw new OpenError(`in each of ${boot} boots ${what}`, {
				consoleTail: end.consoleTail,
			});
		}
		notes.push(`boot ${boot} was thrown away: ${what}`);
		options.say?.(`${what}; trying again`);
	}
}

function guestSession(
	options: QemuTargetOptions,
	accel: AccelChoice,
	guest: Guest,
	notes: readonly string[],
	signal: AbortSignal,
): Session {
	const { kernel, keepDir } = options;
	const { release, proc_version: version } = guest.facts;
	return {
		kernel: {
			...kernel.info,
			...(release === undefined ? {} : { release }),
			...(version === undefined ? {} : { version }),
		},
		accel: guest.accel,
		accelReason: accel.reason,
		facts: {
			reported: guest.facts,
			arch: kernel.machine.arch,
			...(kernel.config === undefined ? {} : { config: kernel.config }),
		},
		tools: { qemu: guest.qemuVersion, crprobe: guest.hello.crprobe },
		replay: (program) =>
			keepDir === undefined
				? `${guest.replayCommand(program)} # initramfs.cpio: ${keepLine(options)}`
				: shellLine([join(keepDir, "boot.sh"), program]),
		notes,
		run: (requests, events) => runOnGuest(guest, requests, events, options),
		another: () => openAnother(options, accel, signal),
		async close() {
			guest.kill();
			await guest.end;
		},
	};
}

/** The same kernel once more. What is kept is the first guest's. */
async function openAnother(
	{ keepDir: _, ...options }: QemuTargetOptions,
	accel: AccelChoice,
	signal: AbortSignal,
): Promise<Session> {
	const notes: string[] = [];
	try {
		const guest = await bootClean(options, accel, signal, () => {}, notes);
		return guestSession(options, accel, guest, notes, signal);
	} catch (error) {
		throw openError(error, accel, notes);
	}
}

/** The line that leaves the guest's initramfs in the current directory. */
function keepLine({ kernel, append }: QemuTargetOptions): string {
	const appended = append === "" ? [] : ["--append", append];
	return shellLine([
		...["crcap", "run", "--kernel", kernel.info.path],
		...[...appended, "--keep", "."],
	]);
}

/** Whatever kept a guest from coming up, as the end of this target alone. */
function openError(
	error: unknown,
	accel: AccelChoice | undefined,
	notes: readonly string[],
): unknown {
	const evidence = { notes, accel: accel?.accel ?? "none" } as const;
	if (error instanceof OpenError) {
		return new OpenError(error.message, {
			...evidence,
			consoleTail: error.consoleTail,
		});
	}
	if (error instanceof BootError) {
		const tail = error.attempts.at(-1)?.consoleTail ?? [];
		return new OpenError(error.message, {
			...evidence,
			consoleTail: tail,
			notes: [...notes, ...error.attempts.map(attemptText)],
		});
	}
	if (error instanceof VmError || (error as Error)?.name === "AbortError") {
		return new OpenError((error as Error).message, evidence);
	}
	return error;
}

/** A boot that came to nothing is the harness's trouble, and is told as such. */
function attemptText(attempt: BootAttempt): string {
	const seconds = (attempt.durationMs / 1000).toFixed(1);
	return `boot ${attempt.attempt} failed after ${seconds} s: ${attempt.reason}`;
}
