/** A booted guest: facts first, then requests and replies, then its end. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { VmError } from "../base/errors.js";
import { RequestCatalogue } from "../channel/requestCatalogue.js";
import {
	type Accel,
	type GuestSpec,
	kernelCmdline,
} from "../qemu/arguments.js";
import { agentEntries, buildInitramfs } from "../qemu/initramfs.js";
import { type QemuBuild, qemuBuild } from "../qemu/qemuBuild.js";
import { Keeper } from "../replay/keep.js";
import { keepForReplay, replayCommand } from "../replay/replay.js";
import { type AgentConnection, GuestLost } from "./agentConnection.js";
import { type BootAttempt, type Savable, tryBoots } from "./boot.js";
import type { ConsoleLog } from "./console.js";
import type { GuestEnd } from "./ending.js";
import type { Hello } from "./facts.js";
import { type BootOptions, limitsOf } from "./options.js";

export class Guest {
	readonly hello: Hello;
	/** Kernel facts by name, as the agent told them. */
	readonly facts: Readonly<Record<string, string>>;
	readonly accel: Accel;
	/** QEMU's version. */
	readonly qemuVersion: string;
	/** The line that boots the same guest by hand, to try one case or to wait for requests. */
	readonly replayCommand: (caseProgram?: string) => string;
	/** From the start of the last boot to `ready`, or of the copy to its proof, milliseconds. */
	readonly bootMs: number;
	/** When the state that it goes on from was saved, milliseconds since 1970; undefined where it was booted. */
	readonly savedAt: number | undefined;
	/** Boots that died before the agent's first word. */
	readonly failedBoots: readonly BootAttempt[];
	/** Resolves when the guest is gone. Never rejects. */
	readonly end: Promise<GuestEnd>;
	/** What it takes to save it; undefined where it was not started so. */
	readonly savable: Savable | undefined;
	#connection: AgentConnection;

	/** Guests come from bootGuest(). */
	constructor(
		connection: AgentConnection,
		end: Promise<GuestEnd>,
		parts: Pick<
			Guest,
			| "hello"
			| "facts"
			| "accel"
			| "qemuVersion"
			| "replayCommand"
			| "bootMs"
			| "failedBoots"
		> &
			Partial<Pick<Guest, "savedAt" | "savable">>,
	) {
		this.#connection = connection;
		this.end = end;
		this.hello = parts.hello;
		this.facts = parts.facts;
		this.accel = parts.accel;
		this.qemuVersion = parts.qemuVersion;
		this.replayCommand = parts.replayCommand;
		this.bootMs = parts.bootMs;
		this.failedBoots = parts.failedBoots;
		this.savedAt = parts.savedAt;
		this.savable = parts.savable;
	}

	/** The console: marks, lines by case, findings. */
	get console(): ConsoleLog {
		return this.#connection.console;
	}

	/** What the channel had to repair so far. */
	get channelStats(): GuestEnd["channel"] {
		return this.#connection.channel.stats;
	}

	/**
	 * Streams requests ahead of the replies; resolves when each `case` and `rate` was answered. Replies come in order, each
	 * with the request that it answers.
	 * @throws GuestLost when the guest ends first; whatever `lines` or `onPayload` throw, which ends the guest.
	 */
	async exchange(
		lines: Iterable<string>,
		onPayload: (payload: string, request: string) => void,
	): Promise<void> {
		const connection = this.#connection;
		let stopListening = () => {};
		let failed = false;
		const settled = new Promise<void>((resolve, reject) => {
			const fail = (error: unknown) => {
				failed = true;
				reject(error);
			};
			stopListening = connection.listen({
				payload(payload, request) {
					if (request !== undefined && !failed) onPayload(payload, request);
				},
				progress(error) {
					if (error !== undefined) fail(error);
					else if (connection.channel.idle) resolve();
				},
			});
			void this.end.then((end) => fail(new GuestLost(end)));
			try {
				connection.send(lines);
				if (connection.channel.idle) resolve();
			} catch (error) {
				fail(error);
			}
		});
		try {
			await settled;
		} catch (error) {
			// Requests are under way whose replies nobody waits for.
			this.kill("the exchange failed");
			throw error;
		} finally {
			stopListening();
		}
	}

	/** Asks for goodbye and waits for the end, whatever it is. */
	async quit(): Promise<GuestEnd> {
		try {
			await this.exchange(["quit"], () => {});
		} catch (error) {
			// Lost before, in the middle of an exchange: there is nobody to say goodbye to. Its end tells how.
			if (!(error instanceof GuestLost)) this.kill("the goodbye failed");
		}
		return this.end;
	}

	/** Ends the guest at once. */
	kill(reason = "ended by the runner"): void {
		this.#connection.kill({ kind: "killed", reason });
	}
}

function readAgent(path: string): Promise<Buffer> {
	return readFile(path).catch((cause: unknown) => {
		throw new VmError("missing", `the agent ${path} cannot be read`, {
			cause,
			hint: "build it (npm run setup)",
		});
	});
}

/** The initramfs of a guest. */
export async function guestInitramfs(
	options: Pick<BootOptions, "agent" | "machine" | "catalogue" | "extraFiles">,
): Promise<Buffer> {
	const agent = await readAgent(options.agent);
	return buildInitramfs([
		...agentEntries(agent, options.machine.channel.device),
		...(options.catalogue?.entries ?? []),
		...(options.extraFiles ?? []),
	]);
}

/** What QEMU is started with, however the guest comes up. */
export interface Prepared {
	readonly build: QemuBuild;
	readonly initramfs: Buffer;
	readonly spec: Omit<GuestSpec, "initrd">;
}

/** @throws VmError when QEMU or the agent is missing, or when the signal came first (aborted) */
export async function prepareGuest(options: BootOptions): Promise<Prepared> {
	const { machine, accel } = options;
	if (options.signal?.aborted)
		throw new VmError("aborted", "interrupted before the boot", {
			cause: options.signal.reason,
		});
	const [build, initramfs] = await Promise.all([
		qemuBuild(machine),
		guestInitramfs(options),
	]);
	const spec = {
		machine,
		accel,
		kernel: resolve(options.kernel),
		cmdline: kernelCmdline(machine, options.append),
		sandbox: build.sandbox,
		...(options.memoryMiB !== undefined && { memoryMiB: options.memoryMiB }),
	};
	return { build, initramfs, spec };
}

/** What is kept of a guest, and the line that boots it by hand. */
export async function openKeeper(
	options: BootOptions,
	{ build, initramfs, spec }: Prepared,
): Promise<{ keeper: Keeper; replay: () => Promise<Guest["replayCommand"]> }> {
	const { program } = build;
	const keeper = await Keeper.open(options.keepDir, {
		program,
		spec,
		initramfs,
	});
	const replay = async (): Promise<Guest["replayCommand"]> => {
		const kept = keeper.initramfsPath ?? (await keepForReplay(initramfs));
		const path = kept ?? "initramfs.cpio";
		return (caseProgram) => replayCommand(program, spec, path, caseProgram);
	};
	return { keeper, replay };
}

/** What both ways up have in common. */
export function planOf(
	options: BootOptions,
	prepared: Prepared,
	keeper: Keeper,
) {
	return {
		build: prepared.build,
		spec: prepared.spec,
		initramfs: prepared.initramfs,
		catalogue: options.catalogue ?? new RequestCatalogue(),
		keeper,
		...limitsOf(options),
		signal: options.signal,
		fatalStderr: options.fatalStderr,
	};
}

/**
 * Boots a kernel and waits until the agent is ready. A boot that dies or stalls before the agent's first word is tried again.
 * @throws BootError with every attempt when none reached the agent; VmError when QEMU or the agent is missing, or when the
 * signal came first (aborted).
 */
export async function bootGuest(options: BootOptions): Promise<Guest> {
	const prepared = await prepareGuest(options);
	const { keeper, replay } = await openKeeper(options, prepared);
	const [booted, command] = await Promise.all([
		tryBoots({
			...planOf(options, prepared, keeper),
			savable: options.savable ?? false,
			configured: options.configured ?? false,
			onProgress: options.onProgress ?? (() => {}),
			onStart: options.onStart ?? (() => {}),
		}),
		replay(),
	]);
	return new Guest(booted.connection, booted.end, {
		hello: booted.hello,
		facts: booted.facts,
		accel: options.accel,
		qemuVersion: prepared.build.version,
		replayCommand: command,
		bootMs: booted.bootMs,
		failedBoots: booted.failed,
		savable: booted.savable,
	});
}
