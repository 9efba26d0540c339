/** The command line of `npm run faults`. */
import { availableParallelism } from "node:os";
import { CONFIGS, type ConfigName } from "./kernel/build.js";
import { VERSIONS, type Version } from "./kernel/source.js";

export interface Options {
	readonly only: readonly string[];
	/** Every fault is booted with, which shows how far it spreads; else faults are planted one after the other in a guest that runs. */
	readonly all: boolean;
	readonly versions: readonly Version[];
	/** The configurations to build of the oldest version. */
	readonly configs: readonly ConfigName[];
	/** They were asked for by name: faults that are asked for by name, too, are tried in them. */
	readonly configsChosen: boolean;
	readonly write: string | undefined;
	/** The page with the table of what "criu check" says. */
	readonly writeCriu: string | undefined;
	readonly jobs: number;
	readonly signal: AbortSignal;
}

/** @throws Error for what it does not know */
export function parseOptions(
	argv: readonly string[],
	signal: AbortSignal,
): Options {
	const only: string[] = [];
	const versions: Version[] = [];
	const configs: ConfigName[] = [];
	let all = false;
	let write: string | undefined;
	let writeCriu: string | undefined;
	let jobs = availableParallelism();
	for (let i = 0; i < argv.length; i++) {
		const arg = argv[i] as string;
		const value = argv[i + 1];
		if (arg === "--write" && value !== undefined) {
			write = value;
			i++;
		} else if (arg === "--write-criu" && value !== undefined) {
			writeCriu = value;
			i++;
		} else if (arg === "--jobs" && /^[1-9]\d?$/.test(value ?? "")) {
			jobs = Number(value);
			i++;
		} else if (arg === "--linux" && isVersion(value)) {
			versions.push(value);
			i++;
		} else if (arg === "--config" && isConfig(value)) {
			configs.push(value);
			i++;
		} else if (arg === "--all") {
			all = true;
		} else if (arg.startsWith("-")) {
			throw new Error(
				`unknown option ${arg}; usage: npm run faults -- [--all] [--linux ${VERSIONS.join("|")}] [--config ${CONFIGS.join("|")}] [--write FILE] [--write-criu FILE] [--jobs N] [FAULT…]`,
			);
		} else only.push(arg);
	}
	return {
		...{ only, all, write, writeCriu, jobs, signal },
		versions: versions.length > 0 ? versions : VERSIONS,
		configs: configs.length > 0 ? configs : CONFIGS,
		configsChosen: configs.length > 0,
	};
}

const isVersion = (text: string | undefined): text is Version =>
	VERSIONS.some((version) => version === text);

const isConfig = (text: string | undefined): text is ConfigName =>
	CONFIGS.some((config) => config === text);
