/** Exit statuses, in one place. */
import {
	outcomeOf,
	type Tally,
	together,
} from "../../results/model/summary.js";

export const EXIT = {
	/** On every target at least one case ran, and none failed. */
	ok: 0,
	/** A case failed, crashed the guest or timed out. */
	failed: 1,
	usage: 2,
	/** No verdict on everything: no boot, a broken channel, a case in error or not run, or nothing ran at all. */
	incomplete: 3,
	/** A fault of crcap's own, EX_SOFTWARE of sysexits.h: it says nothing about a kernel. */
	software: 70,
	/** `git bisect run`: this commit can't be judged. */
	untestable: 125,
	/** `git bisect run` stops at 128 and above: neither a mistyped command nor a fault of crcap's own says anything about a commit. */
	bisectUsage: 128,
	/** SIGINT, SIGTERM, SIGHUP or SIGQUIT. */
	interrupted: 130,
} as const;

const STATUS = {
	passed: EXIT.ok,
	failed: EXIT.failed,
	incomplete: EXIT.incomplete,
} as const;

/** The exit status of a run, whose targets came to this; an interrupted run says so whatever it found. */
export function exitStatus(
	targets: readonly Tally[],
	interrupted = false,
): number {
	return interrupted
		? EXIT.interrupted
		: STATUS[together(targets.map(outcomeOf))];
}

/** The same for `git bisect run`: good, bad, or can't tell. */
export function bisectStatus(status: number): number {
	if (status === EXIT.software) return EXIT.bisectUsage;
	return status === EXIT.incomplete ? EXIT.untestable : status;
}
