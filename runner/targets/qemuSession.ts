/** A booted guest as a session: requests become lines, replies wait until the console has caught up with them. */
import {
	type EndKind,
	type Finding,
	type Guest,
	type GuestEnd,
	GuestLost,
	markedCase,
	type NameKind,
	RequestCatalogue,
	VmError,
} from "../../vm/index.js";
import { type SplatPolicy, splatPolicy } from "../request/splats.js";
import { complaintOf } from "../splats/consoleFindings.js";
import { TaintWatch } from "../splats/taint.js";
import type { CaseRequest, SessionEnd, SessionEvents } from "./target.js";

/** No more replies than this wait for the console: with `quiet` it never shows a case's marker. */
const WAITING = 64;

/** What a guest offers, as far as a session needs it. */
export type GuestPort = Pick<
	Guest,
	"exchange" | "quit" | "end" | "console" | "facts"
>;

const HOW: Readonly<Record<EndKind, SessionEnd["how"]>> = {
	bye: "bye",
	panic: "died",
	oops: "died",
	hang: "hung",
	reboot: "died",
	poweroff: "died",
	"qemu-died": "lost",
	"broken-channel": "lost",
	killed: "stopped",
};

/** Runs all requests and ends the guest. */
export async function runOnGuest(
	guest: GuestPort,
	requests: Iterable<CaseRequest>,
	events: SessionEvents,
	options: RequestOptions = {},
): Promise<SessionEnd> {
	const delivery = new Delivery(guest, events, options.splats);
	let trouble: VmError | undefined;
	try {
		const asked = delivery.watch(requests);
		await guest.exchange(requestLines(asked, options), (payload) =>
			delivery.add(payload),
		);
	} catch (error) {
		if (!(error instanceof VmError)) throw error;
		// A guest that is lost tells why itself, in its end.
		if (!(error instanceof GuestLost)) trouble = error;
	}
	const end = sessionEnd(await guest.quit());
	const lastBegun = delivery.finish();
	return {
		...end,
		// The talk with the guest could not go on, by no fault of the guest's.
		...(trouble === undefined ? {} : { how: "lost", detail: trouble.message }),
		...(lastBegun === undefined ? {} : { lastBegun }),
	};
}

/** How a guest is asked. */
export interface RequestOptions {
	/** What its initramfs holds. */
	readonly catalogue?: RequestCatalogue;
	/** The agent makes the subject of each case anew. */
	readonly freshSubjects?: boolean;
	/** What the kernel's complaints make of a case. */
	readonly splats?: SplatPolicy;
}

/**
 * The lines of the protocol: subjects and operations that are not in the initramfs's catalogue are named once, before the first case
 * that needs them.
 */
export function* requestLines(
	requests: Iterable<CaseRequest>,
	{
		catalogue = new RequestCatalogue(),
		freshSubjects = false,
	}: RequestOptions = {},
): Iterable<string> {
	if (freshSubjects) yield "fresh 1";
	const subjects = new Names("subject", catalogue);
	const programs = new Names("program", catalogue);
	for (const { n, deadlineMs, subjectProgram, probeProgram } of requests) {
		yield* subjects.told(subjectProgram);
		yield* programs.told(probeProgram);
		const subject =
			subjectProgram === "" ? "-" : subjects.nameOf(subjectProgram);
		yield `case ${n} ${deadlineMs} ${subject} =${programs.nameOf(probeProgram)}`;
	}
}

/** Short names for programs: those of the catalogue, then others in the order in which they were first told. */
class Names {
	readonly #kind: NameKind;
	readonly #names: Map<string, number>;

	constructor(kind: NameKind, catalogue: RequestCatalogue) {
		this.#kind = kind;
		this.#names = new Map(catalogue.names(kind));
	}

	/** The line that names a program, where it has no name yet. */
	*told(program: string): Iterable<string> {
		if (program === "" || this.#names.has(program)) return;
		this.#names.set(program, this.#names.size);
		yield `${this.#kind} ${this.nameOf(program)} ${program}`;
	}

	nameOf(program: string): number {
		return this.#names.get(program) ?? -1;
	}
}

/**
 * Console and replies come over different wires. A reply is handed on once the console shows a later case's marker,
 * so that what the kernel complained of is known with the case.
 */
class Delivery {
	readonly #guest: GuestPort;
	readonly #events: SessionEvents;
	readonly #waiting: { n: number | undefined; payload: string }[] = [];
	/** Cases that were handed out. */
	readonly #asked = new Set<number>();
	readonly #splats: SplatPolicy;
	readonly #taint: TaintWatch;
	#mark: number;
	#reached = -1;
	#seen = 0;
	readonly #findings = new Map<number | null, Finding[]>();

	constructor(
		guest: GuestPort,
		events: SessionEvents,
		splats: SplatPolicy = splatPolicy(),
	) {
		this.#guest = guest;
		this.#events = events;
		this.#splats = splats;
		this.#taint = new TaintWatch(guest.facts.tainted);
		this.#mark = guest.console.mark();
	}

	/** The requests, noted as they are handed out. */
	*watch(requests: Iterable<CaseRequest>): Iterable<CaseRequest> {
		for (const request of requests) {
			this.#asked.add(request.n);
			yield request;
		}
	}

	add(payload: string): void {
		const n = /^obs (\d{1,9})(?: |$)/.exec(payload)?.[1];
		this.#waiting.push({
			n: n === undefined ? undefined : Number(n),
			payload,
		});
		this.#look();
		while (this.#waiting.length > 0) {
			const next = this.#waiting[0];
			const passed = next?.n === undefined || next.n < this.#reached;
			if (!passed && this.#waiting.length <= WAITING) return;
			this.#deliver();
		}
	}

	/** The guest is gone, the console complete. Returns the last case that it shows begun. */
	finish(): number | undefined {
		this.#look();
		while (this.#waiting.length > 0) this.#deliver();
		this.#gather();
		for (const n of [...this.#findings.keys()]) this.#complain(n);
		return this.#reached < 0 ? undefined : this.#reached;
	}

	#deliver(): void {
		const next = this.#waiting.shift();
		if (next === undefined) return;
		this.#gather();
		this.#complain(null);
		const { payload, findings } = this.#taint.take(next.payload);
		if (next.n !== undefined) {
			// The console says more of it, where it says anything.
			if (!this.#findings.has(next.n)) this.#findTo(next.n, ...findings);
			this.#complain(next.n);
		}
		this.#events.reply(payload);
	}

	#findTo(n: number | null, ...findings: readonly Finding[]): void {
		if (findings.length === 0) return;
		this.#findings.set(n, [...(this.#findings.get(n) ?? []), ...findings]);
	}

	/** Finds the latest case whose marker the console shows. Anyone in the guest can write one: it counts for a case that was asked, and only forwards. */
	#look(): void {
		const { console } = this.#guest;
		for (const line of console.since(this.#mark)) {
			const n = markedCase(line);
			if (n === undefined || !this.#asked.has(n)) continue;
			this.#reached = Math.max(this.#reached, n);
		}
		this.#mark = console.mark();
	}

	/** Sorts new findings by case. */
	#gather(): void {
		const { findings } = this.#guest.console;
		for (; this.#seen < findings.length; this.#seen++) {
			const finding = findings[this.#seen] as Finding;
			this.#findTo(finding.caseN ?? null, finding);
		}
	}

	#complain(n: number | null): void {
		const findings = this.#findings.get(n);
		if (findings === undefined) return;
		this.#findings.delete(n);
		const lines = n === null ? [] : this.#guest.console.forCase(n, 500);
		const complaint = complaintOf(n, findings, lines, this.#splats);
		if (complaint) this.#events.complaint(complaint);
	}
}

function sessionEnd(end: GuestEnd): SessionEnd {
	return {
		how: HOW[end.kind],
		detail: end.reason,
		consoleTail: end.consoleTail,
		notes: notesOn(end),
	};
}

/** What was odd about a guest and cost no verdict. */
function notesOn({ channel, banners }: GuestEnd): string[] {
	const { broken, asked, repeated } = channel;
	const notes: string[] = [];
	if (broken > 0)
		notes.push(`${broken} frames from the guest were broken and sent again`);
	if (repeated > asked)
		notes.push(
			`${repeated} frames from the guest came again, and ${asked} were asked for`,
		);
	if (banners > 1)
		notes.push(
			`the kernel's banner came ${banners} times on the console: the guest booted again, or something in it said so`,
		);
	return notes;
}
