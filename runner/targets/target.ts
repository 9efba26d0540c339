/** Where cases run. A target is opened, runs one list of requests, and tells how it ended. */
import type { KernelInfo, TargetKind } from "../../results/model/model.js";
import type { ShellGuest } from "../../vm/index.js";
import type { PlannedCase, RawFacts } from "../common/suiteApi.js";
import type { Complaint } from "../splats/complaint.js";

/** One case to run; `n` is its place in the plan. */
export interface CaseRequest {
	readonly n: number;
	readonly deadlineMs: number;
	/** The steps that make the subject. */
	readonly subjectProgram: string;
	readonly probeProgram: string;
	/** Both as one, for whoever runs a case without a guest. */
	readonly program: string;
}

/** What a target tells while it runs. */
export interface SessionEvents {
	/** The payload of a reply, in the order in which they came. */
	reply(payload: string): void;
	/** Comes before the reply of the case that it is about, where the console is quick enough. */
	complaint(complaint: Complaint): void;
}

/**
 * How a session ended. `bye`: as it should. `died`: panic, reboot or power-off before its time. `hung`: nothing more
 * came. `lost`: the harness's trouble, no word about the kernel. `stopped`: we ended it.
 */
export interface SessionEnd {
	readonly how: "bye" | "died" | "hung" | "lost" | "stopped";
	/** The last case that the target is known to have begun, where something other than replies tells it. */
	readonly lastBegun?: number;
	/** In a sentence, e.g. `Kernel panic - not syncing: …`. */
	readonly detail: string;
	readonly consoleTail: readonly string[];
	/** Trouble that cost no verdict. */
	readonly notes: readonly string[];
}

/** The line that boots the same guest by hand and tries the case with this program there. */
export type Replay = (program: string) => string;

/** A target that is up and waits for requests. */
export interface Session {
	readonly kernel: KernelInfo;
	readonly accel: "kvm" | "tcg" | "none";
	readonly accelReason?: string;
	readonly facts: RawFacts;
	/** Versions of what it used: qemu, crprobe. */
	readonly tools: Readonly<Record<string, string>>;
	/** Absent where nothing has to be booted. */
	readonly replay?: Replay;
	/** When the state was saved that its guest goes on from; absent where it was booted. */
	readonly savedAt?: Date | undefined;
	/** Trouble on the way up. */
	readonly notes: readonly string[];
	/** Told the whole plan before anything is asked: the ids of cases that it has no answer to, whatever the kernel, and why. */
	readonly withheld?: (
		cases: readonly PlannedCase[],
	) => ReadonlyMap<string, string>;
	/**
	 * Makes further guests cheap, before anything is asked: they and this one become copies of one that was booted once. Returns
	 * what was in the way, if anything was. Absent where there is nothing to gain.
	 * @throws OpenError when it did not come up again after that had failed
	 */
	readonly share?: () => Promise<readonly string[]>;
	/** Runs all requests, one after the other, and ends the session. Does not throw for what a guest does. */
	run(
		requests: Iterable<CaseRequest>,
		events: SessionEvents,
	): Promise<SessionEnd>;
	/**
	 * Brings up a further guest of the same kernel, asked nothing yet. Absent where there can be only one.
	 * @throws OpenError when it did not come up
	 */
	readonly another?: () => Promise<Session>;
	/** Ends it at once if it has not ended; nothing stays behind. May be called again. */
	close(): Promise<void>;
}

export interface Target {
	/** What the user called it. */
	readonly name: string;
	readonly kind: TargetKind;
	/** What is known of its kernel while it is not up. */
	readonly kernel: KernelInfo;
	/** Without leave (`--host`), cases that would touch this machine's own pid namespace or devices are not run. */
	readonly mayTouchHost: boolean;
	/** The line that it would be booted with; absent where nothing is. */
	readonly bootLine?: () => Promise<string>;
	/** The same guest with a shell in place of the cases; absent where nothing is booted. @throws OpenError */
	readonly shell?: (gdb: boolean, signal: AbortSignal) => Promise<ShellGuest>;
	/**
	 * Brings it up. `onStart` is called once that has begun and there is time for other work.
	 * @throws OpenError when it could not be; whatever else is thrown is a bug.
	 */
	open(signal: AbortSignal, onStart?: () => void): Promise<Session>;
}

/** A target that did not come up: never a verdict on a case. */
export class OpenError extends Error {
	override name = "OpenError";
	readonly consoleTail: readonly string[];
	readonly notes: readonly string[];
	readonly accel: "kvm" | "tcg" | "none";

	constructor(
		message: string,
		evidence: {
			consoleTail?: readonly string[];
			notes?: readonly string[];
			accel?: "kvm" | "tcg" | "none";
		} = {},
	) {
		super(message);
		this.consoleTail = evidence.consoleTail ?? [];
		this.notes = evidence.notes ?? [];
		this.accel = evidence.accel ?? "none";
	}
}
