/** As much of QEMU's monitor protocol as the end of a guest needs: why it stopped, and where it hangs. */
import type { Duplex } from "node:stream";

/** No message of interest is longer, bytes. */
const MAX_BUFFER = 1_000_000;
/** What is shown of the registers, characters. */
const MAX_REGISTERS = 4096;

/** Why QEMU stopped the guest, in QEMU's words (`guest-reset`, `guest-shutdown`, `guest-panic`, `host-signal`…). */
export type ShutdownReason = string;

export class Qmp {
	/** Set once the guest was shut down. */
	shutdown: ShutdownReason | undefined;
	#stream: Duplex;
	#text = "";
	#waiting = new Map<number, (value: unknown) => void>();
	#nextId = 1;

	constructor(stream: Duplex) {
		this.#stream = stream;
		stream.on("data", (chunk: Buffer) => this.#feed(chunk.toString("latin1")));
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

	#feed(text: string): void {
		this.#text += text;
		for (
			let at = this.#text.indexOf("\n");
			at >= 0;
			at = this.#text.indexOf("\n")
		) {
			this.#message(this.#text.slice(0, at));
			this.#text = this.#text.slice(at + 1);
		}
		if (this.#text.length > MAX_BUFFER) this.#text = "";
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
