/** The one way out for every writer: holds back for a slow reader, and survives one that left. */
import { once } from "node:events";
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

	constructor(out: Writable) {
		this.#out = out;
		// Stays for good: a late EPIPE on stdout must find a listener.
		out.on("error", (error: NodeJS.ErrnoException) => {
			if (!GONE.has(error.code ?? "")) this.#error ??= error;
			this.#gone = true;
		});
		out.on("close", () => {
			this.#gone = true;
		});
		if (out.destroyed) this.#gone = true;
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
		await Promise.race([
			once(this.#out, "drain"),
			new Promise((resolve) => this.#out.once("close", resolve)),
			new Promise((resolve) => this.#out.once("error", resolve)),
		]).catch(() => undefined);
		this.#full = false;
	}

	/** Resolves when everything is with the operating system; rejects when that failed for another reason than a reader that left. */
	async finish(): Promise<void> {
		this.flush();
		if (!this.#gone) {
			await new Promise<void>((resolve) => {
				this.#out.once("close", resolve);
				this.#out.write("", () => resolve());
			});
		}
		if (this.#error !== undefined) {
			throw new Error(
				`the report could not be written: ${this.#error.message}`,
				{ cause: this.#error },
			);
		}
	}
}
