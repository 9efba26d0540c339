/** The same guest by hand: a line for reports, and a script for `--keep`. */
import { basename } from "node:path";
import { type GuestSpec, qemuArgs, shellQuote } from "./qemu.js";

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

/** One line that boots the guest with its console on the terminal and the agent's words in `channel.log`. */
export function replayCommand(
	program: string,
	spec: Spec,
	initrd: string,
): string {
	return commandWords(program, spec, initrd, {
		console: "stdio,signal=off",
		results: "file,path=channel.log",
	})
		.map(shellQuote)
		.join(" ");
}

/** A script that boots the same guest from the directory that it stands in. Arguments are added to QEMU's. */
export function replayScript(
	program: string,
	spec: Spec,
	initramfsPath: string,
): string {
	const words = commandWords(program, spec, "\0initrd", {
		console: "stdio,signal=off",
		results: "file,path=\0channel",
	}).map((word) =>
		word === "\0initrd"
			? `"$here"/${shellQuote(basename(initramfsPath))}`
			: word.includes("\0channel")
				? `${shellQuote(word.split("\0")[0] ?? "")}"$here"/channel-replay.log`
				: shellQuote(word),
	);
	return `#!/bin/sh
# Boots the same guest by hand. The kernel's console is this terminal; what the agent says goes to channel-replay.log.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit
exec ${words.join(" \\\n\t")} "$@"
`;
}
