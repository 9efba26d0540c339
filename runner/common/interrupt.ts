/** How a run is stopped before its end, and what is left behind then: nothing. */

import { counted } from "../../results/model/counts.js";

/** Why a run was stopped; travels as the reason of its AbortSignal. */
export type StopReason =
	| { readonly kind: "signal"; readonly signal: NodeJS.Signals }
	| { readonly kind: "timeout"; readonly seconds: number }
	/** As many cases failed as `--max-failures` allows. */
	| { readonly kind: "failures"; readonly count: number }
	/** crcap itself failed on another target. */
	| { readonly kind: "fault" };

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

let early: readonly (readonly [NodeJS.Signals, () => void])[] = [];

/** Where nothing has begun, a signal ends the process at once with this status. listenForStop() takes over from it. */
export function exitOnSignals(status: number): void {
	releaseEarly();
	early = SIGNALS.map((name) => [name, () => leave(status)] as const);
	for (const [name, handler] of early) process.on(name, handler);
}

function releaseEarly(): void {
	for (const [name, handler] of early) process.off(name, handler);
	early = [];
}

/** Ends the process, exit hooks included. exit() waits for threads that may be stuck in the system: one more signal kills. */
function leave(status: number): never {
	for (const name of SIGNALS) process.removeAllListeners(name);
	process.exit(status);
}

/** What waits for one of Node's threads, by the names of getActiveResourcesInfo(). */
const IN_A_THREAD = /^FSReq/;
/** What is not stuck is done by then. */
const GRACE_MS = 200;

/** Ends the process at once, whatever its threads are waiting for. */
function leaveAtOnce(status: number): void {
	const stuck = (): boolean =>
		process.getActiveResourcesInfo().some((one) => IN_A_THREAD.test(one));
	if (!stuck()) leave(status);
	setTimeout(() => {
		// The last hook: all others have cleaned up by then.
		if (stuck())
			process.once("exit", () => process.kill(process.pid, "SIGKILL"));
		leave(status);
	}, GRACE_MS);
}

/** The reason in words, for reports. */
export function stopText(reason: unknown): string {
	const known = reason as Partial<StopReason> | undefined;
	if (known?.kind === "signal") return `interrupted by ${known.signal}`;
	if (known?.kind === "timeout") {
		return `the whole run's time (--timeout ${known.seconds}) ran out`;
	}
	if (known?.kind === "failures") {
		return `${counted(known.count ?? 0, "case")} failed (--max-failures ${known.count})`;
	}
	if (known?.kind === "fault") return "crcap itself failed on another target";
	return "stopped";
}

/** A stop that listens to signals and to a time limit. */
export interface Stop {
	readonly signal: AbortSignal;
	/** True once a signal was heard, even where the time limit came first. */
	interrupted(): boolean;
	/** Stops the run for a reason that was found inside it. */
	abort(reason: StopReason): void;
	/** Stops listening. */
	dispose(): void;
}

/**
 * The first signal stops the run in order, so that the report is still written; the second one exits at once with
 * `status`, or by SIGKILL where a thread is stuck. Exit hooks (guests, temporary files) run in all cases.
 */
export function listenForStop(
	status: number,
	timeoutSeconds?: number,
	say: (line: string) => void = () => {},
): Stop {
	const controller = new AbortController();
	let heard = false;
	const handlers = SIGNALS.map((name) => {
		const handler = (): void => {
			if (heard) {
				leaveAtOnce(status);
				return;
			}
			heard = true;
			say(`${name}: stopping; once more stops at once`);
			controller.abort({ kind: "signal", signal: name } satisfies StopReason);
		};
		return [name, handler] as const;
	});
	for (const [name, handler] of handlers) process.on(name, handler);
	releaseEarly();
	const timer = abortAfter(controller, timeoutSeconds);
	return {
		signal: controller.signal,
		interrupted: () => heard,
		abort: (reason) => controller.abort(reason),
		dispose() {
			clearTimeout(timer);
			for (const [name, handler] of handlers) process.off(name, handler);
		},
	};
}

/** The same for a caller that has a signal of its own to stop with: this process's signals stay the caller's. */
export function followSignal(
	given: AbortSignal | undefined,
	timeoutSeconds?: number,
): Stop {
	const controller = new AbortController();
	const follow = (): void => controller.abort(given?.reason);
	if (given?.aborted) follow();
	given?.addEventListener("abort", follow);
	const timer = abortAfter(controller, timeoutSeconds);
	return {
		signal: controller.signal,
		interrupted: () => given?.aborted ?? false,
		abort: (reason) => controller.abort(reason),
		dispose() {
			clearTimeout(timer);
			given?.removeEventListener("abort", follow);
		},
	};
}

function abortAfter(
	controller: AbortController,
	seconds: number | undefined,
): NodeJS.Timeout | undefined {
	if (seconds === undefined) return undefined;
	return setTimeout(() => {
		controller.abort({ kind: "timeout", seconds } satisfies StopReason);
	}, seconds * 1000);
}
