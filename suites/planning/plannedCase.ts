/** A row as a subject on one kernel: what is asked, and what must be answered. */
import type { Boundary } from "../model/row.js";

export interface Citation {
	ref: string;
	since?: string;
	note?: string;
}

export interface Alternative {
	readonly results: readonly string[];
	/** The reason for each of the two answers. */
	readonly reasons: readonly [string, string];
	/** Why it can't be known which of them holds. */
	readonly doubt: string;
}

export interface PlannedCase {
	readonly id: string;
	/** The suite's name. */
	readonly suite: string;
	/** The one of the six permission checks that it is about, where it is about one alone. */
	readonly boundary?: Boundary;
	readonly probe: string;
	/** The subject's name. */
	readonly subject: string;
	/** The steps that make the subject, up to and with `--`. */
	readonly subjectProgram: string;
	/** The operation's steps; the subject's take the place of `@`, or stand in front. */
	readonly probeProgram: string;
	/** The whole program, as `crprobe` takes it by hand. */
	readonly program: string;
	/** Time the case may take, milliseconds, where it needs another limit than most. */
	readonly deadlineMs?: number;
	/** Would it, without a guest, reach this machine's own pid namespace or devices? */
	readonly touchesHost: boolean;
	/** The fact that keeps it from running. */
	readonly skip?: string;
	/** What keeps it from running is the kernel's fault: it fails. */
	readonly broken?: string;
	/** The operations behind `--`, and what each must give. */
	readonly operations: readonly string[];
	readonly results: readonly string[];
	/** What is as right, where it can't be known which version of a check the kernel has. */
	readonly alternative?: Alternative;
	readonly expected: string;
	readonly citation: Citation | null;
	readonly reason: string;
	/** The kernel fault that it would catch. */
	readonly catches: string;
	/** What is tried, in a sentence. */
	readonly title: string;
	/** What manual pages say of it, a sentence each. */
	readonly manual: readonly string[];
}
