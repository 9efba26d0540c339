/** A machine that ssh reaches: the static agent goes there, runs cases on its kernel, and leaves nothing. */
import { readFile } from "node:fs/promises";
import { ARCHES, type Arch, machineFor } from "../../vm/index.js";
import { requestLines } from "../targets/qemuSession.js";
import {
	type CaseRequest,
	OpenError,
	type Session,
	type SessionEnd,
	type SessionEvents,
	type Target,
} from "../targets/target.js";
import { AgentLink, LinkError } from "./agentLink.js";
import { SILENCE_SECONDS, type SshDestination } from "./sshDestination.js";
import { type SshShell, startShell } from "./sshShell.js";

export interface SshTargetOptions {
	readonly name: string;
	readonly destination: SshDestination;
	/** The agent for an architecture. @throws where it was not built */
	readonly agentPath: (arch: string) => string;
	readonly mayTouchHost: boolean;
	/** Instead of the `ssh` of the search path. */
	readonly program?: string;
	/** The agent there ends after so long without a word from here. */
	readonly silenceSeconds?: number;
	/** Told what happens on the way up. */
	readonly say?: (line: string) => void;
}

const UNKNOWN = { release: "unknown", arch: "unknown", path: "", sha256: "" };

export function sshTarget(options: SshTargetOptions): Target {
	return {
		name: options.name,
		kind: "ssh",
		kernel: UNKNOWN,
		mayTouchHost: options.mayTouchHost,
		async open(signal, onStart = () => {}) {
			if (signal.aborted) throw new OpenError("interrupted before it began");
			const { silenceSeconds = SILENCE_SECONDS } = options;
			const shell = await startShell({ ...options, silenceSeconds, signal });
			onStart();
			try {
				return await sessionOn(shell, options, silenceSeconds, signal);
			} catch (error) {
				shell.kill();
				await shell.ended;
				throw error instanceof LinkError ? new OpenError(error.message) : error;
			}
		},
	};
}

async function sessionOn(
	shell: SshShell,
	options: SshTargetOptions,
	silenceSeconds: number,
	signal: AbortSignal,
): Promise<Session> {
	const { arch, folder } = await sendAgent(shell, options);
	options.say?.(`the agent for ${arch} runs from ${folder}, removed by now`);
	const link = new AgentLink(
		shell.stdout,
		shell.stdin,
		shell.handOver(),
		silenceSeconds,
	);
	void shell.ended.then((why) => link.end(why));
	const { hello, facts } = await link.greeting();
	const { release, proc_version: version } = facts;
	return {
		kernel: {
			...UNKNOWN,
			arch,
			...(release === undefined ? {} : { release }),
			...(version === undefined ? {} : { version }),
		},
		accel: "none",
		facts: { reported: facts, arch },
		tools: { crprobe: hello.crprobe },
		notes: [],
		run: (requests, events) => runOn(link, shell, requests, events, signal),
		close: () => shell.close(),
	};
}

/** Takes the agent for that machine over. @throws OpenError where there is no folder for it, or it does not run */
async function sendAgent(
	shell: SshShell,
	{ agentPath }: SshTargetOptions,
): Promise<{ arch: Arch; folder: string }> {
	const first = await shell.word();
	if (first.word === "nowhere")
		throw new OpenError(
			`no folder there takes a program and runs it:${first.rest || " none is there"}`,
		);
	const arch = archOf(first.rest);
	const agent = await readAgent(() => agentPath(arch));
	shell.stdin.write(`${agent.length}\n`);
	shell.stdin.write(agent);
	const second = await shell.word();
	if (second.word !== "starts")
		throw new OpenError(`the agent for ${arch}: ${second.rest}`);
	return { arch, folder: second.rest };
}

/** @throws OpenError where it was not built: which one is wanted was known only there */
async function readAgent(path: () => string): Promise<Buffer> {
	try {
		return await readFile(path());
	} catch (error) {
		throw new OpenError((error as Error).message);
	}
}

/** What the kernel calls its machine, in this project's words. */
function archOf(machine: string): Arch {
	// A 64-bit ARM kernel's name for itself among 32-bit programs.
	const wanted =
		machine === "armv8l" ? "armhf" : machine.replace(/^i[3-6]86$/, "i386");
	const known = machineFor(wanted);
	if (known === undefined)
		throw new OpenError(
			`its machine is "${machine.slice(0, 60)}", and there are agents for ${ARCHES.join(", ")}`,
		);
	return known.arch;
}

async function runOn(
	link: AgentLink,
	shell: SshShell,
	requests: Iterable<CaseRequest>,
	events: SessionEvents,
	signal: AbortSignal,
): Promise<SessionEnd> {
	try {
		await link.exchange(requestLines(requests), (payload) =>
			events.reply(payload),
		);
		await link.exchange(["quit"], () => {});
		return ended("bye", "the agent said goodbye");
	} catch (error) {
		if (!(error instanceof LinkError)) throw error;
		return signal.aborted
			? ended("stopped", "stopped")
			: ended("lost", error.message);
	} finally {
		await shell.close();
	}
}

function ended(how: SessionEnd["how"], detail: string): SessionEnd {
	return { how, detail, consoleTail: [], notes: [] };
}
