/** Suites and targets that do what a test tells them. */
import assert from "node:assert/strict";
import type {
	CaseResult,
	KernelInfo,
	TargetHead,
	TargetTail,
} from "../../results/model/model.js";
import {
	EvidenceError,
	type Judgement,
	type PlannedCase,
	type Suites,
} from "../common/suiteApi.js";
import type {
	CaseRequest,
	Session,
	SessionEnd,
	SessionEvents,
	Target,
} from "../targets/target.js";
import { execute } from "./execute.js";
import type { ExecuteOptions, LateLoad, Loaded, TargetSink } from "./sink.js";

export const KERNEL: KernelInfo = {
	release: "6.1.0-56-amd64",
	arch: "x86_64",
	path: "/boot/vmlinuz",
	sha256: "00",
};

/** A case of the suite `set_tid` or `map_files`, by turns of two. */
export function plannedCase(
	n: number,
	more: Partial<PlannedCase> = {},
): PlannedCase {
	const suite = n % 4 < 2 ? "set_tid" : "map_files";
	const subject = n % 2 === 0 ? "root-all" : "uid1000-none";
	return {
		id: `${suite}.probe${n}.${subject}`,
		suite,
		probe: `probe${n}`,
		subject,
		subjectProgram: `uid=${n}`,
		probeProgram: `try=${n}`,
		program: `uid=${n} -- try=${n}`,
		touchesHost: false,
		operations: [],
		results: [],
		manual: [],
		title: "it is tried",
		catches: "a fault",
		expected: "0",
		citation: null,
		reason: "because",
		...more,
	};
}

/** What is there from the start. */
export function loadedAtOnce(loaded: Loaded): LateLoad {
	return { begin: () => {}, loaded: async () => loaded };
}

/** A plan, and a judge for replies `obs N VERDICT`; `obs N garbled` makes it throw. */
export function fakeSuites(cases: readonly PlannedCase[]): Suites {
	return {
		plan: (facts) => ({ cases, facts: facts === null ? {} : { lsm: "none" } }),
		outline: () => cases,
		judge(planned, payload) {
			const verdict = payload.split(" ")[2] ?? "";
			if (!["pass", "fail", "error", "timeout"].includes(verdict)) {
				throw new EvidenceError(`no observation: ${payload}`);
			}
			return {
				verdict: verdict as Judgement["verdict"],
				reason: planned.reason,
				observed: "0",
				durationUs: 5,
			};
		},
	};
}

/** What a fake guest does with its requests; the default answers all of them with `pass`. */
export type Script = (
	requests: readonly CaseRequest[],
	events: SessionEvents,
) => Promise<Partial<SessionEnd>> | Partial<SessionEnd>;

export const passAll: Script = (requests, events) => {
	for (const { n } of requests) events.reply(`obs ${n} pass`);
	return {};
};

export interface FakeTarget extends Target {
	closed: number;
}

export function fakeTarget(
	script: Script = passAll,
	more: Partial<Target> & Partial<Pick<Session, "notes" | "replay">> = {},
): FakeTarget {
	const target: FakeTarget = {
		name: "fake",
		kind: "qemu",
		kernel: KERNEL,
		mayTouchHost: true,
		closed: 0,
		open: async () => ({
			kernel: KERNEL,
			accel: "tcg",
			facts: { reported: {}, arch: "x86_64" },
			tools: { qemu: "7.2" },
			notes: more.notes ?? [],
			...(more.replay === undefined ? {} : { replay: more.replay }),
			async run(requests, events) {
				const end = await script([...requests], events);
				return { how: "bye", detail: "", consoleTail: [], notes: [], ...end };
			},
			async close() {
				target.closed++;
			},
		}),
	};
	const { notes: _notes, replay: _replay, ...overrides } = more;
	return Object.assign(target, overrides);
}

/** Keeps what it is told. */
export class Recorder implements TargetSink {
	readonly heads: TargetHead[] = [];
	readonly results: CaseResult[] = [];
	readonly tails: TargetTail[] = [];

	beginTarget(head: TargetHead): void {
		this.heads.push(head);
	}
	caseResult(result: CaseResult): void {
		this.results.push(result);
	}
	endTarget(tail: TargetTail): void {
		this.tails.push(tail);
	}
	get verdicts(): string[] {
		return this.results.map((result) => result.verdict);
	}
}

/** A plan of four cases. */
export const FOUR = [0, 1, 2, 3].map((n) => plannedCase(n));

/** Runs a plan on a target, and checks that every case is reported once, in plan order. */
export async function runCases(
	target: Target,
	cases: readonly PlannedCase[] = FOUR,
	more: Partial<ExecuteOptions> = {},
): Promise<Recorder & { tail: TargetTail }> {
	const sink = new Recorder();
	await execute(target, {
		late: loadedAtOnce({ suites: fakeSuites(cases), sink }),
		choose: (cases) => ({ cases }),
		signal: new AbortController().signal,
		...more,
	});
	assert.equal(sink.results.length, cases.length, "every case is reported");
	assert.deepEqual(
		sink.results.map((result) => result.id),
		cases.map((planned) => planned.id),
		"in plan order",
	);
	const tail = sink.tails[0];
	assert.ok(tail);
	return Object.assign(sink, { tail });
}

/** Answers the first `answered` requests with pass, then ends as told. */
export function endsAfter(
	answered: number,
	end: Awaited<ReturnType<Script>>,
): Target {
	return fakeTarget((requests, events) => {
		for (const { n } of requests.slice(0, answered)) {
			events.reply(`obs ${n} pass`);
		}
		return end;
	});
}
