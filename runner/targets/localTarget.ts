/** This machine's own kernel as a target, through the addon; no guest, so nothing protects this machine but the cases' own namespaces. */
import { version as kernelVersion, arch as nodeArch, release } from "node:os";
import type { Addon } from "./addon.js";
import { readFactLines } from "./factLines.js";
import {
	type CaseRequest,
	OpenError,
	type Session,
	type SessionEnd,
	type SessionEvents,
	type Target,
} from "./target.js";

export interface LocalTargetOptions {
	readonly name: string;
	/** Loads the addon. @throws when it is not there */
	readonly load: () => Addon;
	/** A static crprobe for this machine, for steps that execute it. */
	readonly crprobe: string;
	readonly mayTouchHost: boolean;
}

/** The reply is awaited this much longer than the case's own deadline, milliseconds; then the core itself is stuck. */
const SLACK_MS = 10_000;

/** Node's names of architectures in this project's words. */
const ARCH: Readonly<Record<string, string>> = {
	x64: "x86_64",
	arm64: "aarch64",
	ia32: "i386",
	arm: "armhf",
	riscv64: "riscv64",
	s390x: "s390x",
	ppc64: "ppc64el",
};

/** This machine's architecture. */
export function localArch(arch: string = nodeArch()): string {
	return ARCH[arch] ?? arch;
}

export function localTarget(options: LocalTargetOptions): Target {
	const kernel = {
		release: release(),
		arch: localArch(),
		path: "",
		sha256: "",
		version: kernelVersion(),
	};
	return {
		name: options.name,
		kind: "local",
		kernel,
		mayTouchHost: options.mayTouchHost,
		async open(signal) {
			let addon: Addon;
			try {
				addon = options.load();
			} catch (error) {
				throw new OpenError((error as Error).message);
			}
			const reported = readFactLines(await addon.facts());
			return localSession(options, addon, kernel, reported, signal);
		},
	};
}

function localSession(
	options: LocalTargetOptions,
	addon: Addon,
	kernel: Session["kernel"],
	reported: Record<string, string>,
	signal: AbortSignal,
): Session {
	return {
		kernel,
		accel: "none",
		facts: { reported, arch: kernel.arch },
		tools: { crprobe: addon.version },
		notes: [],
		run: (requests, events) =>
			runLocally(addon, options.crprobe, requests, events, signal),
		close: async () => {},
	};
}

/** One case after the other; a stop takes effect between two cases, and each has a deadline. */
async function runLocally(
	addon: Addon,
	crprobe: string,
	requests: Iterable<CaseRequest>,
	events: SessionEvents,
	signal: AbortSignal,
): Promise<SessionEnd> {
	for (const request of requests) {
		if (signal.aborted) return ended("stopped", "stopped");
		const { n, program, deadlineMs } = request;
		const answer = addon.run(program, deadlineMs, crprobe).catch(notStarted);
		const reply = await within(answer, deadlineMs + SLACK_MS);
		if (reply === undefined) {
			return ended("lost", "the helper did not answer within its deadline");
		}
		events.reply(reply.replace(/^obs 0(?= |$)/, `obs ${n}`));
	}
	return ended("bye", "every case was answered");
}

/** A case that could not even be started is that case's error alone. */
function notStarted(error: unknown): string {
	const why = encodeURIComponent(String((error as Error)?.message ?? error));
	return `obs 0 us=0 end=died at=start why=${why.slice(0, 500)}`;
}

/** What the work comes to, or undefined when it takes longer, milliseconds. */
async function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<undefined>((resolve) => {
		timer = setTimeout(() => resolve(undefined), ms);
	});
	try {
		return await Promise.race([work, late]);
	} finally {
		clearTimeout(timer);
	}
}

function ended(how: SessionEnd["how"], detail: string): SessionEnd {
	return { how, detail, consoleTail: [], notes: [] };
}
