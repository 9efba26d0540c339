/**
 * The runner's side of the talk with the agent, without any input or output of its own: bytes from the guest go in,
 * payloads in their right order and bytes for the guest come out.
 */

import { VmError } from "../base/errors.js";
import { crc32 } from "./crc32.js";
import { type FrameItem, FrameReader } from "./frames.js";
import { dueFor, encodeLine, isReplyTo, type Line, WINDOW } from "./lines.js";
import { ReadBackCache } from "./readBackCache.js";
import { type Batch, RequestCatalogue } from "./requestCatalogue.js";

/** So many answers may be due at most. A short line can ask for many cases; the rest stays with the guest that has time for it first. */
const MAX_AWAITED = 160;
/** The agent keeps 64 KiB of frames; a hole wider than this can not be honest. */
const MAX_GAP = 4096;
/** So many missing frames are asked for at once. */
const ASK_AHEAD = 16;
/** So many broken frames between two sound ones are no line noise. */
const MAX_BROKEN = 2000;
/** So many frames may come again without having been asked for. */
const MAX_REPEATED = 100;
/** So many broken frames are asked for again before the next nudge. */
const ASK_BROKEN = 8;

/** The first words of payloads that answer a request. */
const REPLIES: ReadonlySet<string> = new Set(["obs", "rate", "resumed", "bye"]);

export type ChannelEvent =
	/** A frame's payload, each once and in the agent's order. `answers`: the request that it ends, if any. */
	| { type: "payload"; payload: string; answers?: string }
	/** Bytes outside frames. */
	| { type: "noise"; bytes: Buffer }
	/** The agent broke the protocol; nothing it says from here on can be trusted. */
	| { type: "violation"; what: string };

/** What happened on the way, for the report. */
export interface ChannelStats {
	/** Frames that came broken. */
	broken: number;
	/** Frames asked for again. */
	asked: number;
	/** Lines sent again. */
	resent: number;
	/** Frames that came again. */
	repeated: number;
}

export class Channel {
	readonly stats: ChannelStats = {
		broken: 0,
		asked: 0,
		resent: 0,
		repeated: 0,
	};
	#reader = new FrameReader();
	/** The next frame to deliver. */
	#expected = 0;
	/** Frames that came ahead of a missing one. */
	#early = new Map<number, string>();
	#asked = new Set<number>();
	#askedBroken = 0;
	/** Broken frames since the last one that was delivered. */
	#brokenInARow = 0;
	/** True where frames were asked for again since the last one that was delivered. */
	#nudged = false;
	/** What came since then and is no sound frame: whoever sends it is alive. */
	#signsOfLife = 0;
	/** The checksums of the frames that were delivered: one that comes again must be the same. */
	#delivered: number[] = [];
	#heard = false;
	/** Cases that were answered, and all requests that were: the agent's goodbye names one of these numbers. */
	#answered = { cases: 0, all: 0 };
	#saidBye = false;
	/** The latest line that the agent asked for again. */
	#lastBad = -1;
	/** Lines sent and not known to be obeyed. */
	#unanswered: Line[] = [];
	#unansweredBytes = 0;
	#nextNum = 0;
	#source: Iterator<Batch> | null = null;
	#peeked: Batch | null = null;
	#out: string[] = [];
	#ready = false;
	#violated = false;
	readonly #catalogue: RequestCatalogue;
	readonly #readBacks = new ReadBackCache();

	readonly #ownPort: boolean;

	/**
	 * @param catalogue the requests that the initramfs carries
	 * @param ownPort nobody else writes to the agent's port
	 * @param said the payloads up to `ready` of an agent that was saved there: this one goes on from it
	 */
	constructor(
		catalogue = new RequestCatalogue(),
		ownPort = false,
		said: readonly string[] = [],
	) {
		this.#catalogue = catalogue;
		this.#ownPort = ownPort;
		if (said.length === 0) return;
		this.#expected = said.length;
		this.#delivered = said.map((payload) => crc32(payload));
		this.#heard = true;
		this.#ready = true;
	}

	/** True when every request that was asked for has been sent and answered. */
	get idle(): boolean {
		return (
			this.#source === null &&
			!this.#unanswered.some((line) => line.due.length > 0)
		);
	}

	/** The oldest request without an answer: the one that is being run. */
	get running(): string | undefined {
		return this.#unanswered.find((line) => line.due.length > 0 && !line.own)
			?.due[0]?.text;
	}

	/** What says that the guest is alive and its words are lost: frames after one that never came. Undefined where there are none. */
	get hole(): string | undefined {
		const later = this.#early.size;
		if (later > 0)
			return `frame ${this.#expected} never came, though it was asked for again and ${later} later ones did`;
		if (this.#signsOfLife > 0)
			return `frame ${this.#expected} never came, and what came after it was asked for again is no frame`;
		return undefined;
	}

	/** Requests to send, drawn as the window allows. One source at a time. */
	attach(lines: Iterable<string>): void {
		if (this.#source) throw new VmError("usage", "an exchange is under way");
		this.#source = this.#catalogue.batches(lines)[Symbol.iterator]();
		this.#fill();
	}

	/** Bytes for the guest since the last call. */
	drain(): string {
		const out = this.#out.join("");
		this.#out = [];
		return out;
	}

	/** Takes bytes from the guest. */
	feed(bytes: Uint8Array): ChannelEvent[] {
		const items = this.#reader.feed(bytes);
		if (this.#nudged)
			this.#signsOfLife += items.filter(
				({ kind }) => kind === "broken" || (this.#ownPort && kind === "noise"),
			).length;
		return this.#take(items);
	}

	/** Nothing came for a while: ask for what may have been lost in either direction. */
	nudge(): ChannelEvent[] {
		const events = this.#take(this.#reader.giveUp());
		this.#nudged = true;
		this.#asked.clear();
		this.#askedBroken = 0;
		if (!this.#heard || this.#violated) return events;
		this.#askMissing();
		if (!this.#asked.has(this.#expected)) this.#ask(this.#expected);
		this.#sendAgain(this.#unanswered);
		return events;
	}

	#take(items: FrameItem[]): ChannelEvent[] {
		const events: ChannelEvent[] = [];
		for (const item of items) {
			if (item.kind === "noise")
				events.push({ type: "noise", bytes: item.bytes });
			else if (this.#violated) continue;
			else if (item.kind === "broken") this.#onBroken(events);
			else this.#onFrame(item.seq, item.payload, events);
		}
		if (!this.#violated) this.#fill();
		return events;
	}

	#onBroken(events: ChannelEvent[]): void {
		this.stats.broken++;
		if (++this.#brokenInARow > MAX_BROKEN) {
			this.#violation(`${MAX_BROKEN} broken frames came in a row`, events);
			return;
		}
		// Nothing is sent before the agent's first sound frame: its tty may still echo.
		if (this.#heard && this.#askedBroken++ < ASK_BROKEN)
			this.#ask(this.#expected);
	}

	#onFrame(seq: number, payload: string, events: ChannelEvent[]): void {
		this.#heard = true;
		if (seq > this.#expected + MAX_GAP)
			this.#violation(
				`frame ${seq} came where ${this.#expected} was due`,
				events,
			);
		if (this.#violated) return;
		if (seq < this.#expected || this.#early.has(seq)) {
			this.#onRepeated(seq, payload, events);
			return;
		}
		if (this.#saidBye) {
			this.#violation(
				`"${payload.slice(0, 40)}" came after the goodbye`,
				events,
			);
			return;
		}
		this.#early.set(seq, payload);
		for (;;) {
			const next = this.#early.get(this.#expected);
			if (next === undefined || this.#violated) break;
			this.#early.delete(this.#expected);
			this.#asked.delete(this.#expected);
			this.#expected++;
			this.#delivered.push(crc32(next));
			this.#askedBroken = 0;
			this.#brokenInARow = 0;
			this.#nudged = false;
			this.#signsOfLife = 0;
			this.#onPayload(next, events);
		}
		if (!this.#violated) this.#askMissing();
	}

	/** A frame that was there before: asked for twice, it may come twice, and then it is the same. */
	#onRepeated(seq: number, payload: string, events: ChannelEvent[]): void {
		// The agent let it go meanwhile; here it is.
		if (payload === "gone") return;
		this.stats.repeated++;
		const early = this.#early.get(seq);
		const before = early === undefined ? this.#delivered[seq] : crc32(early);
		if (crc32(payload) !== before)
			this.#violation(`frame ${seq} came again with other content`, events);
		else if (this.stats.repeated > this.stats.asked + MAX_REPEATED)
			this.#violation(
				`${this.stats.repeated} frames came again, and ${this.stats.asked} were asked for`,
				events,
			);
	}

	#askMissing(): void {
		if (this.#early.size === 0) return;
		const last = Math.max(...this.#early.keys());
		const end = Math.min(last, this.#expected + ASK_AHEAD);
		for (let seq = this.#expected; seq < end; seq++) {
			if (!this.#early.has(seq) && !this.#asked.has(seq)) this.#ask(seq);
		}
	}

	#ask(seq: number): void {
		this.#asked.add(seq);
		this.stats.asked++;
		this.#out.push(encodeLine("r", `resend ${seq}`));
	}

	#onPayload(payload: string, events: ChannelEvent[]): void {
		const word = payload.split(" ", 1)[0];
		if (word === "gone")
			this.#violation(
				`frame ${this.#expected - 1} was lost, and the agent does not keep it any more`,
				events,
			);
		else if (word === "bad") this.#onBad(payload, events);
		else if (REPLIES.has(word ?? "")) this.#onReply(payload, events);
		else if (this.#ready)
			this.#violation(
				`"${payload.slice(0, 40)}" came where only replies were due`,
				events,
			);
		else {
			this.#ready = payload === "ready";
			events.push({ type: "payload", payload });
		}
	}

	#onReply(reply: string, events: ChannelEvent[]): void {
		const index = this.#unanswered.findIndex((line) => line.due.length > 0);
		const line = this.#unanswered[index];
		const due = line?.due[0];
		if (!line || !due || !isReplyTo(reply, due.reply)) {
			const wanted = due ? `"${due.reply}"` : "no answer";
			this.#violation(
				`"${reply.slice(0, 40)}" came where ${wanted} was due`,
				events,
			);
			return;
		}
		if (due.reply === "bye") {
			this.#saidBye = true;
			const { cases, all } = this.#answered;
			if (reply !== `bye ${cases}` && reply !== `bye ${all}`) {
				this.#violation(
					`the goodbye was "${reply.slice(0, 40)}" after ${cases} answers`,
					events,
				);
				return;
			}
		}
		this.#answered.all++;
		if (due.reply.startsWith("obs ")) this.#answered.cases++;
		const payload = this.#readBacks.expand(reply);
		if (payload === undefined) {
			this.#violation(
				`"${reply.slice(0, 40)}" names a read-back that was never told`,
				events,
			);
			return;
		}
		line.due.shift();
		// Lines are obeyed in order: those before this one are done, and it is once its last answer is here.
		const done = line.due.length === 0 ? index + 1 : index;
		for (const gone of this.#unanswered.splice(0, done))
			this.#unansweredBytes -= gone.wire.length;
		if (!line.own) events.push({ type: "payload", payload, answers: due.text });
	}

	#onBad(payload: string, events: ChannelEvent[]): void {
		const want = /^bad (0|[1-9][0-9]{0,9})$/.exec(payload)?.[1];
		const first = this.#nextNum - this.#unanswered.length;
		const num = Number(want);
		if (want === undefined || num < first || num > this.#nextNum)
			this.#violation(
				`"${payload.slice(0, 40)}" asks for a line that was answered or never sent`,
				events,
			);
		else if (num <= this.#lastBad)
			this.#violation(
				`"${payload.slice(0, 40)}" asks a second time for the same line`,
				events,
			);
		else {
			this.#lastBad = num;
			this.#sendAgain(this.#unanswered.slice(num - first));
		}
	}

	#sendAgain(lines: Line[]): void {
		this.stats.resent += lines.length;
		for (const line of lines) this.#out.push(line.wire);
	}

	#violation(what: string, events: ChannelEvent[]): void {
		this.#violated = true;
		this.#source = null;
		events.push({ type: "violation", what });
	}

	/** How many answers are due. */
	get #awaited(): number {
		return this.#unanswered.reduce((sum, { due }) => sum + due.length, 0);
	}

	/** Sends as much of the source as the window holds. */
	#fill(): void {
		while (this.#source) {
			if (this.#peeked === null) {
				const next = this.#source.next();
				if (next.done) {
					this.#source = null;
					return;
				}
				this.#peeked = next.value;
			}
			const wire = encodeLine(this.#nextNum, this.#peeked.text);
			if (this.#awaited >= MAX_AWAITED) return;
			if (
				this.#unansweredBytes > 0 &&
				this.#unansweredBytes + wire.length > WINDOW
			) {
				// Lines without an answer alone would block the window for ever: one that has an answer moves it on.
				if (!this.#unanswered.some((line) => line.due.length > 0))
					this.#push({ text: "rate 1", requests: ["rate 1"] }, true);
				return;
			}
			const batch = this.#peeked;
			this.#peeked = null;
			this.#push(batch, false);
		}
	}

	#push({ text, requests }: Batch, own: boolean): void {
		const wire = encodeLine(this.#nextNum++, text);
		this.#unanswered.push({ wire, due: dueFor(requests), own });
		this.#unansweredBytes += wire.length;
		this.#out.push(wire);
	}
}
