/** The talk with an agent at the other end of two pipes, which lose nothing: requests out, replies in their order. */
import type { Readable, Writable } from "node:stream";
import {
	ALIVE,
	Channel,
	deadlineOf,
	FactReader,
	type Hello,
	parseHello,
	RunningClock,
} from "../../vm/index.js";

/** Silence is looked for so often, milliseconds. */
const TICK_MS = 250;
/** A reply is awaited this much longer than the case's own deadline, milliseconds: the way there and back, and a slow machine. */
const SLACK_MS = 20_000;
/** The agent's first words are awaited so long, milliseconds. */
const FIRST_WORDS_MS = 30_000;
/** The protocol's version that this side speaks. */
const PROTO = 1;
/** So many words at least come in the time after which the agent would end. */
const WORDS_IN_SILENCE = 4;

/** What the agent said, or why nothing more is to be had of it. */
export class LinkError extends Error {
	override readonly name = "LinkError";
}

/** What waits for the agent. */
interface Waiting {
	payload(payload: string, answers: string | undefined): void;
	done(): void;
	failed(error: Error): void;
}

export class AgentLink {
	readonly #channel = new Channel(undefined, true);
	readonly #to: Writable;
	readonly #clock = new RunningClock();
	readonly #ticker: NodeJS.Timeout;
	readonly #aliveTicker: NodeJS.Timeout;
	#waiting: Waiting | undefined;
	#over: Error | undefined;
	#silentMs = 0;
	#allowedMs = FIRST_WORDS_MS;

	/**
	 * @param first what came from the agent before anybody listened
	 * @param silenceSeconds the agent ends after so long without a word from here
	 */
	constructor(
		from: Readable,
		to: Writable,
		first: Uint8Array,
		silenceSeconds: number,
	) {
		this.#to = to;
		from.on("data", (bytes: Buffer) => this.#take(bytes));
		this.#ticker = setInterval(() => this.#tick(), TICK_MS);
		this.#aliveTicker = setInterval(
			() => this.#write(ALIVE),
			(1000 * silenceSeconds) / WORDS_IN_SILENCE,
		);
		setImmediate(() => this.#take(first));
	}

	/** Says hello and tells the kernel facts. @throws LinkError */
	async greeting(): Promise<{ hello: Hello; facts: Record<string, string> }> {
		const reader = new FactReader();
		let hello: Hello | undefined;
		await this.#wait((payload, done) => {
			if (hello === undefined) {
				hello = parseHello(payload);
				if (hello?.proto !== PROTO)
					throw new LinkError(
						`the agent's first word was "${payload.slice(0, 80)}"`,
					);
			} else if (payload === "ready") done();
			else if (!reader.add(payload))
				throw new LinkError(
					`the agent said "${payload.slice(0, 80)}" among its facts`,
				);
		});
		if (hello === undefined) throw new LinkError("the agent said nothing");
		return { hello, facts: reader.toRecord() };
	}

	/**
	 * Asks, and hands on each reply, in order; resolves with the last one.
	 * @throws LinkError for what the agent does, and what `lines` and `onReply` throw
	 */
	exchange(
		lines: Iterable<string>,
		onReply: (payload: string) => void,
	): Promise<void> {
		return this.#wait(
			(payload, _, answers) => {
				if (answers !== undefined) onReply(payload);
			},
			() => this.#channel.attach(lines),
		);
	}

	/** Nothing more comes, and this is why. */
	end(why: string): void {
		clearInterval(this.#ticker);
		clearInterval(this.#aliveTicker);
		this.#over ??= new LinkError(why);
		this.#waiting?.failed(this.#over);
	}

	/** Waits for what `take` calls done, or, where there are requests, for the last answer. */
	async #wait(
		take: (payload: string, done: () => void, answers?: string) => void,
		begin?: () => void,
	): Promise<void> {
		if (this.#over !== undefined) throw this.#over;
		try {
			await new Promise<void>((resolve, reject) => {
				this.#waiting = {
					payload: (payload, answers) => take(payload, resolve, answers),
					done: () => begin !== undefined && resolve(),
					failed: reject,
				};
				this.#silentMs = 0;
				begin?.();
				this.#flush();
			});
		} finally {
			this.#waiting = undefined;
		}
	}

	#take(bytes: Uint8Array): void {
		if (this.#over !== undefined) return;
		try {
			for (const event of this.#channel.feed(bytes)) {
				if (event.type === "violation")
					this.end(`the agent broke the protocol: ${event.what}`);
				if (event.type !== "payload" || this.#over !== undefined) continue;
				this.#silentMs = 0;
				this.#waiting?.payload(event.payload, event.answers);
			}
			this.#flush();
		} catch (error) {
			this.#waiting?.failed(error as Error);
		}
	}

	#flush(): void {
		this.#write(this.#channel.drain());
		const { running } = this.#channel;
		if (running !== undefined) this.#allowedMs = deadlineOf(running) + SLACK_MS;
		if (this.#channel.idle) this.#waiting?.done();
	}

	#write(bytes: string): void {
		if (bytes !== "" && this.#to.writable) this.#to.write(bytes, "latin1");
	}

	/** Silence over a request that should long be answered. */
	#tick(): void {
		const passed = this.#clock.passed();
		if (this.#waiting === undefined) return;
		this.#silentMs += passed;
		if (this.#silentMs > this.#allowedMs)
			this.end(`the agent was silent for ${this.#allowedMs / 1000} s`);
	}
}
