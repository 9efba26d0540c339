/** The command line of `npm run faults`. */
import { availableParallelism } from "node:os";
import { VERSIONS, type Version } from "./source.js";

export interface Options {
	readonly only: readonly string[];
	/** Every fault is booted with; else those of newer versions and of security modules are planted in a guest that runs. */
	readonly all: boolean;
	/** Those of the oldest version, too, are planted in a guest that runs: a fraction of the time, and no word on spread. */
	readonly inTurn: boolean;
	readonly versions: readonly Version[];
	readonly write: string | undefined;
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
	let all = false;
	let inTurn = false;
	let write: string | undefined;
	let jobs = availableParallelism();
	for (let i = 0; i < argv.length; i++) {
		const arg = argv[i] as string;
		const value = argv[i + 1];
		if (arg === "--write" && value !== undefined) {
			write = value;
			i++;
		} else if (arg === "--jobs" && /^[1-9]\d?$/.test(value ?? "")) {
			jobs = Number(value);
			i++;
		} else if (arg === "--linux" && isVersion(value)) {
			versions.push(value);
			i++;
		} else if (arg === "--all") {
			all = true;
		} else if (arg === "--in-turn") {
			inTurn = true;
		} else if (arg.startsWith("-")) {
			throw new Error(
				`unknown option ${arg}; usage: npm run faults -- [--all | --in-turn] [--linux ${VERSIONS.join("|")}] [--write FILE] [--jobs N] [FAULT…]`,
			);
		} else only.push(arg);
	}
	return {
		...{ only, all, inTurn, write, jobs, signal },
		versions: versions.length > 0 ? versions : VERSIONS,
	};
}

const isVersion = (text: string | undefined): text is Version =>
	VERSIONS.some((version) => version === text);
