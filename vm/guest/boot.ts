/** The way from power-on to `ready`, and again when a boot dies before the agent's first word. */
import { closeSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { VmError } from "../base/errors.js";
import { type GuestSpec, memoryBytes } from "../qemu/arguments.js";
import { type QemuProcess, spawnQemu } from "../qemu/process.js";
import type { QemuBuild } from "../qemu/qemuBuild.js";
import { openSharedMemory } from "../qemu/sharedMemory.js";
import { StatePort } from "../qemu/statePort.js";
import {
	type AgentConnection,
	type ConnectPlan,
	connect,
} from "./agentConnection.js";
import type { EndKind, GuestEnd } from "./ending.js";
import { FactReader, type Hello, parseHello } from "./facts.js";
import type { BootLimits } from "./options.js";

/** The protocol's version that this side speaks. */
const PROTO = 1;

/** A boot that did not get far enough. */
export interface BootAttempt {
	/** Which attempt this was, counted from 1. */
	attempt: number;
	outcome: EndKind;
	/** What happened, in a sentence. */
	reason: string;
	consoleTail: string[];
	durationMs: number;
	end: GuestEnd;
}

/** No boot reached `ready`; every attempt is told. */
export class BootError extends VmError {
	override readonly name = "BootError";
	readonly attempts: readonly BootAttempt[];

	constructor(attempts: readonly BootAttempt[], hint?: string) {
		const last = attempts.at(-1);
		const times =
			attempts.length === 1 ? "a boot" : `each of ${attempts.length} boots`;
		super(
			"boot",
			`the agent was not reached in ${times}: ${last?.reason ?? "no boot was tried"}`,
			hint === undefined ? {} : { hint },
		);
		this.attempts = attempts;
	}
}

export interface BootPlan extends BootLimits, ConnectPlan {
	build: QemuBuild;
	spec: Omit<GuestSpec, "initrd">;
	initramfs: Uint8Array;
	/** So that it can be saved. */
	savable: boolean;
	/** The kernel's configuration was looked at, and has what a boot needs. */
	configured: boolean;
	onProgress: (line: string) => void;
	onStart: () => void;
}

export interface Booted {
	connection: AgentConnection;
	end: Promise<GuestEnd>;
	hello: Hello;
	facts: Record<string, string>;
	/** What it takes to save it, where it was started so. */
	savable?: Savable;
	/** From this boot's start to `ready`, milliseconds. */
	bootMs: number;
	failed: BootAttempt[];
}

/** Boots until the agent is ready, at most `maxBoots` times. */
export async function tryBoots(plan: BootPlan): Promise<Booted> {
	const failed: BootAttempt[] = [];
	let { savable } = plan;
	for (let attempt = 1; ; attempt++) {
		const outcome = await bootOnce({ ...plan, savable }, attempt, failed);
		if ("connection" in outcome) return outcome;
		failed.push(outcome.failure);
		const { end } = outcome.failure;
		if (end.kind === "killed") throw aborted(plan.signal, end);
		if (savable && refused(end)) {
			// It may be memory in a file, which this QEMU does not take.
			savable = false;
			continue;
		}
		if (outcome.spoke || attempt >= plan.maxBoots || refused(end))
			throw new BootError(failed, hintFor(end, outcome.silent, plan));
		plan.onProgress(
			`boot ${attempt} failed before the agent's first word (${outcome.failure.reason}); trying again`,
		);
	}
}

/** QEMU itself would not start: the same again would end the same. */
function refused(end: GuestEnd): boolean {
	return end.kind === "qemu-died" && end.consoleTail.length === 0;
}

/** Words that keep a kernel from the initramfs, or from the agent in it. */
const ELSEWHERE = /(?:^|\s)(rdinit=\S*|noinitrd|init=\S*)(?=\s|$)/;

export function hintFor(
	end: Pick<GuestEnd, "kind" | "consoleTail">,
	silent: boolean,
	{ spec, configured }: { spec: { cmdline: string }; configured: boolean },
): string | undefined {
	const tail = end.consoleTail.join("\n");
	const word = ELSEWHERE.exec(spec.cmdline)?.[1];
	if (/Unable to mount root fs|No working init found/.test(tail) && word)
		return `the agent is /init in an initramfs, and "${word}" on the kernel's command line says otherwise`;
	if (/Unable to mount root fs/.test(tail))
		return configured
			? "the kernel found no initramfs, though by its configuration it takes one"
			: "the kernel found no initramfs: it needs CONFIG_BLK_DEV_INITRD=y";
	if (/No working init found|exec format error/i.test(tail))
		return "the kernel could not run the agent: is it built for this architecture, and CONFIG_BINFMT_ELF=y?";
	if (end.kind === "hang" && silent)
		return "nothing came on the console: is the image for this architecture, with its serial console built in?";
	return undefined;
}

function aborted(signal: AbortSignal | undefined, end: GuestEnd): Error {
	return new VmError("aborted", end.reason, { cause: signal?.reason });
}

interface Failure {
	failure: BootAttempt;
	/** True once the agent has spoken. */
	spoke: boolean;
	/** True where nothing came on the console. */
	silent: boolean;
}

async function bootOnce(
	plan: BootPlan,
	attempt: number,
	failed: BootAttempt[],
): Promise<Booted | Failure> {
	const started = performance.now();
	plan.keeper.beginAttempt(attempt);
	const saving = plan.savable ? Saving.of(plan.spec) : undefined;
	const qemu = await start(plan, saving);
	const { connection, end } = connect(qemu, plan, {
		...(saving && { onConsole: (bytes) => saving.show(bytes) }),
	});
	void end.finally(() => saving?.close());
	connection.limitBoot(plan.bootTimeoutMs, plan.bootSilenceMs);
	const words = firstWords(connection);
	if (attempt === 1) plan.onStart();
	const first = await Promise.race([words.ready, end]);
	if ("hello" in first)
		return {
			connection,
			end,
			...first,
			...(saving && {
				savable: saving.offer(qemu, first.words),
			}),
			bootMs: performance.now() - started,
			failed,
		};
	return {
		failure: {
			attempt,
			outcome: first.kind,
			reason: first.reason,
			consoleTail: first.consoleTail,
			durationMs: performance.now() - started,
			end: first,
		},
		spoke: words.spoke(),
		silent: connection.console.bytes === 0,
	};
}

async function start(
	plan: BootPlan,
	saving: Saving | undefined,
): Promise<QemuProcess> {
	try {
		return await spawnQemu(plan.build, plan.spec, plan.initramfs, {
			link: saving && {
				kind: "save",
				ram: saving.memory,
				port: saving.port.fd,
			},
		});
	} catch (error) {
		saving?.close();
		throw error;
	}
}

/** A kernel that says more than this while it boots is not saved, bytes. */
const MAX_SHOWN = 1024 * 1024;

/** A guest that was started so that it can be saved. */
export interface Savable {
	readonly qemu: QemuProcess;
	readonly port: StatePort;
	/** What the agent has said, up to `ready`. */
	readonly words: readonly string[];
	/** What the console has shown; undefined where that was too much. */
	readonly shown: () => Buffer | undefined;
	/** Hands over the guest's memory, an open file. */
	readonly takeMemory: () => number;
}

/** What it takes to save a guest, from its start. */
class Saving {
	readonly port = new StatePort();
	/** The guest's memory, an open file. */
	readonly memory: number;
	#taken = false;
	readonly #shown: Buffer[] = [];
	#bytes = 0;

	constructor(bytes: number) {
		try {
			this.memory = openSharedMemory(bytes);
		} catch (error) {
			this.port.close();
			throw error;
		}
	}

	/** Undefined where there is no memory for it: such a guest is not saved. */
	static of(spec: BootPlan["spec"]): Saving | undefined {
		try {
			return new Saving(memoryBytes(spec));
		} catch (error) {
			if (error instanceof VmError && error.kind === "state") return undefined;
			throw error;
		}
	}

	show(bytes: Buffer): void {
		this.#bytes += bytes.length;
		if (this.#bytes <= MAX_SHOWN) this.#shown.push(bytes);
	}

	offer(qemu: QemuProcess, words: readonly string[]): Savable {
		return {
			qemu,
			port: this.port,
			words,
			shown: () =>
				this.#bytes > MAX_SHOWN ? undefined : Buffer.concat(this.#shown),
			takeMemory: () => {
				this.#taken = true;
				return this.memory;
			},
		};
	}

	/** The guest is gone. */
	close(): void {
		this.port.close();
		if (this.#taken) return;
		this.#taken = true;
		closeSync(this.memory);
	}
}

/** What the agent said up to `ready`, and as what it is understood. */
interface Introduction {
	hello: Hello;
	facts: Record<string, string>;
	words: readonly string[];
}

interface FirstWords {
	/** Resolves at `ready`; never rejects. */
	ready: Promise<Introduction>;
	/** True once the agent has spoken. */
	spoke(): boolean;
}

function firstWords(connection: AgentConnection): FirstWords {
	const catalogue = new FactReader();
	const words: string[] = [];
	let hello: Hello | undefined;
	let stopListening = () => {};
	const broken = (reason: string) => {
		// What came in the same piece is not listened to any more.
		stopListening();
		connection.kill({ kind: "broken-channel", reason });
	};
	const ready = new Promise<Introduction>((resolve) => {
		const payload = (payload: string): void => {
			words.push(payload);
			if (!hello) {
				hello = parseHello(payload);
				if (!hello)
					broken(`the agent's first word was "${payload.slice(0, 80)}"`);
				else if (hello.proto !== PROTO)
					broken(
						`the agent speaks protocol ${hello.proto}, this runner ${PROTO}`,
					);
			} else if (payload === "ready") {
				stopListening();
				connection.booted();
				resolve({ hello, facts: catalogue.toRecord(), words });
			} else if (!catalogue.add(payload))
				broken(`the agent said "${payload.slice(0, 80)}" among its facts`);
		};
		stopListening = connection.listen({ payload });
	});
	return { ready, spoke: () => hello !== undefined };
}
