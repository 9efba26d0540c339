/** As much of QEMU's monitor protocol as the end of a guest needs: why it stopped, and where it hangs. */
import type { Duplex } from "node:stream";

/** No message of interest is longer, bytes. */
const MAX_MESSAGE = 1_000_000;
const LF = 0x0a;
/** What is shown of the registers, characters. */
const MAX_REGISTERS = 4096;

/** Why QEMU stopped the guest, in QEMU's words (`guest-reset`, `guest-shutdown`, `guest-panic`, `host-signal`…). */
export type ShutdownReason = string;

export class Qmp {
	/** Set once the guest was shut down. */
	shutdown: ShutdownReason | undefined;
	#stream: Duplex;
	#held: Buffer[] = [];
	#heldBytes = 0;
	#skipping = false;
	#waiting = new Map<number, (value: unknown) => void>();
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
		const answer = await this.#call(
			{
				execute: "human-monitor-command",
				arguments: { "command-line": "info registers" },
			},
			timeoutMs,
		);
		return typeof answer === "string"
			? answer
					.slice(0, MAX_REGISTERS)
					.split(/\r?\n/)
					.map((line) => line.replace(/[^\x20-\x7e]/g, "?"))
					.filter(Boolean)
					.slice(0, 16)
			: [];
	}

	#call(message: object, timeoutMs: number): Promise<unknown> {
		const id = this.#nextId++;
		return new Promise((resolve) => {
			const timer = setTimeout(() => done(undefined), timeoutMs);
			const done = (value: unknown) => {
				clearTimeout(timer);
				this.#waiting.delete(id);
				resolve(value);
			};
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
		if (typeof message.id === "number")
			this.#waiting.get(message.id)?.(message.return);
	}

	#giveUp(): void {
		for (const done of [...this.#waiting.values()]) done(undefined);
	}
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null;
}
