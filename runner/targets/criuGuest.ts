/** A guest that carries CRIU: what its initramfs holds beside the agent, and what it takes of a machine. */
import { criuFor, type InitramfsEntry, type Machine } from "../../vm/index.js";

/** MiB: CRIU and its images lie in the guest's memory. */
const MEMORY_MIB = 512;

/**
 * The files of CRIU for an architecture, fetched where the cache has none; none where Debian has no CRIU for it.
 * @throws VmError where it could not be fetched
 */
export async function criuEntries(
	machine: Machine,
	options: { signal: AbortSignal; say: (line: string) => void },
): Promise<InitramfsEntry[]> {
	const criu = await criuFor(machine.arch, {
		signal: options.signal,
		onProgress: options.say,
	});
	if (criu === undefined) {
		options.say(
			`Debian has no CRIU for ${machine.arch}: its cases are skipped`,
		);
		return [];
	}
	return [
		{
			type: "file",
			path: "crcap/criu",
			data: Buffer.from(`${criu.version}\n`),
		},
		...criu.files.map((file) => ({ type: "file", ...file }) as const),
	];
}

/** The machine with room for it. Emulated by QEMU 7.2, cmpxchg16b broke some kernels before they came to their first program. */
export function machineForCriu(machine: Machine): Machine {
	return {
		...machine,
		memoryMiB: Math.max(MEMORY_MIB, machine.memoryMiB),
		...(machine.arch === "x86_64" ? { cpu: `${machine.cpu},-cx16` } : {}),
	};
}
