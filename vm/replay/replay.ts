/** The same guest by hand: a line for reports, and a script for `--keep`. */
import { createHash } from "node:crypto";
import { readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { cacheDir, exists, fillAtomically } from "../base/cache.js";
import { type GuestSpec, qemuArgs, shellQuote } from "../qemu/arguments.js";

type Spec = Omit<GuestSpec, "initrd">;

function commandWords(
	program: string,
	spec: Spec,
	initrd: string,
	backends: { console: string; results: string },
): string[] {
	const shared = spec.machine.channel.kind === "shared";
	return [
		program,
		...qemuArgs(
			{ ...spec, initrd },
			{
				console: backends.console,
				...(shared ? {} : { results: backends.results }),
			},
		),
	];
}

/** What the kernel's command line ends with where the agent is to try one case alone, and to write its observation to the console. */
function caseArg(caseProgram: string): string {
	return ` crcap_program="${caseProgram}"`;
}

/**
 * One line that boots the guest with its console on the terminal and the agent's words on the standard error.
 * @param caseProgram the case to try there; without it the agent waits for requests
 */
export function replayCommand(
	program: string,
	spec: Spec,
	initrd: string,
	caseProgram?: string,
): string {
	const cmdline =
		spec.cmdline + (caseProgram === undefined ? "" : caseArg(caseProgram));
	return commandWords(program, { ...spec, cmdline }, initrd, {
		console: "stdio,signal=off",
		results: "file,path=/dev/stderr",
	})
		.map(shellQuote)
		.join(" ");
}

/** So many initramfs files are kept for replay lines. */
const MAX_KEPT = 10;
const KEPT = /^[0-9a-f]{16}\.cpio$/;

/** Puts an initramfs where a replay line finds it later; undefined where the cache cannot hold it. */
export async function keepForReplay(
	initramfs: Uint8Array,
): Promise<string | undefined> {
	const hash = createHash("sha256").update(initramfs).digest("hex");
	const path = cacheDir("initramfs", `${hash.slice(0, 16)}.cpio`);
	try {
		if (await exists(path)) return path;
		await fillAtomically(path, (to) => writeFile(to, initramfs));
		await forgetOldest(dirname(path));
		return path;
	} catch {
		return undefined;
	}
}

/** Other runs come and go here too: what is temporary is theirs, and what vanishes meanwhile is gone all the same. */
async function forgetOldest(dir: string): Promise<void> {
	const names = (await readdir(dir)).filter((name) => KEPT.test(name));
	const files = await Promise.all(
		names.map(async (name) => {
			const path = join(dir, name);
			const info = await stat(path).catch(() => undefined);
			return { path, age: info?.mtimeMs ?? 0 };
		}),
	);
	files.sort((a, b) => b.age - a.age);
	for (const { path } of files.slice(MAX_KEPT)) await rm(path, { force: true });
}

/**
 * A script that boots the same guest from the directory that it stands in. Its first argument, where it is not empty, is the
 * program of a case to try there; the others are added to QEMU's.
 */
export function replayScript(
	program: string,
	spec: Spec,
	initramfsPath: string,
): string {
	const parts: Record<string, string> = {
		initrd: `"$here"/${shellQuote(basename(initramfsPath))}`,
		channel: '"$doubled"/channel-replay.log',
		cmdline: '"$cmdline"',
	};
	const words = commandWords(
		program,
		{ ...spec, cmdline: "\0cmdline" },
		"\0initrd",
		{ console: "stdio,signal=off", results: "file,path=\0channel" },
	).map((word) => {
		const [start = "", part] = word.split("\0");
		if (part === undefined) return shellQuote(word);
		return `${start === "" ? "" : shellQuote(start)}${parts[part]}`;
	});
	return `#!/bin/sh
# Boots the same guest by hand. The kernel's console is this terminal; what the agent says goes to channel-replay.log.
# Usage: boot.sh [PROGRAM [QEMU ARGUMENT...]]: with the program of a case the guest tries that one alone.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit
# QEMU reads two commas as one.
doubled=$(printf '%s' "$here" | sed 's/,/,,/g')
cmdline=${shellQuote(spec.cmdline)}
if [ -n "\${1-}" ]; then
	cmdline="$cmdline${caseArg("$1").replaceAll('"', '\\"')}"
fi
[ $# -eq 0 ] || shift
exec ${words.join(" \\\n\t")} "$@"
`;
}
