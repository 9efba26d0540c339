/** `--lsm`: the security modules that a kernel is booted with, each as a target of its own. */
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
