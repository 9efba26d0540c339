/** What happens between the first request to a target and the end of its last guest. */
import type { CaseResult, TargetHead } from "../../results/model/model.js";
import { stopText } from "../common/interrupt.js";
import { isForeseen, OwnFault } from "../common/ownFault.js";
import { EvidenceError, type PlannedCase } from "../common/suiteApi.js";
import type { Complaint } from "../splats/complaint.js";
import { sinceCase } from "../splats/consoleFindings.js";
import {
	type CaseRequest,
	OpenError,
	type Session,
	type SessionEnd,
	type Target,
} from "../targets/target.js";
import { BLAME } from "./blame.js";
import { requestFor } from "./caseRequest.js";
import {
	headOf,
	judged,
	overruled,
	unasked,
	unobserved,
} from "./caseResults.js";
import { Lane } from "./lane.js";
import { Ledger } from "./ledger.js";
import { excerpt, Remarks } from "./remarks.js";
import type { Choice, ExecuteOptions, Loaded } from "./sink.js";
import { tooManySkips } from "./skips.js";
import { guestsFor, WorkQueue } from "./workQueue.js";

/** How a session ended, or that crcap itself failed in it. */
type End = Omit<SessionEnd, "how"> & { readonly how: keyof typeof BLAME };

type Parts = Loaded &
	Pick<
		ExecuteOptions,
		| "signal"
		| "caseTimeoutMs"
		| "guests"
		| "maxCrashes"
		| "maxSkipped"
		| "repeat"
	>;

/** One target's way from plan to tail, on one guest or on several. */
export class Execution {
	readonly #target: Target;
	/** The guest that came up first; it tells of the kernel. */
	readonly #session: Session;
	readonly #options: Parts;
	readonly #startedAt: number;
	readonly #cases: readonly PlannedCase[];
	readonly #facts: TargetHead["facts"];
	/** Cases that the target has no answer to, and why. */
	readonly #withheld: ReadonlyMap<string, string> | undefined;
	readonly #ledger: Ledger;
	/** Indexes of the cases that are still to be asked. */
	readonly #queue: WorkQueue;
	/** How many guests take cases from it. */
	readonly #guests: number;
	readonly #running = new Set<Session>();
	readonly #complaints = new Map<number, Complaint[]>();
	/** Cases whose answers went down with a guest, and why. */
	readonly #lost = new Map<number, string>();
	/** What makes the run incomplete. */
	readonly #trouble = new Remarks();
	readonly #notes = new Remarks();
	/** Guests that died, hung or were lost. */
	#crashes = 0;
	/** The case in which the run ended, for those that never ran. */
	#endedIn: string | undefined;
	#consoleTail: readonly string[] | undefined;
	#thrown: { error: unknown } | undefined;

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
		this.#withheld = session.withheld?.(this.#cases);
		const asked = this.#cases.flatMap((planned, n) =>
			this.#unasked(planned) === undefined ? [n] : [],
		);
		const most = session.another === undefined ? 1 : (options.guests ?? 1);
		this.#guests = guestsFor(asked.length, most);
		this.#queue = new WorkQueue(asked, this.#guests);
		this.#notes.add(...session.notes);
	}

	/** @throws OwnFault after the report of this target says so */
	async run(): Promise<void> {
		await this.#share();
		this.#options.sink.beginTarget(this.#head());
		this.#cases.forEach((planned, n) => {
			const end = this.#unasked(planned);
			if (end === undefined) return;
			this.#ledger.set(n, this.#unobserved(n, end.verdict, end.reason));
			this.#ledger.finish(n);
		});
		const others = Array.from({ length: this.#guests - 1 }, () =>
			this.#serveAnother(),
		);
		await Promise.all([this.#serve(this.#session), ...others]);
		this.#finish();
		if (this.#thrown !== undefined) throw this.#thrown.error;
	}

	/** One boot for all guests, where that can be. */
	async #share(): Promise<void> {
		if (this.#guests === 1) return;
		try {
			this.#notes.add(...((await this.#session.share?.()) ?? []));
		} catch (error) {
			if (error instanceof OpenError) this.#trouble.add(error.message);
			else this.#failed(error);
		}
	}

	/** Brings up one guest more, and lets it take its part. */
	async #serveAnother(): Promise<void> {
		const session = await this.#another();
		if (session !== undefined) await this.#serve(session);
	}

	/** A further guest of the same kernel; undefined, and a note, where there is none. */
	async #another(): Promise<Session | undefined> {
		const { another } = this.#session;
		if (another === undefined) return undefined;
		try {
			const session = await another();
			this.#notes.add(...session.notes);
			return session;
		} catch (error) {
			if (error instanceof OpenError) {
				if (!this.#options.signal.aborted)
					this.#notes.add(`a further guest did not come up: ${error.message}`);
			} else this.#failed(error);
			return undefined;
		}
	}

	/** Asks a guest, and the one that takes its place where it dies, until nothing is left. */
	async #serve(first: Session): Promise<void> {
		let session: Session | undefined = first;
		while (session !== undefined) {
			const lane = new Lane(this.#queue);
			const end = await this.#ask(session, lane);
			if (session !== this.#session) await session.close();
			session = this.#laneEnded(lane, end) ? await this.#another() : undefined;
		}
	}

	/** One guest's session, from the first request to its end. */
	async #ask(session: Session, lane: Lane): Promise<End> {
		this.#running.add(session);
		try {
			return await session.run(this.#requests(lane), {
				reply: (payload) => this.#reply(lane, payload),
				complaint: (complaint) => this.#complaint(complaint),
			});
		} catch (error) {
			this.#running.delete(session);
			const { message } = this.#failed(error);
			return { how: "fault", detail: message, consoleTail: [], notes: [] };
		} finally {
			this.#running.delete(session);
		}
	}

	/** What no guest can cause ends the whole run; it is thrown once the report is finished. */
	#failed(error: unknown): Error {
		const fault = isForeseen(error) ? error : new OwnFault(error);
		this.#thrown ??= { error: fault };
		this.#queue.clear();
		for (const session of this.#running) void session.close();
		return fault instanceof OwnFault ? fault.cause : (fault as Error);
	}

	#head(): TargetHead {
		const { kernel, accel, accelReason, savedAt, tools } = this.#session;
		return {
			...headOf(this.#target, this.#cases, this.#facts, savedAt),
			kernel,
			accel,
			...(accelReason === undefined ? {} : { accelReason }),
			tools: { ...tools, node: process.versions.node },
		};
	}

	*#requests(lane: Lane): Iterable<CaseRequest> {
		for (const n of lane.cases())
			yield requestFor(this.#case(n), n, this.#options.caseTimeoutMs);
	}

	/** Requests are obeyed in order, so only the first unanswered one can be answered. */
	#reply(lane: Lane, payload: string): void {
		const n = lane.due;
		const said = /^obs (\d{1,9})(?= |$)/.exec(payload)?.[1];
		if (said === undefined || n === undefined || Number(said) !== n) {
			const wanted = n === undefined ? "nothing" : `case ${n}`;
			this.#trouble.add(
				`a reply that nobody asked for (${wanted} was due): ${excerpt(payload)}`,
			);
			return;
		}
		const before = lane.latest;
		lane.answered();
		this.#ledger.set(n, this.#judge(n, payload));
		// The latest answer is held back: what the kernel has to say about it may come a little after.
		if (before !== undefined) this.#ledger.finish(before);
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
		const { n, weight } = complaint;
		const line = excerpt(complaint.lines[0] ?? weight);
		const unplaced = weight === "note" ? this.#notes : this.#trouble;
		if (n === null || this.#cases[n] === undefined) {
			unplaced.add(`the kernel complained outside any case: ${line}`);
			return;
		}
		const about = `while ${this.#case(n).id} ran: ${line}`;
		if (this.#ledger.isOut(n)) {
			unplaced.add(
				`the kernel complained ${about} (found after the result was written)`,
			);
			return;
		}
		this.#notes.add(`the kernel complained ${about}`);
		this.#complaints.set(n, [...(this.#complaints.get(n) ?? []), complaint]);
		const before = this.#ledger.get(n);
		if (before) this.#ledger.set(n, this.#withConsole(n, before));
	}

	/** Attaches what the kernel said while case `n` ran; what is no mere note outweighs any answer. */
	#withConsole(n: number, result: CaseResult): CaseResult {
		const complaints = this.#complaints.get(n);
		if (complaints === undefined) return result;
		const lines = complaints.flatMap((complaint) => complaint.lines);
		const shown = { ...result, console: lines };
		if (result.verdict === "crash") return shown;
		const worst =
			complaints.find(({ weight }) => weight === "crash") ??
			complaints.find(({ weight }) => weight === "fail");
		return worst === undefined || worst.weight === "note"
			? shown
			: overruled(shown, worst.weight, excerpt(worst.lines[0] ?? "a splat"));
	}

	/** Draws the conclusions of a guest's end. True where another guest shall go on with what is left. */
	#laneEnded(lane: Lane, end: End): boolean {
		this.#notes.add(...end.notes);
		if (lane.latest !== undefined) this.#ledger.finish(lane.latest);
		if (end.how === "bye") {
			this.#neverAnswered(lane, end);
			return false;
		}
		this.#consoleTail = end.consoleTail;
		const ended = end.how === "stopped" || end.how === "fault";
		if (!ended) this.#crashes++;
		const blamed = lane.open.find((n) => n >= (end.lastBegun ?? -1));
		const back = lane.open.filter((n) => n !== blamed);
		// A guest that dies takes answers with it that it had not got rid of yet. Those cases ended before the one to blame.
		const before = back.filter((n) => n < (blamed ?? Number.POSITIVE_INFINITY));
		const lost = `it ended, but its answer was lost with the guest: ${end.detail}`;
		if (!ended) for (const n of before) this.#lost.set(n, lost);
		this.#queue.giveBack(back);
		const goesOn =
			!ended &&
			this.#queue.length > 0 &&
			this.#session.another !== undefined &&
			this.#crashes <= (this.#options.maxCrashes ?? 0);
		this.#tellEnd(blamed, end, goesOn);
		if (ended) this.#queue.clear();
		return goesOn;
	}

	/** An agent that says goodbye with requests open broke its word. */
	#neverAnswered(lane: Lane, end: End): void {
		const [first, ...rest] = lane.open;
		if (first === undefined) return;
		this.#tellEnd(first, end, false);
		for (const n of rest)
			this.#settle(n, this.#unobserved(n, "error", "the agent never answered"));
	}

	/** The verdict on the case that was running, or next, when a guest ended; and what the report says of it. */
	#tellEnd(n: number | undefined, end: End, goesOn: boolean): void {
		if (n === undefined) {
			const what = `after the last case: ${end.detail}`;
			(goesOn ? this.#notes : this.#trouble).add(what);
			return;
		}
		const { id } = this.#case(n);
		const blame = BLAME[end.how];
		const detail =
			end.how === "stopped"
				? stopText(this.#options.signal.reason)
				: end.detail;
		const what = `${blame.trouble} while ${id} ran: ${detail}`;
		// Where the guest's end is the case's verdict and another guest took the rest, nothing is missing.
		if (goesOn && end.how !== "lost")
			this.#notes.add(`${what}; another guest went on without it`);
		else this.#trouble.add(what);
		this.#endedIn = id;
		this.#lost.delete(n);
		const reason = `${blame.reason}: ${detail}`;
		const result = this.#withConsole(
			n,
			this.#unobserved(n, blame.verdict, reason),
		);
		// The last console lines are the evidence where no complaint was recognised.
		const lines = result.console ?? sinceCase(end.consoleTail, n);
		const show = blame.evidence && lines.length > 0;
		this.#settle(n, show ? { ...result, console: [...lines] } : result);
	}

	#settle(n: number, result: CaseResult): void {
		this.#ledger.set(n, result);
		this.#ledger.finish(n);
	}

	#finish(): void {
		this.#ledger.close((n) => this.#neverRan(n));
		const skips = tooManySkips(this.#cases, this.#options);
		if (skips !== undefined) this.#trouble.add(skips);
		const { totals } = this.#ledger;
		const complete = totals.not_run === 0 && this.#trouble.isEmpty;
		const tail = this.#consoleTail;
		this.#options.sink.endTarget({
			complete,
			...(complete
				? {}
				: { incompleteReason: this.#trouble.list().join("; ") }),
			notes: this.#notes.list(),
			totals,
			durationMs: Math.round(performance.now() - this.#startedAt),
			...(tail === undefined ? {} : { consoleTail: [...tail] }),
		});
	}

	#neverRan(n: number): CaseResult {
		const lost = this.#lost.get(n);
		if (lost !== undefined)
			return this.#withConsole(n, this.#unobserved(n, "error", lost));
		const where = this.#endedIn === undefined ? "" : `, in ${this.#endedIn}`;
		return this.#unobserved(n, "not_run", `the run ended before it${where}`);
	}

	#unasked(planned: PlannedCase): ReturnType<typeof unasked> {
		const withheld = this.#withheld?.get(planned.id);
		return unasked(planned, this.#target.mayTouchHost, withheld);
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
