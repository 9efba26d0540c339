/** What happens between the first request and the end of one session. */
import type { CaseResult, TargetHead } from "../../results/model/model.js";
import { stopText } from "../common/interrupt.js";
import { isForeseen, OwnFault } from "../common/ownFault.js";
import { EvidenceError, type PlannedCase } from "../common/suiteApi.js";
import { sinceCase } from "../targets/marker.js";
import type {
	CaseRequest,
	Complaint,
	Session,
	SessionEnd,
	Target,
} from "../targets/target.js";
import { BLAME } from "./blame.js";
import { requestFor } from "./caseRequest.js";
import {
	crashed,
	headOf,
	judged,
	skipReason,
	unobserved,
} from "./caseResults.js";
import { Ledger } from "./ledger.js";
import { excerpt, Remarks } from "./remarks.js";
import type { Choice, ExecuteOptions, Loaded } from "./sink.js";

/** How a session ended, or that crcap itself failed in it. */
type End = Omit<SessionEnd, "how"> & { readonly how: keyof typeof BLAME };

type Parts = Loaded & Pick<ExecuteOptions, "signal" | "caseTimeoutMs">;

/** One session's way from plan to tail. */
export class Execution {
	readonly #target: Target;
	readonly #session: Session;
	readonly #options: Parts;
	readonly #startedAt: number;
	readonly #cases: readonly PlannedCase[];
	readonly #facts: TargetHead["facts"];
	readonly #ledger: Ledger;
	/** Places of the cases that are asked of the target, in order. */
	readonly #asked: readonly number[];
	/** How many of them are answered. */
	#answered = 0;
	readonly #complaints = new Map<number, Complaint[]>();
	/** What makes the run incomplete. */
	readonly #trouble = new Remarks();
	readonly #notes = new Remarks();

	constructor(
		target: Target,
		session: Session,
		choice: Required<Choice>,
		options: Parts,
		startedAt: number,
	) {
		this.#target = target;
		this.#session = session;
		this.#options = options;
		this.#startedAt = startedAt;
		this.#facts = choice.facts;
		this.#cases = choice.cases;
		this.#ledger = new Ledger(this.#cases.length, (result) =>
			options.sink.caseResult(result),
		);
		this.#asked = this.#cases.flatMap((planned, n) => {
			const skip = skipReason(planned, target.mayTouchHost);
			if (skip === undefined) return [n];
			this.#ledger.set(n, this.#unobserved(n, "skip", skip));
			return [];
		});
		this.#notes.add(...session.notes);
	}

	/** @throws OwnFault after the report of this target says so */
	async run(): Promise<void> {
		this.#options.sink.beginTarget(this.#head());
		this.#releaseUpTo(0);
		let end: End;
		try {
			end = await this.#session.run(this.#requests(), {
				reply: (payload) => this.#reply(payload),
				complaint: (complaint) => this.#complaint(complaint),
			});
		} catch (error) {
			if (isForeseen(error)) throw error;
			const fault = new OwnFault(error);
			this.#finish({
				how: "fault",
				detail: fault.cause.message,
				consoleTail: [],
				notes: [],
			});
			throw fault;
		}
		this.#finish(end);
	}

	#head(): TargetHead {
		const { kernel, accel, accelReason, tools } = this.#session;
		return {
			...headOf(this.#target, this.#cases, this.#facts),
			kernel,
			accel,
			...(accelReason === undefined ? {} : { accelReason }),
			tools: { ...tools, node: process.versions.node },
		};
	}

	*#requests(): Iterable<CaseRequest> {
		for (const n of this.#asked)
			yield requestFor(this.#case(n), n, this.#options.caseTimeoutMs);
	}

	/** Requests are obeyed in order, so only the first unanswered one can be answered. */
	#reply(payload: string): void {
		const n = this.#asked[this.#answered];
		const said = /^obs (\d{1,9})(?= |$)/.exec(payload)?.[1];
		if (said === undefined || n === undefined || Number(said) !== n) {
			const wanted = n === undefined ? "nothing" : `case ${n}`;
			this.#trouble.add(
				`a reply that nobody asked for (${wanted} was due): ${excerpt(payload)}`,
			);
			return;
		}
		this.#answered++;
		this.#ledger.set(n, this.#judge(n, payload));
		// One case is held back: what the kernel has to say about it may come a little after the answer.
		this.#releaseUpTo(this.#answered - 1);
	}

	#judge(n: number, payload: string): CaseResult {
		const { replay } = this.#session;
		const planned = this.#case(n);
		try {
			const judgement = this.#options.suites.judge(planned, payload);
			return this.#withConsole(n, judged(planned, judgement, replay));
		} catch (error) {
			if (!(error instanceof EvidenceError)) throw error;
			const why = error.message;
			this.#trouble.add(`the reply to ${planned.id} can't be read: ${why}`);
			return this.#unobserved(n, "error", `its reply can't be read: ${why}`);
		}
	}

	#complaint(complaint: Complaint): void {
		const { n, severity } = complaint;
		const line = excerpt(complaint.lines[0] ?? severity);
		if (n === null || this.#cases[n] === undefined) {
			const what = `the kernel complained outside any case: ${line}`;
			(severity === "oops" ? this.#trouble : this.#notes).add(what);
			return;
		}
		const about = `while ${this.#case(n).id} ran: ${line}`;
		if (this.#ledger.isOut(n)) {
			const what = `the kernel complained ${about} (found after the result was written)`;
			(severity === "oops" ? this.#trouble : this.#notes).add(what);
			return;
		}
		this.#notes.add(`the kernel complained ${about}`);
		this.#complaints.set(n, [...(this.#complaints.get(n) ?? []), complaint]);
		const before = this.#ledger.get(n);
		if (before) this.#ledger.set(n, this.#withConsole(n, before));
	}

	/** Attaches what the kernel printed while case `n` ran; an oops outweighs any answer. */
	#withConsole(n: number, result: CaseResult): CaseResult {
		const complaints = this.#complaints.get(n);
		if (complaints === undefined) return result;
		const lines = complaints.flatMap((complaint) => complaint.lines);
		const oops = complaints.find((complaint) => complaint.severity === "oops");
		const shown = { ...result, console: lines };
		return oops && result.verdict !== "crash"
			? crashed(shown, excerpt(oops.lines[0] ?? "an oops"))
			: shown;
	}

	#finish(end: End): void {
		this.#skipLostAnswers(end);
		const running = this.#asked[this.#answered];
		if (running !== undefined) this.#blame(running, end);
		else if (end.how !== "bye") {
			this.#trouble.add(`after the last case: ${end.detail}`);
		}
		this.#ledger.close((n) => this.#neverRan(n, end));
		this.#notes.add(...end.notes);
		const { totals } = this.#ledger;
		const complete = totals.not_run === 0 && this.#trouble.isEmpty;
		this.#options.sink.endTarget({
			complete,
			...(complete
				? {}
				: { incompleteReason: this.#trouble.list().join("; ") }),
			notes: this.#notes.list(),
			totals,
			durationMs: Math.round(performance.now() - this.#startedAt),
			...(end.how === "bye" ? {} : { consoleTail: [...end.consoleTail] }),
		});
	}

	/** A guest that dies takes answers with it that it had not got rid of yet. Those cases ended before the one to blame. */
	#skipLostAnswers(end: End): void {
		const last = end.lastBegun ?? -1;
		if (end.how === "bye") return;
		for (;;) {
			const n = this.#asked[this.#answered];
			if (n === undefined || n >= last) return;
			this.#answered++;
			const why = `it ended, but its answer was lost with the guest: ${end.detail}`;
			this.#ledger.set(
				n,
				this.#withConsole(n, this.#unobserved(n, "error", why)),
			);
		}
	}

	/** The verdict on the case that was running, or next, when the session ended. */
	#blame(n: number, end: End): void {
		const { id } = this.#case(n);
		const blame = BLAME[end.how];
		const detail =
			end.how === "stopped"
				? stopText(this.#options.signal.reason)
				: end.detail;
		this.#trouble.add(`${blame.trouble} while ${id} ran: ${detail}`);
		const reason = `${blame.reason}: ${detail}`;
		const result = this.#withConsole(
			n,
			this.#unobserved(n, blame.verdict, reason),
		);
		// The last console lines are the evidence where no complaint was recognised.
		const lines = result.console ?? sinceCase(end.consoleTail, n);
		const show = blame.evidence && lines.length > 0;
		this.#ledger.set(n, show ? { ...result, console: [...lines] } : result);
	}

	#neverRan(n: number, end: End): CaseResult {
		const running = this.#asked[this.#answered];
		const { id } = this.#case(running ?? n);
		return end.how === "bye"
			? this.#unobserved(n, "error", "the agent never answered")
			: this.#unobserved(n, "not_run", `the run ended before it, in ${id}`);
	}

	/** Lets everything before the asked case number `k` go out, skips on the way included. */
	#releaseUpTo(k: number): void {
		this.#ledger.release(this.#asked[k] ?? this.#cases.length);
	}

	#case(n: number): PlannedCase {
		return this.#cases[n] as PlannedCase;
	}

	#unobserved(
		n: number,
		verdict: CaseResult["verdict"],
		reason: string,
	): CaseResult {
		const { replay } = this.#session;
		return unobserved(this.#case(n), verdict, reason, replay);
	}
}
