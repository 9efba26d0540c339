/** One connection of the user's ssh, from its start to the agent's first word, and to its end. */
import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import type { ResultPromise } from "execa";
import { OpenError } from "../targets/target.js";
import { type SshDestination, sshArguments } from "./sshDestination.js";
import { bootstrapScript, readShellLine, type ShellWord } from "./sshScript.js";

/** The status with which ssh ends where it failed itself. */
const SSH_FAILED = 255;
/** A login may print much before the shell's first word; more is no login's, bytes. */
const MAX_GREETING = 4 * 1024 * 1024;
/** ssh's own words that are kept, bytes. */
const MAX_STDERR = 16_384;
/** After its end is asked for, ssh gets so long to take it to the other side, milliseconds. */
const GRACE_MS = 3000;

export interface SshShellOptions {
	readonly destination: SshDestination;
	/** The program, `ssh` of the search path otherwise. */
	readonly program?: string;
	/** The agent ends after so long without a word from here. */
	readonly silenceSeconds: number;
	readonly signal: AbortSignal;
}

const OPTIONS = {
	buffer: false,
	reject: false,
	stdin: "pipe",
	stdout: "pipe",
	stderr: "pipe",
	// Ctrl-C reaches the runner, which ends the agent; ssh would go at once.
	detached: true,
	forceKillAfterDelay: GRACE_MS,
} as const;

type SshProcess = ResultPromise<typeof OPTIONS>;

export class SshShell {
	readonly #child: SshProcess;
	readonly #token = `crcap${randomBytes(8).toString("hex")}`;
	readonly #signal: AbortSignal;
	readonly #abort = (): void => this.kill();
	#held: Buffer = Buffer.alloc(0);
	#lastLine = "";
	#stderr = "";
	#closing = false;
	#onBytes: (() => void) | undefined;
	/** Resolves with why, once ssh has ended. Never rejects. */
	readonly ended: Promise<string>;

	constructor(
		child: SshProcess,
		{ signal, silenceSeconds }: Omit<SshShellOptions, "destination">,
	) {
		this.#child = child;
		this.#signal = signal;
		// A write that the other end no longer takes shows in ssh's end.
		child.stdin?.on("error", () => {});
		child.stderr?.on("data", (bytes: Buffer) => {
			this.#stderr = (this.#stderr + bytes.toString()).slice(-MAX_STDERR);
		});
		child.stdout?.on("data", this.#keep);
		signal.addEventListener("abort", this.#abort, { once: true });
		this.ended = child.then(
			(result) => this.#endOf(result),
			(error: Error) => error.message,
		);
		void this.ended.then(() => {
			signal.removeEventListener("abort", this.#abort);
			this.#onBytes?.();
		});
		this.stdin.write(bootstrapScript(this.#token, silenceSeconds));
	}

	get stdin(): Writable {
		return this.#child.stdin as Writable;
	}

	get stdout(): Readable {
		return this.#child.stdout as Readable;
	}

	/**
	 * Waits for the script's next word.
	 * @throws OpenError where ssh ends before it, or something else floods the line
	 */
	async word(): Promise<{ word: ShellWord; rest: string }> {
		let over: string | undefined;
		void this.ended.then((why) => {
			over = why;
		});
		for (;;) {
			for (let at = this.#held.indexOf(10); at >= 0; ) {
				const line = this.#held.subarray(0, at).toString();
				this.#held = this.#held.subarray(at + 1);
				const said = readShellLine(line, this.#token);
				if (said !== undefined) return said;
				if (line.trim() !== "") this.#lastLine = line.trim().slice(0, 300);
				at = this.#held.indexOf(10);
			}
			if (this.#held.length > MAX_GREETING)
				throw new OpenError(
					"what its login prints has no end: the shell was never reached",
				);
			if (over !== undefined) throw new OpenError(over);
			await new Promise<void>((resolve) => {
				this.#onBytes = resolve;
			});
			// Whoever ended may have said its last words a moment before.
			await new Promise((resolve) => setImmediate(resolve));
		}
	}

	/** What came after the script's last word; from here on somebody else reads. */
	handOver(): Buffer {
		this.stdout.off("data", this.#keep);
		return this.#held;
	}

	/** Ends the connection: the agent finds its standard input closed. */
	async close(): Promise<void> {
		this.#closing = true;
		this.stdin.end();
		const late = setTimeout(() => this.kill(), GRACE_MS);
		await this.ended;
		clearTimeout(late);
	}

	/** Ends it at once. */
	kill(): void {
		this.#closing = true;
		this.#child.kill("SIGTERM");
	}

	readonly #keep = (bytes: Buffer): void => {
		this.#held = Buffer.concat([this.#held, bytes]);
		this.#onBytes?.();
	};

	#endOf(result: Awaited<SshProcess>): string {
		if (this.#signal.aborted || this.#closing)
			return "the connection was closed";
		if (result.code === "ENOENT")
			return "there is no ssh on this machine: install OpenSSH's client (Debian's package openssh-client)";
		const last = this.#lastWords(result.exitCode);
		const how =
			result.signal !== undefined
				? `ssh was killed by ${result.signal}`
				: `ssh ended with status ${result.exitCode ?? "unknown"}`;
		return last === "" ? how : `${how}: ${last}`;
	}

	/** ssh's own; where the other side ended it, a login that is no shell says why on its standard output. */
	#lastWords(exitCode: number | undefined): string {
		const said = lastLineOf(this.#held.toString()) || this.#lastLine;
		const own = lastLineOf(this.#stderr);
		return exitCode === SSH_FAILED ? own || said : said || own;
	}
}

function lastLineOf(text: string): string {
	return text.trim().split(/\r?\n/).at(-1)?.trim().slice(0, 300) ?? "";
}

/** Starts the user's ssh. */
export async function startShell(options: SshShellOptions): Promise<SshShell> {
	const { destination, program = "ssh" } = options;
	const { execa } = await import("execa");
	const child = execa(program, sshArguments(destination), OPTIONS);
	return new SshShell(child, options);
}
