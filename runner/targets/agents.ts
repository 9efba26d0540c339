/** What guests hold: the agents that travel with the package, one static binary an architecture; policies; CRIU. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
	CRIU,
	guestProgram,
	type InitramfsEntry,
	type Machine,
	RequestCatalogue,
} from "../../vm/index.js";
import { UsageError } from "../common/usage.js";
import { PACKAGE_ROOT } from "../common/version.js";

/** Where the build puts them. */
export const AGENTS = join(PACKAGE_ROOT, "dist/agent");

/**
 * The agent for an architecture.
 * @throws UsageError when it was not built
 */
export function agentPath(arch: string, folder = AGENTS): string {
	const path = join(folder, `crprobe-${arch}`);
	if (existsSync(path)) return path;
	throw new UsageError(
		`there is no agent for ${arch}: ${path} is missing; in a clone \`npm run setup -- --arch ${arch}\` builds it`,
	);
}

/** The requests that travel with an agent; without the file, which the build makes, they are all sent over the line. */
export function requestCatalogue(root = PACKAGE_ROOT): RequestCatalogue {
	const path = join(root, "dist", "agent", "requests");
	const known = catalogues.get(path);
	if (known !== undefined) return known;
	const text = existsSync(path) ? readFileSync(path, "latin1") : "";
	const catalogue = new RequestCatalogue(text);
	catalogues.set(path, catalogue);
	return catalogue;
}

/** By path: every guest of a run has the same. */
const catalogues = new Map<string, RequestCatalogue>();

/** The security policies that travel with an agent, a few kB: none where the build had no tools for them. */
export function policyFiles(root = PACKAGE_ROOT): InitramfsEntry[] {
	const folder = join(root, "dist", "agent", "policy");
	if (!existsSync(folder)) return [];
	return readdirSync(folder)
		.sort()
		.map((name) => ({
			type: "file",
			path: `crcap/policy/${name}`,
			data: readFileSync(join(folder, name)),
		}));
}

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
	const criu = await guestProgram(CRIU, machine.arch, {
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
