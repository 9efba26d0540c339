/** A machine whose answers came in a log: nothing runs, and each case is answered with what stands there. */
import type { PlannedCase } from "../common/suiteApi.js";
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
	let unjudged: readonly string[] = [];
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
		withheld: (cases) => {
			unjudged = unjudgedNotes(log, cases);
			return neverAsked(log, cases);
		},
		run: async (requests, events) => ({
			...answer(log, requests, events),
			notes: unjudged,
		}),
		close: async () => {},
	};
}

/** Cases of this version's plan that the bundle had none of. Where the log was cut, those behind its last answer may be missing for that. */
function neverAsked(
	{ answers, keys, cut, head }: BundleLog,
	cases: readonly PlannedCase[],
): Map<string, string> {
	const answered = ({ id, program }: PlannedCase): boolean =>
		keys.has(id) || answers.has(programKey(program));
	const end = cut === undefined ? cases.length : cases.findLastIndex(answered);
	const why = `crcap ${head.version}, which made the bundle, did not ask for it`;
	return new Map(
		cases
			.slice(0, Math.max(0, end))
			.filter((planned) => !answered(planned))
			.map(({ id }) => [id, why]),
	);
}

/** So many of them are named. */
const NAMED = 3;

/** What the log answers and this version's plan does not ask any more. */
function unjudgedNotes(
	{ keys }: BundleLog,
	cases: readonly PlannedCase[],
): string[] {
	const planned = new Set(
		cases.flatMap(({ id, program }) => [id, programKey(program)]),
	);
	const others = [...keys].flatMap(([id, key]) =>
		planned.has(id) || planned.has(key) ? [] : [id],
	);
	if (others.length === 0) return [];
	const named = others.slice(0, NAMED).join(", ");
	const more = others.length > NAMED ? ", …" : "";
	return [
		`not judged: ${others.length} of the log's answers are to cases that crcap ${version()} does not ask for (${named}${more})`,
	];
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
	// What it lacks may be what this version does not ask for.
	return cut === undefined
		? ended("bye", "the log is whole")
		: ended("lost", cut);
}

/** It was asked, as another version, or another kernel's limits, made it of the row. */
function notAsked(n: number, by: string): string {
	const why = `crcap ${by}, which made the bundle, did not ask for it in this form`;
	return `obs ${n} us=0 end=died at=log why=${encodeURIComponent(why)}`;
}

function ended(how: SessionEnd["how"], detail: string): SessionEnd {
	return { how, detail, consoleTail: [], notes: [] };
}
