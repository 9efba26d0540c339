/** A copy of a saved guest: it comes up, proves who it is, and gets a clock and random numbers of its own. */
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { VmError } from "../base/errors.js";
import type { GuestSpec } from "../qemu/arguments.js";
import { STATE_FROM, spawnQemu } from "../qemu/process.js";
import type { SavedState } from "../state/savedState.js";
import { type Connected, type ConnectPlan, connect } from "./connect.js";
import { FactReader, type Hello, parseHello, unescapeValue } from "./facts.js";
import { IGNORE_SHARED } from "./save.js";

/** A copy is up in 0.1 to 0.3 s; a busy host gets much more, milliseconds. */
const RESUME_MS = 20_000;

export interface ResumePlan extends ConnectPlan {
	program: string;
	spec: Omit<GuestSpec, "initrd">;
	initramfs: Uint8Array;
}

export interface Resumed extends Connected {
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
export async function startCopy(
	plan: ResumePlan,
	state: SavedState,
): Promise<Resumed> {
	const { hello, facts } = readWords(state.words);
	const started = performance.now();
	plan.keeper.beginAttempt(1);
	const qemu = spawnQemu(plan.program, plan.spec, plan.initramfs, {
		kind: "resume",
		ram: state.ram,
		device: state.device,
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
