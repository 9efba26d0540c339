/**
 * The result model: what a run found, independent of every report format.
 * It is validated on the way in (a file, another machine's shard) and published as JSON Schema.
 */
import { z } from "zod";
import { SCHEMA_VERSION, VERDICTS } from "./basics.js";

export const Verdict = z.enum(VERDICTS);
export type Verdict = z.infer<typeof Verdict>;

/** Where an expectation comes from: a commit, the first version with it, a manual page. */
export const Citation = z.object({
	/** The commit (12 or more hex digits) or the source, e.g. `kernel/pid.c alloc_pid()`. */
	ref: z.string(),
	/** First mainline version with this behaviour, e.g. `5.9`. */
	since: z.string().optional(),
	note: z.string().optional(),
});
export type Citation = z.infer<typeof Citation>;

export const Replay = z.object({
	/** The line that tries this one case by hand in any root file system. */
	crprobe: z.string(),
	/** The line that boots the same kernel by hand; absent where there was no guest. */
	qemu: z.string().optional(),
});
export type Replay = z.infer<typeof Replay>;

export const CaseResult = z.object({
	/** Dotted path of `[A-Za-z0-9_-]+` parts, unique in a target and stable between releases. */
	id: z.string().regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/),
	suite: z.string(),
	/** The permission check of the kernel that it is about, where it is about one alone: `ns_last_pid`, `set_tid`, … */
	boundary: z.string().optional(),
	probe: z.string(),
	args: z.string(),
	subject: z.string(),
	verdict: Verdict,
	/** Why the verdict is what it is: the expectation's reason for pass and fail, the fact for skip, the trouble else. */
	reason: z.string(),
	expected: z.string(),
	observed: z.string(),
	citation: Citation.nullable(),
	/** Time in the guest from fork to reply, microseconds; 0 where the case did not run. */
	durationUs: z.number().int().nonnegative(),
	/** The subject as the helper read it back before the operation, e.g. `uid=1000 eff=0000010000000000 …`. */
	readback: z.string().optional(),
	replay: Replay,
	/** What its rounds came to where they differ, each outcome once, in the order in which they came. */
	outcomes: z
		.array(
			z.object({
				verdict: Verdict,
				observed: z.string(),
				times: z.number().int().positive(),
			}),
		)
		.optional(),
	/** Console lines that the kernel printed while this case ran, where there are any worth a look. */
	console: z.array(z.string()).optional(),
	/** A failure that is known and expected for now: why, and until which day (ISO 8601). */
	known: z
		.object({ reason: z.string(), until: z.string().optional() })
		.optional(),
});
export type CaseResult = z.infer<typeof CaseResult>;

export const Totals = z.object({
	pass: z.number().int().nonnegative(),
	fail: z.number().int().nonnegative(),
	skip: z.number().int().nonnegative(),
	error: z.number().int().nonnegative(),
	timeout: z.number().int().nonnegative(),
	crash: z.number().int().nonnegative(),
	not_run: z.number().int().nonnegative(),
});
export type Totals = z.infer<typeof Totals>;

export const Fact = z.union([z.string(), z.number(), z.boolean()]);

export const KernelInfo = z.object({
	/** `uname -r`, or what the image says of itself when it never booted. */
	release: z.string(),
	/** x86_64, aarch64, i386, armhf, riscv64, s390x, ppc64el. */
	arch: z.string(),
	/** The image's path as given; empty for this machine's own kernel. */
	path: z.string(),
	/** SHA-256 of the image file in hex; empty for this machine's own kernel. */
	sha256: z.string(),
	/** `/proc/version`, where the kernel got that far. */
	version: z.string().optional(),
	/** Where the image came from, e.g. `linux-image-6.1.0-56-cloud-amd64 6.1.192-1`. */
	source: z.string().optional(),
});
export type KernelInfo = z.infer<typeof KernelInfo>;

/** A stretch of the plan: how many cases of one suite one subject tries. */
export const PlanGroup = z.object({
	suite: z.string(),
	subject: z.string(),
	cases: z.number().int().positive(),
});
export type PlanGroup = z.infer<typeof PlanGroup>;

/** A guest, this machine, one that ssh reaches, one whose answers came in a log. */
export const TARGET_KINDS = ["qemu", "local", "ssh", "bundle"] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** All that is known of a target before its first case. */
export const TargetHead = z.object({
	/** What the user called it: a path, a catalogue name, `local`. */
	name: z.string(),
	kind: z.enum(TARGET_KINDS),
	kernel: KernelInfo,
	/** `kvm`, `tcg`, or `none` where nothing was booted. */
	accel: z.enum(["kvm", "tcg", "none"]),
	/** Why that accelerator, in a sentence. */
	accelReason: z.string().optional(),
	/** Kernel facts, by name. */
	facts: z.record(z.string(), Fact),
	/** Versions of what the run used: qemu, crprobe, node. */
	tools: z.record(z.string(), z.string()),
	/** How many cases the plan holds, skips included. */
	planned: z.number().int().nonnegative(),
	/** The plan by suite and subject, in plan order (`planGroups`); lets a report say its plans first. */
	groups: z.array(PlanGroup).optional(),
});
export type TargetHead = z.infer<typeof TargetHead>;

/** What is known only after its last case. */
export const TargetTail = z.object({
	/** True when every planned case has a verdict of its own (not `not_run`) and the guest said goodbye. */
	complete: z.boolean(),
	/** Why it is not complete, in a sentence. */
	incompleteReason: z.string().optional(),
	/** Trouble of the harness that cost no verdict: boots tried again, resent frames. */
	notes: z.array(z.string()),
	totals: Totals,
	/** From the start of the boot to the end, milliseconds. */
	durationMs: z.number().nonnegative(),
	/** The last lines of the console, where the guest was lost. */
	consoleTail: z.array(z.string()).optional(),
});
export type TargetTail = z.infer<typeof TargetTail>;

/** As it is written for others, with what it comes to in a sentence; who reads it here makes that anew. */
export const WrittenTail = TargetTail.extend({
	summary: z.string().optional(),
});

export const TargetResult = z.object({
	...TargetHead.shape,
	...TargetTail.shape,
	cases: z.array(CaseResult),
});
export type TargetResult = z.infer<typeof TargetResult>;

export const ReportHead = z.object({
	schemaVersion: z.literal(SCHEMA_VERSION),
	tool: z.object({ name: z.literal("crcap"), version: z.string() }),
	/** When the run began, ISO 8601 in UTC. */
	startedAt: z.string(),
	/** How many targets the run holds, where that was known when it began. */
	plannedTargets: z.number().int().nonnegative().optional(),
});
export type ReportHead = z.infer<typeof ReportHead>;

export const Report = z.object({
	...ReportHead.shape,
	targets: z.array(TargetResult),
});
export type Report = z.infer<typeof Report>;

/** A writer gets results as they come: head, then for each target its head, its cases in plan order, its tail; then end. */
export interface ReportWriter {
	begin(head: ReportHead): void;
	beginTarget(head: TargetHead): void;
	/** In plan order, once a planned case. */
	caseResult(result: CaseResult): void;
	endTarget(tail: TargetTail): void;
	/** Resolves when the output takes more: to be awaited between cases by whoever is faster than a slow reader. */
	ready?(): Promise<void>;
	/** Instead of `end`, for a source that breaks off once the head was told: says so where the format can. */
	breakOff?(reason: string): Promise<void>;
	/** Resolves when everything is written out. The stream stays open: it is its owner's to close. */
	end(): Promise<void>;
}
