/** A machine whose answers came in a log: nothing runs, and each case is answered with what stands there. */
import { version } from "../common/version.js";
import {
	type CaseRequest,
	OpenError,
	type Session,
	type SessionEnd,
	type SessionEvents,
	type Target,
} from "../targets/target.js";
import { type BundleLog, LogError, programKey } from "./bundleLog.js";

export interface BundleTargetOptions {
	readonly name: string;
	/** Reads it. @throws LogError */
	readonly load: () => BundleLog;
	/** The bundle that it must be of, where that is known: its id. */
	readonly bundle?: string;
}

const UNKNOWN = { release: "unknown", arch: "unknown", path: "", sha256: "" };

export function bundleTarget(options: BundleTargetOptions): Target {
	const log = loaded(options);
	return {
		name: options.name,
		kind: "bundle",
		kernel: UNKNOWN,
		mayTouchHost: "error" in log || log.head.host,
		async open() {
			if ("error" in log) throw new OpenError(log.error);
			return sessionOf(log);
		},
	};
}

function loaded({
	load,
	bundle,
}: BundleTargetOptions): BundleLog | { readonly error: string } {
	try {
		const log = load();
		if (bundle === undefined || bundle === log.head.id) return log;
		return {
			error: `it is of another bundle: its own has the id ${log.head.id}, and this one ${bundle}`,
		};
	} catch (error) {
		if (!(error instanceof LogError)) throw error;
		return { error: error.message };
	}
}

function sessionOf(log: BundleLog): Session {
	const { head, facts, crprobe } = log;
	const { release = "unknown", proc_version: kernelVersion } = facts;
	return {
		kernel: {
			...UNKNOWN,
			release,
			arch: head.arch,
			...(kernelVersion === undefined ? {} : { version: kernelVersion }),
		},
		accel: "none",
		facts: { reported: facts, arch: head.arch },
		tools: { crprobe },
		notes:
			head.version === version()
				? []
				: [
						`the bundle was made by crcap ${head.version}, and this is ${version()}`,
					],
		run: async (requests, events) => answer(log, requests, events),
		close: async () => {},
	};
}

/** Every case by what it asks for. */
function answer(
	{ answers, cut, head }: BundleLog,
	requests: Iterable<CaseRequest>,
	events: SessionEvents,
): SessionEnd {
	/** How often each was answered: two cases may ask the same. */
	const taken = new Map<string, number>();
	for (const { n, program } of requests) {
		const key = programKey(program);
		const time = taken.get(key) ?? 0;
		taken.set(key, time + 1);
		const payload = answers.get(key)?.[time];
		if (payload !== undefined)
			events.reply(payload.replace(/^obs \d+(?= |$)/, `obs ${n}`));
		else if (cut !== undefined) return ended("lost", cut);
		else events.reply(notAsked(n, head.version));
	}
	return ended("bye", "the log is whole");
}

/** A case that another version, or another kernel's limits, made of the row. */
function notAsked(n: number, by: string): string {
	const why = `crcap ${by}, which made the bundle, did not ask for it in this form`;
	return `obs ${n} us=0 end=died at=log why=${encodeURIComponent(why)}`;
}

function ended(how: SessionEnd["how"], detail: string): SessionEnd {
	return { how, detail, consoleTail: [], notes: [] };
}
