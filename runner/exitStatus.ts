/** Exit statuses, in one place. */
import type { Totals } from "../results/model.js";

export const EXIT = {
	/** At least one case ran, and none failed. */
	ok: 0,
	/** A case failed, crashed the guest or timed out. */
	failed: 1,
	usage: 2,
	/** No verdict on everything: no boot, a broken channel, a case in error or not run, or nothing ran at all. */
	incomplete: 3,
	/** `git bisect run`: this commit can't be judged. */
	untestable: 125,
	/** `git bisect run` stops at 128 and above: a mistyped command says nothing about a commit. */
	bisectUsage: 128,
	/** SIGINT, SIGTERM or SIGHUP. */
	interrupted: 130,
} as const;

/** What the exit status depends on. */
export interface Outcome {
	readonly totals: Totals;
	/** Failures that the configuration knows of; they don't count. */
	readonly known: number;
	readonly complete: boolean;
}

/**
 * The exit status of a run. A failure is news even where other cases could not run, so 1 outranks 3;
 * an interrupted run says so whatever it found.
 */
export function exitStatus(
	outcomes: readonly Outcome[],
	interrupted = false,
): number {
	if (interrupted) return EXIT.interrupted;
	if (outcomes.some((o) => failures(o.totals) > o.known)) return EXIT.failed;
	const ran = outcomes.reduce((n, o) => n + o.totals.pass + o.known, 0);
	const whole = outcomes.every(
		(o) => o.complete && o.totals.error === 0 && o.totals.not_run === 0,
	);
	return whole && ran > 0 ? EXIT.ok : EXIT.incomplete;
}

/** The same for `git bisect run`: good, bad, or can't tell. */
export function bisectStatus(status: number): number {
	return status === EXIT.incomplete ? EXIT.untestable : status;
}

/** Cases that speak against the kernel. */
export function failures(totals: Totals): number {
	return totals.fail + totals.crash + totals.timeout;
}
