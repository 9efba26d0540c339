/** `--lsm`: the security modules that a kernel is booted with, each as a target of its own, by the kernel's parameter lsm=. */
import { InvalidArgumentError } from "commander";
import { didYouMean } from "../common/usage.js";

/** The modules that confine by a policy. */
export const MAJOR_MODULES = ["apparmor", "selinux", "tomoyo"] as const;

/** `none` is a kernel without any of them, `all` each of the others. */
export const LSM_WORDS = [...MAJOR_MODULES, "none", "all"] as const;

export type LsmWord = (typeof LSM_WORDS)[number];

/** Reads `apparmor,selinux`; what was given before stays. */
export function readLsms(text: string, before: LsmWord[] = []): LsmWord[] {
	const read = text.split(",").map((part) => {
		const found = LSM_WORDS.find((word) => word === part);
		if (found === undefined)
			throw new InvalidArgumentError(
				`It is a list of ${LSM_WORDS.join(", ")}.${didYouMean(part, LSM_WORDS)}`,
			);
		return found;
	});
	return [...before, ...read];
}

/** A kernel as it is booted for a module. */
export interface LsmBoot {
	/** What the target's name ends with. */
	readonly suffix: string;
	/** For the kernel's command line. */
	readonly append: string;
}

/** What is wanted beside the module where the kernel's own list is not known: a kernel leaves out what it has not. */
const MINOR = ["landlock", "lockdown", "yama", "integrity", "bpf"];

/**
 * The boots that `--lsm` asks for; without it the one that the kernel's configuration makes. `all` leaves out what the
 * configuration has not.
 */
export function lsmBoots(
	words: readonly LsmWord[],
	config: string | undefined,
): LsmBoot[] {
	if (words.length === 0) return [{ suffix: "", append: "" }];
	const wanted = words.includes("all")
		? LSM_WORDS.filter((word) => word !== "all" && isBuilt(word, config))
		: words;
	return [...new Set(wanted)].map((word) => ({
		suffix: `+${word}`,
		append: `lsm=${modulesWith(word, config).join(",")}`,
	}));
}

function isBuilt(word: LsmWord, config: string | undefined): boolean {
	if (config === undefined || word === "none") return true;
	return new RegExp(`^CONFIG_SECURITY_${word.toUpperCase()}=y$`, "m").test(
		config,
	);
}

/**
 * The kernel's own list with the module in the place of those that confine: before bpf, which else answers what is asked of the
 * module in /proc/PID/attr.
 */
function modulesWith(word: LsmWord, config: string | undefined): string[] {
	const listed = /^CONFIG_LSM="([^"]*)"$/m
		.exec(config ?? "")?.[1]
		?.split(",")
		.filter(Boolean);
	const majors: readonly string[] = [...MAJOR_MODULES, "smack"];
	const minor = (listed ?? MINOR).filter((name) => !majors.includes(name));
	if (word === "none") return minor;
	const bpf = minor.indexOf("bpf");
	return minor.toSpliced(bpf < 0 ? minor.length : bpf, 0, word);
}
