/** A copy of a saved guest: it comes up, proves who it is, and gets a clock and random numbers of its own. */
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { VmError } from "../base/errors.js";
import {
	type Connected,
	type ConnectPlan,
	connect,
	GuestLost,
} from "../guest/agentConnection.js";
import {
	FactReader,
	type Hello,
	parseHello,
	unescapeValue,
} from "../guest/facts.js";
import { Guest, openKeeper, planOf, prepareGuest } from "../guest/guest.js";
import type { BootOptions } from "../guest/options.js";
import type { GuestSpec } from "../qemu/arguments.js";
import { STATE_FROM, spawnQemu } from "../qemu/process.js";
import type { QemuBuild } from "../qemu/qemuBuild.js";
import { IGNORE_SHARED } from "./save.js";
import type { SavedState } from "./savedState.js";

/** A copy is up in 0.1 to 0.3 s; a busy host gets much more, milliseconds. */
const RESUME_MS = 20_000;

interface ResumePlan extends ConnectPlan {
	build: QemuBuild;
	spec: Omit<GuestSpec, "initrd">;
	initramfs: Uint8Array;
}

interface Resumed extends Connected {
	hello: Hello;
	facts: Record<string, string>;
	/** From QEMU's start until the guest ran, milliseconds. */
	resumeMs: number;
}

/** Why a state was of no use. */
const useless = (why: string, cause?: unknown): VmError =>
	new VmError("state", `the saved state was of no use: ${why}`, { cause });

/**
 * Starts a copy. It runs, but has not proven itself yet.
 * @throws VmError (state) where that failed; nothing of it is left
 */
async function startCopy(
	plan: ResumePlan,
	state: SavedState,
): Promise<Resumed> {
	const { hello, facts } = readWords(state.words);
	const started = performance.now();
	plan.keeper.beginAttempt(1);
	const qemu = await spawnQemu(plan.build, plan.spec, plan.initramfs, {
		link: { kind: "resume", ram: state.ram, device: state.device },
	});
	const { connection, end } = connect(qemu, plan, { before: state });
	const gone = end.then(({ reason }): never => {
		throw useless(reason);
	});
	gone.catch(() => {});
	try {
		const { qmp } = qemu;
		const runs = qmp.event("RESUME", RESUME_MS);
		const asked = (async () => {
			await qmp.command("migrate-set-capabilities", IGNORE_SHARED, RESUME_MS);
			await qmp.command("migrate-incoming", { uri: STATE_FROM }, RESUME_MS);
			if (!(await runs)) throw useless("QEMU did not resume it");
		})();
		asked.catch(() => {});
		await Promise.race([gone, asked]);
	} catch (error) {
		const killed = { kind: "killed", reason: "it did not resume" } as const;
		connection.kill(killed);
		const { kind, reason } = await end;
		// QEMU's own end says more than that it did not answer.
		throw kind === "killed" ? error : useless(reason, error);
	}
	connection.booted();
	const resumeMs = performance.now() - started;
	return { connection, end, hello, facts, resumeMs };
}

/** The same reading as at a boot. */
function readWords(words: readonly string[]): Pick<Resumed, "hello" | "facts"> {
	const hello = parseHello(words[0] ?? "");
	const facts = new FactReader();
	if (hello === undefined || words.at(-1) !== "ready")
		throw useless("it does not begin with hello, or does not end with ready");
	for (const word of words.slice(1, -1))
		if (!facts.add(word)) throw useless(`"${word.slice(0, 80)}" is no fact`);
	return { hello, facts: facts.toRecord() };
}

/** The request with which a copy has to prove itself, and what it must answer. */
export class Proof {
	readonly #nonce = randomBytes(16).toString("hex");
	readonly #wanted: readonly string[];

	constructor({ hello, facts }: Pick<Resumed, "hello" | "facts">) {
		this.#wanted = [
			"resumed",
			this.#nonce,
			"clock=0",
			"entropy=0",
			`release=${facts.release}`,
			`arch=${hello.arch}`,
		];
	}

	/** Made when it is sent: it tells the time. */
	get request(): string {
		const nanos = `${Date.now()}000000`;
		const seed = randomBytes(32).toString("hex");
		return `resumed ${this.#nonce} ${nanos} ${seed}`;
	}

	/** @throws VmError (state) for any other answer than the right one */
	check(answer: string): void {
		const said = answer.split(" ").map(unescapeValue);
		if (said.join("\n") !== this.#wanted.join("\n"))
			throw useless(`the copy answered "${answer.slice(0, 200)}"`);
	}
}

/**
 * A copy of a saved guest, which has proven to be that. Everything else must be as it was when the guest was booted.
 * @throws VmError (state) where the state is of no use; else as bootGuest()
 */
export async function resumeGuest(
	options: BootOptions,
	state: SavedState,
): Promise<Guest> {
	const prepared = await prepareGuest(options);
	const { keeper, replay } = await openKeeper(options, prepared);
	const copy = startCopy(planOf(options, prepared, keeper), state);
	copy.catch(() => {});
	options.onStart?.();
	const [command, { connection, end, hello, facts, resumeMs }] =
		await Promise.all([replay(), copy]);
	const guest = new Guest(connection, end, {
		hello,
		facts,
		accel: options.accel,
		qemuVersion: prepared.build.version,
		replayCommand: command,
		bootMs: resumeMs,
		failedBoots: [],
		savedAt: state.savedAt,
	});
	try {
		const proof = new Proof({ hello, facts });
		await guest.exchange([proof.request], (answer) => proof.check(answer));
		if (!(await state.sound))
			throw new VmError(
				"state",
				"the saved state is damaged: its memory is not what was saved",
			);
		return guest;
	} catch (error) {
		guest.kill("it did not prove itself");
		await guest.end;
		if (options.signal?.aborted || !(error instanceof GuestLost)) throw error;
		const why = `the saved state was of no use: ${error.message}`;
		throw new VmError("state", why, { cause: error });
	}
}
