/** `crcap.config.json`: what a project always asks for. The command line overrides it. */
import { lstatSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { readSmallFile } from "../common/source.js";
import { UsageError } from "../common/usage.js";
import type { Config } from "./config.js";

/** Read from the current directory where `--config` names no other. */
const CONFIG_FILE = "crcap.config.json";

/** Bytes: far more than anybody writes, and little enough to hold. */
const LONGEST = 1_000_000;

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
	// A link that leads nowhere is there, and somebody wants it read.
	const there = lstatSync(path, { throwIfNoEntry: false });
	if (named === undefined && there === undefined) return { config: {} };
	const text = read(named, path);
	const { parseConfig } = await import("./config.js");
	return { config: parseConfig(text, path), path };
}

function read(named: string | undefined, path: string): string {
	try {
		return readSmallFile(path, LONGEST);
	} catch (error) {
		if (!(error instanceof UsageError)) throw error;
		const asked = named === undefined ? "" : "--config ";
		throw new UsageError(`${asked}${error.message}`);
	}
}

/** A path in a configuration is relative to its file. */
export function fromConfig(loaded: LoadedConfig, path: string): string {
	return loaded.path === undefined ? path : resolve(dirname(loaded.path), path);
}
