/** The guest agents that travel with the package, one static binary an architecture. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type InitramfsEntry, RequestCatalogue } from "../../vm/index.js";
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
