/** `crcap.config.json`: what a project always asks for. The command line overrides it. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Config } from "./config.js";
import { UsageError } from "./usage.js";

/** Read from the current directory where `--config` names no other. */
const CONFIG_FILE = "crcap.config.json";

/** A configuration and the folder that its relative paths start from. */
export interface LoadedConfig {
	readonly config: Config;
	/** Absent where there is no file. */
	readonly path?: string;
}

/**
 * Reads the file that `--config` names, or the one in the current directory, where there is one.
 * @throws UsageError naming the place in the file.
 */
export async function loadConfig(
	named: string | undefined,
): Promise<LoadedConfig> {
	const path = resolve(named ?? CONFIG_FILE);
	if (named === undefined && !existsSync(path)) return { config: {} };
	let text: string;
	try {
		text = readFileSync(path, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		throw new UsageError(`--config ${named}: can't be read (${code})`);
	}
	const { parseConfig } = await import("./config.js");
	return { config: parseConfig(text, path), path };
}

/** A path in a configuration is relative to its file. */
export function fromConfig(loaded: LoadedConfig, path: string): string {
	return loaded.path === undefined ? path : resolve(dirname(loaded.path), path);
}
