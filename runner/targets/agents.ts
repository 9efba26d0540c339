/** What guests hold: the agents that travel with the package, one static binary an architecture; policies; CRIU, and a program for it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
	CRIU,
	guestProgram,
	type InitramfsEntry,
	type Machine,
	NODE,
	type ProgramSource,
	RequestCatalogue,
} from "../../vm/index.js";
import { UsageError } from "../common/usage.js";
import { PACKAGE_ROOT } from "../common/version.js";
import type { Extra } from "../request/extras.js";

/** The folder in which the build puts the agents. */
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

interface FetchWays {
	readonly signal: AbortSignal;
	readonly say: (line: string) => void;
}

/**
 * The files of a program for an architecture, fetched where the cache has none, and of the fact that tells of it; none
 * where Debian has no such program for it.
 * @throws VmError where it could not be fetched
 */
async function carried(
	source: ProgramSource,
	fact: string,
	{ arch }: Machine,
	{ signal, say }: FetchWays,
): Promise<InitramfsEntry[]> {
	const program = await guestProgram(source, arch, {
		signal,
		onProgress: say,
	});
	if (program === undefined) {
		say(`Debian has no ${source.name} for ${arch}: its cases are skipped`);
		return [];
	}
	const words = fact === source.name ? "" : `${source.package} `;
	return [
		{
			type: "file",
			path: `crcap/${fact}`,
			data: Buffer.from(`${words}${program.version}\n`),
		},
		...program.files.map((file) => ({ type: "file", ...file }) as const),
	];
}

/** What the program runs; native/criu/criu.h names its path. */
const countingScript = (root = PACKAGE_ROOT): InitramfsEntry => ({
	type: "file",
	path: "crcap/count.mjs",
	data: readFileSync(join(root, "dist/runner/victim/count.js")),
	mode: 0o755,
});

/**
 * What guests carry for the extras: CRIU, and the program that it is to checkpoint where that is asked for. CRIU's libraries
 * are the newer ones, which serve the program as well.
 * @throws VmError where it could not be fetched
 */
export async function extraEntries(
	machine: Machine,
	extras: readonly Extra[],
	ways: FetchWays,
): Promise<InitramfsEntry[]> {
	const program = extras.includes("criu.program")
		? [await carried(NODE, "program", machine, ways), [countingScript()]].flat()
		: [];
	const criu = await carried(CRIU, "criu", machine, ways);
	const taken = new Set(criu.map(({ path }) => path));
	return [...criu, ...program.filter(({ path }) => !taken.has(path))];
}

/** The machine, with memory for it. Emulated by QEMU 7.2, cmpxchg16b broke some kernels before they came to their first program. */
export function machineForCriu(machine: Machine): Machine {
	return {
		...machine,
		memoryMiB: Math.max(MEMORY_MIB, machine.memoryMiB),
		...(machine.arch === "x86_64" ? { cpu: `${machine.cpu},-cx16` } : {}),
	};
}
