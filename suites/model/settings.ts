/** Settings that somebody made: a limit or a switch, which excuses a case only where it is known who could have set it. */
import type { Facts } from "./facts.js";

/** Each reason that a setting gives begins with the sysctl and its value. */
const QUOTED = /^((?:fs|kernel|user|vm)\.[\w.]+) is /;

/** Sysctls that distributions' patches add, with defaults of their own. */
const DISTRIBUTIONS: ReadonlySet<string> = new Set([
	"kernel.unprivileged_userns_clone",
	"kernel.apparmor_restrict_unprivileged_userns",
]);

/**
 * Why a setting that a reason quotes is none; null where it may be one, or where the reason quotes none. A guest begins with
 * the kernel's own values: nothing but a command line changes them, so a value that no command line asks for is the kernel's
 * doing. On a machine that others booted anybody may have set it.
 */
export function unmadeSetting(reason: string, facts: Facts): string | null {
	const sysctl = QUOTED.exec(reason)?.[1];
	if (sysctl === undefined || facts.commandLine === undefined) return null;
	if (DISTRIBUTIONS.has(sysctl) || facts.changedSettings) return null;
	const words = [facts.commandLine, facts.config?.get("CMDLINE")].join(" ");
	if (asks(words, sysctl)) return null;
	return `${reason}. Nothing asked for that: the kernel comes up with it, and --expect changed-settings says that it is meant to`;
}

/** The parameter `sysctl.` takes dots and slashes alike. */
function asks(words: string, sysctl: string): boolean {
	const wanted = sysctl.replaceAll(".", "/");
	return words.split(/\s+/).some((word) => nameOf(word) === wanted);
}

const nameOf = (word: string): string | undefined =>
	/^sysctl[./]([^=]+)=/.exec(word)?.[1]?.replaceAll(".", "/");
