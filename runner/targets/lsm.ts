/** What makes a security module the one that confines: the kernel's parameter lsm=, which names all that are wanted, in order. */
import { LSM_WORDS, type LsmWord, MAJOR_MODULES } from "../request/lsm.js";

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
	const listed = /^CONFIG_LSM="([^"]*)"$/m.exec(config ?? "")?.[1]?.split(",");
	const majors: readonly string[] = [...MAJOR_MODULES, "smack"];
	const minor = (listed ?? MINOR).filter((name) => !majors.includes(name));
	if (word === "none") return minor;
	const bpf = minor.indexOf("bpf");
	return minor.toSpliced(bpf < 0 ? minor.length : bpf, 0, word);
}
