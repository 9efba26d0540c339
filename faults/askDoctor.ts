/** The doctor on kernels that lack a part of their configuration: what it must name there, and asking it in a guest's shell. */
import { spawn } from "node:child_process";
import { Diagnosis } from "../runner/doctor/diagnosis.js";
import type { ConfigName } from "./kernel/build.js";

/** The boundaries that a configuration leaves nothing of: the cause of each is `kernel-config`, and nothing else is in the way of root. */
export const BLOCKED: Readonly<Partial<Record<ConfigName, readonly string[]>>> =
	{
		"no-checkpoint-restore": ["ns_last_pid", "exe_fd", "ipc_next_id"],
		"no-pid-ns": ["ns_last_pid"],
	};

/** The kernel may not write into the answer's line. */
const QUESTION = "dmesg -n 1; crprobe --doctor --json\n";

/** A guest under emulation boots in seconds. */
const LIMIT_MS = 300_000;

/** More of a console is not told. */
const TAIL = 1000;

/** The answer in what a console showed; undefined as long as its line is not whole. */
export function answerIn(console: string): Diagnosis | undefined {
	const line = /^(\{"version":.*\})\r*\n/m.exec(console)?.[1];
	return line === undefined ? undefined : Diagnosis.parse(JSON.parse(line));
}

/** What is wrong with an answer; empty where it names the configuration, where it must and only there. */
export function wrongWith(
	{ boundaries }: Diagnosis,
	blocked: readonly string[],
): string[] {
	return boundaries.flatMap(({ name, causes }) => {
		const said = causes.map(({ id }) => id).join(", ");
		const meant = blocked.includes(name) ? "kernel-config" : "";
		return said === meant
			? []
			: [`${name}: ${said || "usable"} instead of ${meant || "usable"}`];
	});
}

/**
 * Boots a kernel with a shell, and asks there as root.
 * @param command the command line of `crcap run --shell`, with the kernel
 * @throws Error where the guest ends without an answer
 */
export async function askInGuest(
	[program = "", ...args]: readonly string[],
	signal: AbortSignal,
): Promise<Diagnosis> {
	const child = spawn(program, args, {
		stdio: ["pipe", "pipe", "pipe"],
		signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
	});
	// Its end of the pipe may be gone before all is written: how it ended tells more.
	child.stdin.on("error", () => {}).write(QUESTION);
	let shown = "";
	let answer: Diagnosis | undefined;
	await new Promise<void>((resolve, reject) => {
		const hear = (bytes: Buffer): void => {
			shown += bytes.toString("latin1");
			try {
				answer ??= answerIn(shown);
			} catch (error) {
				reject(error);
			}
			// The end of its input ends the shell, and so the guest.
			if (answer !== undefined) child.stdin.end();
		};
		child.stdout.on("data", hear);
		child.stderr.on("data", hear);
		child.once("error", reject);
		child.once("close", () => resolve());
	}).finally(() => child.kill());
	if (answer === undefined)
		throw new Error(`the doctor gave no answer: ${shown.slice(-TAIL)}`);
	return answer;
}
