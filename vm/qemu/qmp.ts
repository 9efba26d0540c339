/** As much of QEMU's monitor protocol as a guest needs: to be saved and resumed, why it stopped, and where it hangs. */
import type { Duplex } from "node:stream";
import { VmError } from "../base/errors.js";

/** No message of interest is longer, bytes. */
const MAX_MESSAGE = 1_000_000;
const LF = 0x0a;
/** What is shown of the registers, characters. */
const MAX_REGISTERS = 4096;

/** Why QEMU stopped the guest, in QEMU's words (`guest-reset`, `guest-shutdown`, `guest-panic`, `host-signal`…). */
export type ShutdownReason = string;

/** What QEMU answers a command with: one of the two. */
interface Answer {
	readonly return?: unknown;
	readonly error?: unknown;
}

export class Qmp {
	/** Set once the guest was shut down. */
	shutdown: ShutdownReason | undefined;
	#stream: Duplex;
	#held: Buffer[] = [];
	#heldBytes = 0;
	#skipping = false;
	#waiting = new Map<number, (answer: Answer | undefined) => void>();
	#listeners = new Set<(event: string) => void>();
	#nextId = 1;

	constructor(stream: Duplex) {
		this.#stream = stream;
		stream.on("data", (chunk: Buffer) => this.#feed(chunk));
		stream.on("error", () => {});
		stream.on("close", () => this.#giveUp());
		this.#send({ execute: "qmp_capabilities" });
	}

	/** The CPU's registers as the monitor prints them; empty when QEMU does not answer in time (milliseconds). */
	async registers(timeoutMs: number): Promise<string[]> {
		const reply = await this.#call(
			{
				execute: "human-monitor-command",
				arguments: { "command-line": "info registers" },
			},
			timeoutMs,
		);
		const answer = reply?.return;
		return typeof answer === "string"
			? answer
					.slice(0, MAX_REGISTERS)
					.split(/\r?\n/)
					.map((line) => line.replace(/[^\x20-\x7e]/g, "?"))
					.filter(Boolean)
					.slice(0, 16)
			: [];
	}

	/**
	 * Has QEMU obey a command, and returns what it answers.
	 * @param timeoutMs how long it may take, milliseconds
	 * @throws VmError (qemu) where QEMU refuses it, does not answer in time, or is gone
	 */
	async command(
		execute: string,
		args: object,
		timeoutMs: number,
	): Promise<unknown> {
		const answer = await this.#call({ execute, arguments: args }, timeoutMs);
		if (answer === undefined)
			throw new VmError("qemu", `QEMU did not answer ${execute}`);
		if (answer.error !== undefined)
			throw new VmError(
				"qemu",
				`QEMU refused ${execute}: ${errorText(answer.error)}`,
			);
		return answer.return;
	}

	/** Resolves at the next event of that name; false where it does not come in time, milliseconds, or QEMU is gone. */
	event(name: string, timeoutMs: number): Promise<boolean> {
		return new Promise((resolve) => {
			const done = (came: boolean) => {
				clearTimeout(timer);
				this.#stream.off("close", gone);
				this.#listeners.delete(hear);
				resolve(came);
			};
			const timer = setTimeout(() => done(false), timeoutMs);
			const gone = () => done(false);
			const hear = (event: string) => {
				if (event === name) done(true);
			};
			this.#stream.once("close", gone);
			this.#listeners.add(hear);
		});
	}

	#call(message: object, timeoutMs: number): Promise<Answer | undefined> {
		const id = this.#nextId++;
		return new Promise((resolve) => {
			const timer = setTimeout(() => done(undefined), timeoutMs);
			const done = (value: Answer | undefined) => {
				clearTimeout(timer);
				this.#waiting.delete(id);
				resolve(value);
			};
			if (this.#stream.destroyed) return done(undefined);
			this.#waiting.set(id, done);
			this.#send({ ...message, id });
		});
	}

	#send(message: object): void {
		if (this.#stream.writable)
			this.#stream.write(`${JSON.stringify(message)}\n`);
	}

	#feed(bytes: Buffer): void {
		let rest = bytes;
		for (let at = rest.indexOf(LF); at >= 0; at = rest.indexOf(LF)) {
			if (!this.#skipping)
				this.#message(
					Buffer.concat([...this.#held, rest.subarray(0, at)]).toString(),
				);
			this.#hold(undefined);
			rest = rest.subarray(at + 1);
		}
		if (!this.#skipping) this.#hold(rest);
	}

	/** Keeps the beginning of a line, if it may become a message; undefined: a line is over. */
	#hold(piece: Buffer | undefined): void {
		this.#heldBytes = piece ? this.#heldBytes + piece.length : 0;
		this.#skipping = this.#heldBytes > MAX_MESSAGE;
		if (piece && !this.#skipping) this.#held.push(piece);
		else this.#held = [];
	}

	/** QEMU may be anything that calls itself so: what is no message of the monitor's is passed over. */
	#message(line: string): void {
		let message: unknown;
		try {
			message = JSON.parse(line);
		} catch {
			return;
		}
		if (!isRecord(message)) return;
		if (message.event === "SHUTDOWN") {
			const reason = isRecord(message.data) ? message.data.reason : undefined;
			const known = typeof reason === "string" && /^[a-z-]{1,40}$/.test(reason);
			this.shutdown = known ? reason : "unknown";
		}
		if (typeof message.event === "string")
			for (const hear of [...this.#listeners]) hear(message.event);
		if (typeof message.id === "number")
			this.#waiting.get(message.id)?.(message);
	}

	#giveUp(): void {
		for (const done of [...this.#waiting.values()]) done(undefined);
	}
}

/** What is shown of QEMU's own words, characters. */
const MAX_WORDS = 200;

function errorText(error: unknown): string {
	const words = isRecord(error) ? error.desc : undefined;
	return typeof words === "string"
		? words.replace(/[^\x20-\x7e]+/g, " ").slice(0, MAX_WORDS)
		: "no reason was given";
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}
