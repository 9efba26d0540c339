/** A kernel in a QEMU guest as a target. */
import { join } from "node:path";
import type { KernelInfo } from "../../results/model/model.js";
import {
	type AccelChoice,
	attemptText,
	BootError,
	type BootOptions,
	bootShell,
	busybox,
	type Guest,
	GuestSource,
	type InitramfsEntry,
	type Machine,
	OopsError,
	preflight,
	previewCommand,
	type RequestCatalogue,
	type ShellGuest,
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
	/** The stable release that its package's changelog names. */
	readonly stable?: string;
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
	/** Files that the guest's initramfs holds beside the agent. */
	readonly extraFiles?: readonly InitramfsEntry[];
	readonly append: string;
	/** The agent makes the subject of each case anew. */
	readonly freshSubjects?: boolean;
	/** It may go on from a state that an earlier run saved, and saves one. */
	readonly warm?: boolean;
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
		shell: (gdb, signal) => openShell(options, gdb, signal),
		open: (signal, onStart = () => {}) => openGuest(options, signal, onStart),
	};
}

async function openGuest(
	options: QemuTargetOptions,
	signal: AbortSignal,
	onStart: () => void,
): Promise<Session> {
	let accel: AccelChoice | undefined;
	let source: GuestSource | undefined;
	const notes: string[] = [];
	refuseUnbootable(options.kernel);
	try {
		accel = await options.chooseAccel(signal);
		source = sourceOf(options, accel, signal, onStart);
		const guest = await source.open((line) => notes.push(line));
		const common = { options, accel, source };
		return guestSession(common, guest, notes, () => common.source.close());
	} catch (error) {
		await source?.close();
		throw openError(error, accel, notes);
	}
}

async function openShell(
	options: QemuTargetOptions,
	gdb: boolean,
	signal: AbortSignal,
): Promise<ShellGuest> {
	const { kernel, agent, append, extraFiles = [], say } = options;
	refuseUnbootable(kernel);
	try {
		const program = await busybox(kernel.machine, {
			signal,
			...(say === undefined ? {} : { onProgress: say }),
		});
		const { accel } = await options.chooseAccel(signal);
		return await bootShell({
			...{ kernel: kernel.bootPath, machine: kernel.machine, agent, accel },
			...{ append, extraFiles, busybox: program, gdb },
		});
	} catch (error) {
		throw openError(error, undefined, []);
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

/** How guests of this kernel come up. */
function sourceOf(
	options: QemuTargetOptions,
	accel: AccelChoice,
	signal: AbortSignal,
	onStart: () => void,
): GuestSource {
	const { kernel, keepDir, say = () => {} } = options;
	return new GuestSource({
		boot: {
			kernel: kernel.bootPath,
			machine: kernel.machine,
			agent: options.agent,
			accel: accel.accel,
			append: options.append,
			configured: kernel.config !== undefined,
			catalogue: options.catalogue,
			extraFiles: options.extraFiles ?? [],
			onStart,
			signal,
			...options.limits,
			...(keepDir === undefined ? {} : { keepDir }),
			onProgress: say,
		},
		kernelSha: kernel.info.sha256,
		label: `Linux ${kernel.info.release} for ${kernel.machine.arch}`,
		warm: options.warm ?? false,
		spoilsBoot: (finding) =>
			spoilsBoot(finding, options.splats ?? splatPolicy()),
		say,
	});
}

/** What all sessions of one target have in common. */
interface Common {
	readonly options: QemuTargetOptions;
	readonly accel: AccelChoice;
	readonly source: GuestSource;
}

function guestSession(
	common: Common,
	first: Guest,
	notes: readonly string[],
	closed = async (): Promise<void> => {},
): Session {
	const { options, accel, source } = common;
	const { kernel, keepDir } = options;
	const { release, proc_version: version } = first.facts;
	let guest = first;
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
			commandLine: options.append,
			...(kernel.config === undefined ? {} : { config: kernel.config }),
			...(kernel.stable === undefined ? {} : { stable: kernel.stable }),
		},
		tools: { qemu: guest.qemuVersion, crprobe: guest.hello.crprobe },
		replay: (program) =>
			keepDir === undefined
				? `${guest.replayCommand(program)} # initramfs.cpio: ${keepLine(options)}`
				: shellLine([join(keepDir, "boot.sh"), program]),
		get savedAt() {
			const { savedAt } = guest;
			return savedAt === undefined ? undefined : new Date(savedAt);
		},
		notes,
		run: (requests, events) => runOnGuest(guest, requests, events, options),
		share: async () => {
			const more: string[] = [];
			try {
				guest = await source.share(guest, (line) => more.push(line));
				return more;
			} catch (error) {
				throw openError(error, accel, more);
			}
		},
		another: () => openAnother(common),
		async close() {
			guest.kill();
			await guest.end;
			await closed();
		},
	};
}

/** The same kernel once more. What is kept is the first guest's. */
async function openAnother(common: Common): Promise<Session> {
	const notes: string[] = [];
	try {
		const guest = await common.source.another((line) => notes.push(line));
		return guestSession(common, guest, notes);
	} catch (error) {
		throw openError(error, common.accel, notes);
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
	if (error instanceof OopsError) {
		const { consoleTail } = error;
		return new OpenError(error.message, { ...evidence, consoleTail });
	}
	if (error instanceof VmError || (error as Error)?.name === "AbortError") {
		return new OpenError((error as Error).message, evidence);
	}
	return error;
}
