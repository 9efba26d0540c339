/** The one way out for every writer: holds back for a slow reader, and survives one that left. */
import type { Writable } from "node:stream";

/** What `| head` does to a pipe. The reader had enough; that is no error. */
const GONE = new Set([
	"EPIPE",
	"ERR_STREAM_DESTROYED",
	"ERR_STREAM_WRITE_AFTER_END",
]);

/** Text is gathered up to this size (UTF-16 units) before it is handed on. */
const CHUNK = 65536;

export class Sink {
	readonly #out: Writable;
	#pending = "";
	#full = false;
	#gone = false;
	#error: Error | undefined;
	readonly #waiting: (() => void)[] = [];

	constructor(out: Writable) {
		this.#out = out;
		// These stay for good: a late EPIPE on stdout must find a listener.
		out.on("error", (error: NodeJS.ErrnoException) => {
			if (!GONE.has(error.code ?? "")) this.#error ??= error;
			this.#leave();
		});
		out.on("close", () => this.#leave());
		out.on("drain", () => this.#wake());
		if (out.destroyed) this.#gone = true;
	}

	#leave(): void {
		this.#gone = true;
		this.#wake();
	}

	/** Lets everybody go on who waits. */
	#wake(): void {
		this.#full = false;
		for (const resolve of this.#waiting.splice(0)) resolve();
	}

	/** True when nobody reads any more: whatever is written now is dropped. */
	get gone(): boolean {
		return this.#gone;
	}

	/** Gathers text; `flush` or enough of it sends it on. */
	write(text: string): void {
		this.#pending += text;
		if (this.#pending.length >= CHUNK) this.flush();
	}

	/** Hands everything gathered to the stream. */
	flush(): void {
		const text = this.#pending;
		this.#pending = "";
		if (this.#gone || text === "") return;
		if (!this.#out.write(text)) this.#full = true;
	}

	/** Resolves when the stream takes more, or never will. */
	async ready(): Promise<void> {
		if (!this.#full || this.#gone) return;
		await new Promise<void>((resolve) => this.#waiting.push(resolve));
	}

	/** Resolves when everything is with the operating system; rejects when that failed for another reason than a reader that left. */
	async finish(): Promise<void> {
		this.flush();
		if (!this.#gone) {
			await new Promise<void>((resolve) => {
				this.#waiting.push(resolve);
				this.#out.write("", () => resolve());
			});
		}
		if (this.#error !== undefined) throw this.#error;
	}
}
