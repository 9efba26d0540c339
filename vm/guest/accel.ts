/**
 * KVM or emulation. A /dev/kvm that opens proves nothing: on some machines guests then never reach user space. So KVM is
 * used only when a probe guest got that far with it, with the same kernel and initramfs; the verdict is remembered until
 * the host boots again, or KVM is demanded after a bad one.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, readFile, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { cacheDir, fillAtomically } from "../base/cache.js";
import { errnoOf, messageOf, VmError } from "../base/errors.js";
import { type OfShape, readJsonShape } from "../base/jsonShape.js";
import type { Accel } from "../qemu/arguments.js";
import { qemuBuild } from "../qemu/qemuBuild.js";
import { BootError } from "./boot.js";
import { bootGuest } from "./guest.js";
import type { BootOptions } from "./options.js";

export type AccelRequest = "auto" | Accel;

/** What is used, and why, in a sentence for the report. */
export interface AccelChoice {
	accel: Accel;
	reason: string;
	/** What the choice cost, milliseconds; 0 when it was remembered. */
	probeMs: number;
}

export interface AccelOptions extends Omit<BootOptions, "accel"> {
	/** Instead of `/dev/kvm`. */
	kvmDevice?: string;
}

const KVM_DEVICE = "/dev/kvm";
/** The whole probe takes no longer, milliseconds. */
const PROBE_DEADLINE_MS = 8000;
/** A guest that works has said something on its console by then. */
const PROBE_SILENCE_MS = 4000;
const KVM_BROKEN =
	/KVM internal error|failed to initialize kvm|Could not access KVM/i;

const VERDICT = { works: "boolean", reason: "string" } as const;
type Verdict = OfShape<typeof VERDICT>;

/** Why the device cannot be used; undefined when it opens. */
async function whyClosed(device: string): Promise<string | undefined> {
	return access(device, constants.R_OK | constants.W_OK).then(
		() => undefined,
		(error: unknown) =>
			errnoOf(error) === "ENOENT"
				? `there is no ${device}`
				: `${device} cannot be opened (${errnoOf(error) || messageOf(error)})`,
	);
}

/** What a verdict holds for: this boot of this host, this QEMU, this kernel, this machine. */
async function verdictPath(
	options: BootOptions,
	kernelSha: string,
): Promise<string> {
	const bootId = await readFile(
		"/proc/sys/kernel/random/boot_id",
		"utf8",
	).catch(() => "");
	const { version } = await qemuBuild(options.machine);
	const key = createHash("sha256")
		.update(
			JSON.stringify([
				hostname(),
				bootId.trim(),
				version,
				kernelSha,
				options.machine,
			]),
		)
		.digest("hex");
	return cacheDir("accel", key);
}

async function remembered(path: string): Promise<Verdict | undefined> {
	return readJsonShape(await readFile(path, "utf8").catch(() => ""), VERDICT);
}

async function probe(options: BootOptions): Promise<Verdict> {
	try {
		const guest = await bootGuest({
			...options,
			keepDir: undefined,
			// The verdict is on KVM: the user's words are left out, so that they can't spoil it.
			append: "",
			accel: "kvm",
			bootTimeoutMs: PROBE_DEADLINE_MS,
			bootSilenceMs: PROBE_SILENCE_MS,
			maxBoots: 1,
			fatalStderr: KVM_BROKEN,
		});
		const ms = Math.round(guest.bootMs);
		guest.kill("the probe is over");
		await guest.end;
		return {
			works: true,
			reason: `KVM was proven: a probe guest reached user space in ${ms} ms`,
		};
	} catch (error) {
		if (!(error instanceof BootError)) throw error;
		const why = error.attempts.at(-1)?.reason ?? error.message;
		return {
			works: false,
			reason: `/dev/kvm opens, but a probe guest did not reach user space with it: ${why}`,
		};
	}
}

/**
 * Chooses the accelerator for a guest that is to be booted with these options.
 * @param kernelSha the image's SHA-256
 * @throws VmError (usage) when KVM was demanded and is not to be had; what bootGuest() throws for a missing QEMU or agent.
 */
export async function chooseAccel(
	asked: AccelRequest,
	options: AccelOptions,
	kernelSha: string,
): Promise<AccelChoice> {
	if (asked === "tcg")
		return { accel: "tcg", reason: "emulation was asked for", probeMs: 0 };
	const without = (reason: string, probeMs = 0): AccelChoice => {
		if (asked === "kvm")
			throw new VmError(
				"usage",
				`KVM was asked for and does not work: ${reason}`,
				{
					hint: "use --accel tcg or auto",
				},
			);
		return { accel: "tcg", reason, probeMs };
	};
	const { machine } = options;
	if (!machine.kvmHosts.includes(process.arch))
		return without(
			`this ${process.arch} machine's KVM cannot run ${machine.arch}`,
		);
	const closed = await whyClosed(options.kvmDevice ?? KVM_DEVICE);
	if (closed !== undefined) return without(closed);
	const started = performance.now();
	const full: BootOptions = {
		...options,
		kernel: resolve(options.kernel),
		accel: "kvm",
	};
	const path = await verdictPath(full, kernelSha);
	const last = await remembered(path);
	// It may have been a busy host: who demands KVM gets it tried again.
	const known = asked === "kvm" && !last?.works ? undefined : last;
	options.onProgress?.(
		known ? "KVM was tried before" : "trying KVM with a probe guest",
	);
	const verdict = known ?? (await probe(full));
	if (!known)
		await fillAtomically(path, (to) =>
			writeFile(to, JSON.stringify(verdict)),
		).catch(() => {
			// Not to remember costs the next run a probe, no more.
		});
	const probeMs = known ? 0 : performance.now() - started;
	const again = verdict.works ? "" : "; --accel kvm tries it again";
	const reason = known
		? `${verdict.reason} (remembered from an earlier run${again})`
		: verdict.reason;
	return verdict.works
		? { accel: "kvm", reason, probeMs }
		: without(reason, probeMs);
}
