/** The connection to the agent of one running guest: bytes in, bytes out, and the clocks that tell silence from work. */
import { VmError } from "../base/errors.js";
import { Channel, type ChannelEvent } from "../channel/channel.js";
import type { RequestCatalogue } from "../channel/requestCatalogue.js";
import type { QemuProcess } from "../qemu/process.js";
import type { Keeper } from "../replay/keep.js";
import { ConsoleLog } from "./console.js";
import { type Cause, type GuestEnd, judgeEnd } from "./ending.js";
import { RunningClock, TIMERS, type Timers } from "./runningClock.js";

/** The clocks are looked at so often. */
const TICK_MS = 100;
/** A kernel that panicked resets at once (`panic=-1`); where the user's words forbid that, it gets so long. */
const PANIC_GRACE_MS = 1500;
/** After goodbye the guest powers off by itself within this. */
const BYE_GRACE_MS = 1000;
/** How long QEMU has to tell the registers of a guest that hangs. */
const REGISTERS_MS = 1000;
/** The first nudge after so long a silence with requests under way; the pause doubles each time. */
const FIRST_NUDGE_MS = 1000;
/** An agent's own port has no other words than frames; so many bytes outside them are none of its doing. */
const MAX_NOISE = 16 * 1024 * 1024;
/** A request without a deadline of its own may take so long. */
const DEFAULT_DEADLINE_MS = 10_000;

export interface ConnectionOptions {
	/** Added to a case's own deadline before silence means a hang, milliseconds. */
	slackMs: number;
	/** The requests that the initramfs carries. */
	catalogue: RequestCatalogue;
	/** Each chunk of the console, as it comes. */
	onConsole?: (bytes: Buffer) => void;
	/** Each chunk of the channel, as it comes. */
	onChannel?: (bytes: Buffer) => void;
	/** What a resumed guest had said and shown before it was saved. */
	before?: Before;
	/** Those of Node.js where absent. */
	timers?: Timers;
}

/** How long the guest may stay silent over a request, without slack. */
export function deadlineOf(request: string): number {
	const [word, first, second] = request.split(" ", 3);
	if (word === "case") return Number(second) || DEFAULT_DEADLINE_MS;
	if (word === "rate") return 2000 + 50 * (Number(first) || 0);
	return DEFAULT_DEADLINE_MS;
}

/** What a listener is told, each where it wants to be. */
export interface AgentListener {
	/** Takes payloads, in order, each with the request that it answers. What it throws ends the exchange. */
	readonly payload?: (payload: string, answers: string | undefined) => void;
	/** Called after each batch of bytes, and when a request source failed. */
	readonly progress?: (error?: unknown) => void;
}

export class AgentConnection {
	readonly console = new ConsoleLog();
	readonly channel: Channel;
	/** Resolves when QEMU is gone. Never rejects. */
	readonly ended: Promise<GuestEnd>;
	#listener: AgentListener | undefined;
	#process: QemuProcess;
	#options: ConnectionOptions;
	#cause: Cause | undefined;
	#registers: string[] = [];
	#saidBye = false;
	#silentMs = 0;
	#nextNudgeMs = FIRST_NUDGE_MS;
	#consoleSilentMs = 0;
	/** How many milliseconds the guest has run. */
	#ageMs = 0;
	#clock = new RunningClock();
	#noise = 0;
	/** The banners on the console when the agent was ready. */
	#bannersAtBoot: number | undefined;
	#killed = false;
	#panicMs: number | undefined;
	#limit: { ageMs: number; consoleSilentMs: number } | undefined;
	readonly #timers: Timers;

	constructor(process: QemuProcess, options: ConnectionOptions) {
		this.#process = process;
		this.#options = options;
		this.#timers = options.timers ?? TIMERS;
		const shared = process.results === null;
		const { before } = options;
		this.channel = new Channel(options.catalogue, !shared, before?.words);
		if (before) this.console.feed(before.console);
		process.console.on("data", (bytes: Buffer) => {
			if (shared) this.#fromChannel(bytes);
			else this.#fromConsole(bytes);
		});
		process.results?.on("data", (bytes: Buffer) => this.#fromChannel(bytes));
		const stopTicks = this.#timers.every(TICK_MS, () => this.#tick());
		this.ended = process.exited.then((exit) => {
			stopTicks();
			for (const event of shared ? this.channel.nudge() : [])
				if (event.type === "noise") this.#fromConsole(event.bytes);
			this.console.end();
			return this.#describeEnd(exit);
		});
	}

	/**
	 * Tells this listener, and no other one, what the agent says from now on; what is said while nobody listens is lost.
	 * The function that it returns ends that.
	 */
	listen(listener: AgentListener): () => void {
		this.#listener = listener;
		return () => {
			if (this.#listener === listener) this.#listener = undefined;
		};
	}

	/** Until the agent speaks: how old the guest and how long its silence may get, milliseconds. */
	limitBoot(ageMs: number, consoleSilentMs: number): void {
		this.#limit = { ageMs, consoleSilentMs };
	}

	/** The agent spoke: the boot's limits are off. */
	booted(): void {
		this.#limit = undefined;
		this.#bannersAtBoot = Math.max(1, this.console.banners);
	}

	/** Adds requests. @throws VmError (usage) when one may not travel. */
	send(lines: Iterable<string>): void {
		this.#heard();
		this.channel.attach(lines);
		this.#flush();
	}

	/** A silence begins anew. */
	#heard(): void {
		this.#silentMs = 0;
		this.#nextNudgeMs = FIRST_NUDGE_MS;
	}

	/** Ends the guest at once; the first cause given is the one that counts. */
	kill(cause: Cause): void {
		this.#cause ??= cause;
		this.#killed = true;
		this.#process.kill();
	}

	#flush(): void {
		const bytes = this.channel.drain();
		const { input } = this.#process;
		if (bytes && input.writable) input.write(bytes, "latin1");
	}

	#fromConsole(bytes: Buffer): void {
		if (this.#killed) return;
		this.#consoleSilentMs = 0;
		this.#options.onConsole?.(bytes);
		for (const finding of this.console.feed(bytes))
			if (finding.kind === "panic") this.#panicMs ??= 0;
		if (
			this.console.banners > (this.#bannersAtBoot ?? Number.POSITIVE_INFINITY)
		)
			this.#broken("the kernel's banner came again after the agent was ready");
	}

	#broken(what: string): void {
		this.kill({ kind: "broken-channel", reason: what });
	}

	#fromChannel(bytes: Buffer): void {
		// Why it ends is known: nothing that comes after that is believed.
		if (this.#cause) return;
		this.#options.onChannel?.(bytes);
		this.#advance(() => this.channel.feed(bytes));
	}

	/** Lets the channel act, and tells what came of it. */
	#advance(act: () => ChannelEvent[]): void {
		try {
			this.#take(act());
			this.#flush();
			this.#listener?.progress?.();
		} catch (error) {
			this.#listener?.progress?.(error);
		}
	}

	#take(events: ChannelEvent[]): void {
		for (const event of events) {
			if (event.type === "noise") {
				this.#onNoise(event.bytes);
			} else if (event.type === "violation") {
				this.#broken(`the agent broke the protocol: ${event.what}`);
			} else if (!this.#cause) {
				// Only an answer breaks a silence: what else is said brings no request to its end.
				if (event.answers !== undefined) this.#heard();
				if (event.payload.startsWith("bye ")) this.#goodbye();
				this.#listener?.payload?.(event.payload, event.answers);
			}
		}
	}

	#onNoise(bytes: Buffer): void {
		this.#noise += bytes.length;
		if (this.#process.results === null) this.#fromConsole(bytes);
		else if (this.#noise > MAX_NOISE)
			this.#broken(
				`more than ${MAX_NOISE >> 20} MiB outside frames came over the agent's own port`,
			);
	}

	#goodbye(): void {
		this.#saidBye = true;
		this.#timers.after(BYE_GRACE_MS, () => {
			this.#killed = true;
			this.#process.kill();
		});
	}

	#tick(): void {
		const passed = Math.max(TICK_MS, this.#clock.passed());
		this.#ageMs += passed;
		this.#consoleSilentMs += passed;
		if (this.#panicMs !== undefined) {
			this.#panicMs += passed;
			if (this.#panicMs > PANIC_GRACE_MS)
				this.kill({ kind: "panic", reason: "the kernel panicked" });
		}
		if (this.#limit) this.#checkBoot(this.#limit);
		if (!this.channel.idle && !this.#saidBye) this.#checkSilence(passed);
	}

	#checkBoot(limit: { ageMs: number; consoleSilentMs: number }): void {
		if (this.#ageMs > limit.ageMs)
			this.#hang(
				`the agent did not speak within ${limit.ageMs / 1000} s of the boot`,
			);
		else if (this.#consoleSilentMs > limit.consoleSilentMs)
			this.#hang(
				`the console was silent for ${limit.consoleSilentMs / 1000} s and the agent had not spoken`,
			);
	}

	#checkSilence(passed: number): void {
		this.#silentMs += passed;
		const running = this.channel.running;
		const allowed =
			(running === undefined ? DEFAULT_DEADLINE_MS : deadlineOf(running)) +
			this.#options.slackMs;
		if (this.#silentMs > allowed) {
			const hole = this.channel.hole;
			if (hole !== undefined) this.#broken(hole);
			else this.#hang(`the guest was silent for ${allowed / 1000} s`);
		} else if (this.#silentMs >= this.#nextNudgeMs) {
			this.#nextNudgeMs *= 2;
			this.#advance(() => this.channel.nudge());
		}
	}

	/** A hang: where the CPU is, then the end. */
	#hang(reason: string): void {
		if (this.#cause) return;
		this.#cause = { kind: "hang", reason };
		void this.#process.qmp.registers(REGISTERS_MS).then((lines) => {
			this.#registers = lines;
			this.#killed = true;
			this.#process.kill();
		});
	}

	#describeEnd(exit: Awaited<QemuProcess["exited"]>): GuestEnd {
		const stderr = this.#process.stderr();
		const running = this.channel.running;
		const caseN = /^case (\d+) /.exec(running ?? "")?.[1];
		return {
			...judgeEnd({
				saidBye: this.#saidBye,
				...(this.#cause && { cause: this.#cause }),
				...(this.#process.qmp.shutdown !== undefined && {
					shutdown: this.#process.qmp.shutdown,
				}),
				exit,
				stderr,
				console: this.console,
			}),
			...(running !== undefined && { running }),
			...(caseN !== undefined && { runningCase: Number(caseN) }),
			consoleTail: [...this.console.evidence(), ...this.#registers],
			findings: this.console.findings,
			banners: this.console.banners,
			qemuStderr: stderr,
			registers: this.#registers,
			channel: this.channel.stats,
		};
	}
}

/** The guest ended while something was still wanted of it. */
export class GuestLost extends VmError {
	override readonly name = "GuestLost";
	readonly end: GuestEnd;

	constructor(end: GuestEnd) {
		super("boot", end.reason);
		this.end = end;
	}
}

/** What holds for every guest that was just started. */
export interface ConnectPlan {
	slackMs: number;
	/** The requests in the initramfs. */
	catalogue: RequestCatalogue;
	keeper: Keeper;
	signal: AbortSignal | undefined;
	/** QEMU is broken when its standard error matches. */
	fatalStderr: RegExp | undefined;
}

export interface Connected {
	connection: AgentConnection;
	end: Promise<GuestEnd>;
}

/** What a resumed guest had said and shown before it was saved. */
export interface Before {
	readonly words: readonly string[];
	readonly console: Buffer;
}

/**
 * The connection to a QEMU that was just started, until the guest's end: its logs, and the caller's signal.
 * @param onConsole told each piece of the console, as it comes
 */
export function connect(
	qemu: QemuProcess,
	plan: ConnectPlan,
	{
		before,
		onConsole,
	}: { before?: Before; onConsole?: (bytes: Buffer) => void } = {},
): Connected {
	if (before) plan.keeper.console(before.console);
	const connection = new AgentConnection(qemu, {
		slackMs: plan.slackMs,
		catalogue: plan.catalogue,
		...(before && { before }),
		onConsole: (bytes) => {
			plan.keeper.console(bytes);
			onConsole?.(bytes);
		},
		onChannel: (bytes) => plan.keeper.channel(bytes),
	});
	const abort = () =>
		connection.kill({ kind: "killed", reason: "interrupted by the caller" });
	plan.signal?.addEventListener("abort", abort, { once: true });
	if (plan.signal?.aborted) abort();
	const end = connection.ended.finally(() => {
		plan.signal?.removeEventListener("abort", abort);
		plan.keeper.endAttempt();
	});
	qemu.onStderr((text) => {
		if (plan.fatalStderr?.test(text))
			connection.kill({
				kind: "hang",
				reason: `QEMU said "${firstLine(text)}"`,
			});
	});
	return { connection, end };
}

function firstLine(text: string): string {
	return (text.trim().split("\n", 1)[0] ?? "").slice(0, 160);
}
