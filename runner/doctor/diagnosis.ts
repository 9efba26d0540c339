/** What the doctor says, as JSON: `schema.json` is this, kept true by a test. */
import { z } from "zod";

export const BOUNDARY_NAMES = [
	"ns_last_pid",
	"set_tid",
	"map_files",
	"exe_fd",
	"ipc_next_id",
	"tty_lock",
	"ptrace",
] as const;

/** What may be in the way. docs/doctor.md explains each. */
export const CAUSES = [
	"no-proc",
	"masked",
	"read-only",
	"seccomp",
	"kernel-too-old",
	"kernel-config",
	"user-namespace",
	"bounding-set",
	"no-new-privs",
	"not-permitted",
	"not-effective",
	"security-module",
	"yama",
	"no-terminal",
	"hidden-process",
	"kernel-thread",
	"other-user",
	"not-dumpable",
	"more-capable",
	"traced",
	"unknown",
] as const;

export type Cause = (typeof CAUSES)[number];

const CapabilitySet = z
	.string()
	.regex(/^[0-9a-f]{16}$/)
	.describe("as /proc/PID/status has it");

const Owner = z
	.enum(["own", "outer", "unknown"])
	.describe(
		"own: this process's capabilities count in it; outer: only those in a user namespace further out",
	);

const Setting = z
	.object({
		release: z.string(),
		machine: z.string(),
		uid: z.int().min(0).describe("the effective one"),
		engine: z
			.enum(["none", "docker", "podman", "kubernetes", "oci", "slurm"])
			.describe("what the remedies are written for"),
		capabilities: z.object({
			effective: CapabilitySet,
			permitted: CapabilitySet,
			inheritable: CapabilitySet,
			bounding: CapabilitySet,
			ambient: CapabilitySet,
		}),
		noNewPrivs: z.boolean(),
		seccomp: z
			.int()
			.min(0)
			.max(2)
			.describe("0 none, 1 strict, 2 a filter, as /proc/PID/status has it"),
		initialUserNamespace: z.boolean(),
		pidNamespaceOwner: Owner,
		ipcNamespaceOwner: Owner,
		label: z.string().describe("the security module's, empty without one"),
		yamaPtraceScope: z.int().nullable().describe("null without yama"),
	})
	.describe("the process that asks");

const Boundary = z.object({
	name: z.enum(BOUNDARY_NAMES),
	what: z.string(),
	pid: z
		.int()
		.min(1)
		.optional()
		.describe("the other process that was looked at, with --pid"),
	usable: z.boolean().describe("it was tried, and it worked"),
	observed: z
		.string()
		.describe("the operation that was refused, and its errno; empty if usable"),
	causes: z
		.array(z.object({ id: z.enum(CAUSES), text: z.string() }))
		.describe("empty if usable"),
	remedy: z.string().describe("one line that mends it; empty if usable"),
	criu: z.string().describe("what CRIU misses then; empty if usable"),
});

export const Diagnosis = z.object({
	version: z.literal(1),
	usable: z.boolean().describe("every boundary is"),
	setting: Setting,
	criu: z
		.object({ starts: z.boolean(), text: z.string() })
		.describe("whether CRIU's own look at its CapEff lets it begin"),
	boundaries: z.array(Boundary),
});

export type Diagnosis = z.infer<typeof Diagnosis>;

/** JSON Schema (draft 2020-12) of a diagnosis. */
export function diagnosisSchema(): object {
	return {
		title: "crcap doctor",
		description:
			"What checkpoint/restore can do for the process that asked, version 1.",
		...z.toJSONSchema(Diagnosis, {
			target: "draft-2020-12",
			unrepresentable: "throw",
			io: "input",
		}),
	};
}
