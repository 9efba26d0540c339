/** Which guests can be saved, and what a saved one hangs on. */
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { prepareGuest } from "../guest/guest.js";
import type { BootOptions } from "../guest/options.js";
import { memoryBytes, qemuArgs } from "../qemu/arguments.js";
import { qemuBuild } from "../qemu/qemuBuild.js";
import { whyNoSharedMemory } from "../qemu/sharedMemory.js";
import { stateKey } from "./stateCache.js";

/** Why guests of this kind can't be saved and resumed; undefined where they can. */
export async function whyNoState(
	options: Pick<BootOptions, "machine" | "accel" | "keepDir" | "memoryMiB">,
): Promise<string | undefined> {
	const { machine, accel, keepDir } = options;
	if (keepDir !== undefined) return "what is kept is a whole boot's";
	if (accel !== "tcg") return "states are of emulated guests only";
	if (!machine.resumes)
		return `no saved guest of ${machine.arch} was seen to resume`;
	const { identity, program } = await qemuBuild(machine);
	if (identity === undefined) return `${program} is a script`;
	return whyNoSharedMemory(memoryBytes(options));
}

/**
 * What names a state of such a guest in the cache: all that shaped it.
 * @param kernelSha the image's SHA-256
 */
export async function guestStateKey(
	options: BootOptions,
	kernelSha: string,
): Promise<string> {
	const { build, initramfs, spec } = await prepareGuest(options);
	const backends = { console: "null", results: "null", qmp: "null" };
	const nothing = {
		kernel: "",
		initrd: "",
		memory: { kind: "shared", path: "" },
	} as const;
	return stateKey({
		kernel: [kernelSha, (await stat(spec.kernel)).size],
		initramfs: createHash("sha256").update(initramfs).digest("hex"),
		arguments: qemuArgs({ ...spec, ...nothing }, backends),
		qemu: [build.identity, build.version],
		cpu: await hostCpu(),
	});
}

/** The processor's model and features, of the first of them. */
async function hostCpu(): Promise<string> {
	const text = await readFile("/proc/cpuinfo", "utf8").catch(() => "");
	const first = text.split("\n\n", 1)[0] ?? "";
	return first
		.split("\n")
		.filter((line) => /^(vendor_id|model name|flags|Features|CPU)/.test(line))
		.join("\n");
}
