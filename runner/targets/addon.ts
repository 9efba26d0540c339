/** The typed boundary to the Node.js addon: the probe core, run on this machine's own kernel. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../common/version.js";

/** What the addon offers. Both calls work off the event loop. */
export interface Addon {
	/**
	 * Runs one program under a deadline in milliseconds; `crprobePath` is a static crprobe for the steps that
	 * execute it. Resolves with the observation, `obs 0 …`; rejects where the case could not even be started.
	 */
	run(
		program: string,
		deadlineMs: number,
		crprobePath: string,
	): Promise<string>;
	/** The kernel facts: lines `fact NAME=VALUE`, values %XX-escaped. */
	facts(): Promise<string>;
	/** The probe core's version. */
	readonly version: string;
}

/** The addon is not there or does not load; the message lists what was tried and why the build failed. */
export class AddonUnavailableError extends Error {
	override readonly name = "AddonUnavailableError";
}

const BUILT = ["build/Release/crcap.node", "build/Debug/crcap.node"];

/** Where a build that failed leaves its reason. */
const FAILURE = "build/addon-failure.txt";

/**
 * Loads the addon.
 * @param top the folder that holds `build/`
 * @throws AddonUnavailableError with every path tried and the recorded build failure
 */
export function loadAddon(top: string = PACKAGE_ROOT): Addon {
	const require = createRequire(import.meta.url);
	const tried: string[] = [];
	for (const path of placesIn(top)) {
		if (!existsSync(path)) {
			tried.push(`${path}: not there`);
			continue;
		}
		try {
			const loaded: unknown = require(path);
			if (isAddon(loaded)) return loaded;
			tried.push(`${path}: not this version's addon`);
		} catch (error) {
			tried.push(`${path}: ${error instanceof Error ? error.message : error}`);
		}
	}
	throw new AddonUnavailableError(unavailable(top, tried));
}

/** What is used of that package: the addon's path in a package's folder; it throws where none is for this machine. */
interface NodeGypBuild {
	path(folder: string): string;
}

/** Where this machine's addon may be: built here, or in the package, in prebuildify's layout. */
function placesIn(top: string): string[] {
	const built = BUILT.map((path) => join(top, path));
	const folder = join(top, `prebuilds/${process.platform}-${process.arch}`);
	try {
		const nodeGypBuild: NodeGypBuild = createRequire(import.meta.url)(
			"node-gyp-build",
		);
		// It looks for what was built here as well.
		return [...new Set([...built, nodeGypBuild.path(top)])];
	} catch {
		return [...built, folder];
	}
}

function isAddon(value: unknown): value is Addon {
	if (typeof value !== "object" || value === null) return false;
	const { run, facts, version } = value as Record<string, unknown>;
	return (
		typeof run === "function" &&
		typeof facts === "function" &&
		typeof version === "string"
	);
}

function unavailable(top: string, tried: readonly string[]): string {
	const file = join(top, FAILURE);
	const failure = existsSync(file)
		? `Its last build failed: ${readFileSync(file, "utf8").trim()}`
		: "No failed build is on record: install scripts may be off here.";
	return [
		"The addon that runs cases on this machine's kernel is not available.",
		...tried.map((line) => `  ${line}`),
		failure,
		"The package holds it for machines with the GNU C library; elsewhere it needs make, a C++ compiler and Python: with them at hand, build it with `npm run setup` (in a clone) or `npm rebuild crcap`.",
	].join("\n");
}
