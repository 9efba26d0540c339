/**
 * Guests of one kernel. The first is booted, or goes on from a state that an earlier run saved; further ones are copies of it,
 * and where copies can't be had, each is booted.
 */
import { VmError } from "../base/errors.js";
import type { BootAttempt } from "../guest/boot.js";
import type { Finding } from "../guest/console.js";
import { bootGuest, type Guest } from "../guest/guest.js";
import type { BootOptions } from "../guest/options.js";
import { memoryBytes } from "../qemu/arguments.js";
import { guestStateKey, whyNoState } from "./guestState.js";
import { resumeGuest } from "./resume.js";
import { saveGuest, whyNotSave } from "./save.js";
import type { SavedState } from "./savedState.js";
import { findState, forgetState, keepState } from "./stateCache.js";

/** A kernel that oopsed before it was asked anything may say anything after; so often it gets another chance. */
const CLEAN_BOOTS = 3;

export interface GuestSourceOptions {
	readonly boot: BootOptions;
	/** The image's SHA-256. */
	readonly kernelSha: string;
	/** What the kernel is, for who looks at the states in the cache. */
	readonly label: string;
	/** States are taken from the cache, and kept there. */
	readonly warm: boolean;
	/** Whether a kernel that said this while it booted is to be booted again. */
	readonly spoilsBoot: (finding: Finding) => boolean;
	/** Told what happens on the way up. */
	readonly say: (line: string) => void;
}

/** The kernel comes up, and never without an oops. */
export class OopsError extends VmError {
	override readonly name = "OopsError";
	readonly consoleTail: readonly string[];

	constructor(message: string, consoleTail: readonly string[]) {
		super("boot", message);
		this.consoleTail = consoleTail;
	}
}

/** What is said where a guest came up otherwise than was wanted. */
export type Note = (line: string) => void;

export class GuestSource {
	readonly #options: GuestSourceOptions;
	/** Why there are no states of this guest; undefined where there may be. */
	#why: string | undefined;
	#state: SavedState | undefined;
	#keeping: Promise<void> | undefined;

	constructor(options: GuestSourceOptions) {
		this.#options = options;
	}

	/** The first guest. @throws OopsError, or what bootGuest() throws where there is none */
	async open(note: Note): Promise<Guest> {
		const { boot, warm } = this.#options;
		this.#why = await whyNoState(boot);
		if (this.#why !== undefined || !warm) return this.#boot(note);
		const key = await guestStateKey(boot, this.#options.kernelSha);
		const resumed = await this.#resumeKept(key, note);
		if (resumed !== undefined) return resumed;
		const guest = await this.#boot(note);
		const why = whyNotSave(guest);
		if (why !== undefined) return guest;
		const copy = await this.share(guest, note);
		this.#keep(key);
		return copy;
	}

	/** Saves a guest that was asked nothing, and returns the first copy of it; the guest itself, and a note, where that can't be. */
	async share(guest: Guest, note: Note): Promise<Guest> {
		if (this.#state !== undefined) return guest;
		const why = this.#why ?? whyNotSave(guest);
		if (why !== undefined) {
			note(`each guest was booted for itself: ${why}`);
			return guest;
		}
		try {
			this.#state = await saveGuest(guest);
			return await resumeGuest(this.#options.boot, this.#state);
		} catch (error) {
			return this.#bootAfter(error, note);
		}
	}

	/** One guest more. @throws as open() */
	async another(note: Note): Promise<Guest> {
		// What is kept is the first guest's.
		const { onStart: _, keepDir: __, ...boot } = this.#options.boot;
		if (this.#state === undefined) return this.#boot(note, boot);
		try {
			return await resumeGuest(boot, this.#state);
		} catch (error) {
			return this.#bootAfter(error, note);
		}
	}

	/** No more guests are wanted. What is being kept in the cache is kept first. */
	async close(): Promise<void> {
		await this.#keeping;
		this.#state?.close();
	}

	/** A state that is of no use costs a boot. */
	async #bootAfter(error: unknown, note: Note): Promise<Guest> {
		if (!isStateTrouble(error) || this.#options.boot.signal?.aborted)
			throw error;
		note(`${error.message}; a guest was booted instead`);
		this.#why = error.message;
		this.#state?.close();
		this.#state = undefined;
		return this.#boot(note);
	}

	async #resumeKept(key: string, note: Note): Promise<Guest | undefined> {
		const { boot, say } = this.#options;
		let state: SavedState | undefined;
		try {
			state = await findState(key, memoryBytes(boot));
			if (state === undefined) return undefined;
			say("resuming a guest that an earlier run saved");
			const guest = await resumeGuest(boot, state);
			this.#state = state;
			return guest;
		} catch (error) {
			state?.close();
			if (!isStateTrouble(error) || boot.signal?.aborted) throw error;
			await forgetState(key);
			note(`${error.message}; it was thrown away, and a guest was booted`);
			say(error.message);
			return undefined;
		}
	}

	/** Goes on beside the run; where it fails, the next run boots. */
	#keep(key: string): void {
		const { boot, label, say } = this.#options;
		if (this.#state === undefined) return;
		const memory = memoryBytes(boot);
		this.#keeping = keepState(
			key,
			this.#state,
			{ label, memory },
			boot.signal,
		).catch((error: unknown) => {
			if (boot.signal?.aborted) return;
			say(`the guest's state is not kept: ${(error as Error).message}`);
		});
	}

	/** Boots until the kernel came up without an oops. */
	async #boot(note: Note, boot = this.#options.boot): Promise<Guest> {
		const { say, spoilsBoot } = this.#options;
		const savable = this.#why === undefined;
		for (let attempt = 1; ; attempt++) {
			const guest = await bootGuest({ ...boot, savable });
			for (const failed of guest.failedBoots) note(attemptText(failed));
			const oops = guest.console.findings.find(spoilsBoot);
			if (oops === undefined) return guest;
			guest.kill("the kernel oopsed while it booted");
			const end = await guest.end;
			const what = `the kernel oopsed while it booted: ${oops.line}`;
			if (attempt === CLEAN_BOOTS) {
				throw new OopsError(
					`in each of ${attempt} boots ${what}`,
					end.consoleTail,
				);
			}
			note(`boot ${attempt} was thrown away: ${what}`);
			say(`${what}; trying again`);
		}
	}
}

function isStateTrouble(error: unknown): error is VmError {
	return error instanceof VmError && error.kind === "state";
}

/** A boot that came to nothing is the harness's trouble, and is told as such. */
export function attemptText(attempt: BootAttempt): string {
	const seconds = (attempt.durationMs / 1000).toFixed(1);
	return `boot ${attempt.attempt} failed after ${seconds} s: ${attempt.reason}`;
}
