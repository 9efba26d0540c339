/** Subjects: who tries. Each is a list of steps that make it, and what the read-back must show. */
import { type Capability, type CapSet, holds } from "./caps.js";
import type { Facts } from "./facts.js";
import type { NeedName } from "./needs.js";

export interface Subject {
	/** Part of case ids. */
	readonly name: string;
	readonly description: string;
	/** Which rows take it: see the rows' `subjects`. */
	readonly groups: readonly string[];
	/** The steps that make it. */
	readonly steps: string;
	/** What the read-back must show, as the step `--` takes it. */
	readonly ready: string;
	readonly needs: readonly NeedName[];
	/** User id as the initial user namespace knows it. */
	readonly kuid: number;
	/** Effective capabilities, in its own user namespace. */
	readonly caps: CapSet;
	/** How deep its user namespace lies below the initial one, which is 0. */
	readonly userDepth: number;
	/** For each pid namespace that sees it, outermost first: the depth of the user namespace that owns it. */
	readonly pidOwners: readonly number[];
	/** The depth of the user namespace that owns its ipc namespace. */
	readonly ipcOwner: number;
	/** It owns the user namespace below its own, and so has all capabilities there (the owner rule). */
	readonly ownsChild?: boolean;
}

/** The six sets that every placement in the namespaces is tried with. */
export const SETS: ReadonlyArray<{ name: string; set: CapSet; words: string }> =
	[
		{ name: "none", set: "none", words: "no capability" },
		{
			name: "cap_checkpoint_restore",
			set: "checkpoint_restore",
			words: "CAP_CHECKPOINT_RESTORE alone",
		},
		{ name: "cap_sys_admin", set: "sys_admin", words: "CAP_SYS_ADMIN alone" },
		{
			name: "cap_both",
			set: "checkpoint_restore+sys_admin",
			words: "CAP_CHECKPOINT_RESTORE and CAP_SYS_ADMIN",
		},
		{ name: "all", set: "all", words: "all capabilities" },
		{
			name: "all_but_both",
			set: "all-checkpoint_restore-sys_admin",
			words: "all capabilities but CAP_CHECKPOINT_RESTORE and CAP_SYS_ADMIN",
		},
	];

export interface Placement {
	readonly name: string;
	readonly words: string;
	/** Steps before the capabilities are cut down. */
	readonly steps: string;
	readonly ready: string;
	readonly needs: readonly NeedName[];
	readonly kuid: number;
	readonly userDepth: number;
	readonly pidOwners: readonly number[];
	readonly ipcOwner: number;
	/** Rows take subjects by group; `core` is every placement that the boundaries are tried from. */
	readonly groups?: readonly string[];
	readonly ownsChild?: boolean;
}

/** The depth of a user namespace that is neither the subject's own nor above or below it. */
export const ELSEWHERE = -1;

/** An ordinary user, from where the namespaces without privilege start. */
export const USER = "uid=1000 caps=none dumpable=1";

export const PLACEMENTS: readonly Placement[] = [
	{
		name: "uid0",
		words: "user 0",
		steps: "",
		ready: "uid:0,userns:same,pidns:same",
		needs: ["root"],
		kuid: 0,
		userDepth: 0,
		pidOwners: [0],
		ipcOwner: 0,
	},
	{
		name: "uid1000",
		words: "user 1000",
		steps: "uid=1000",
		ready: "uid:1000,userns:same,pidns:same",
		needs: ["root", "multiuser"],
		kuid: 1000,
		userDepth: 0,
		pidOwners: [0],
		ipcOwner: 0,
	},
	{
		name: "pidns",
		words: "user 1000 in a pid namespace that the initial user namespace owns",
		steps: "pidns uid=1000",
		ready: "uid:1000,userns:same,pidns:new",
		needs: ["root", "multiuser", "pid_ns"],
		kuid: 1000,
		userDepth: 0,
		pidOwners: [0, 0],
		ipcOwner: 0,
	},
	{
		name: "userns",
		words:
			"root of a user namespace that user 1000 made, in the pid namespace of its parent",
		steps: `${USER} userns=0:1000:1`,
		ready: "uid:0,userns:new,map:0:1000:1,pidns:same",
		needs: ["root", "multiuser", "user_ns", "unprivileged_userns"],
		kuid: 1000,
		userDepth: 1,
		pidOwners: [0],
		ipcOwner: 0,
	},
	{
		name: "userns_pidns",
		words:
			"root of a user namespace that user 1000 made, in a pid namespace of its own",
		steps: `${USER} userns=0:1000:1 pidns`,
		ready: "uid:0,userns:new,map:0:1000:1,pidns:new",
		needs: ["root", "multiuser", "user_ns", "pid_ns", "unprivileged_userns"],
		kuid: 1000,
		userDepth: 1,
		pidOwners: [0, 1],
		ipcOwner: 0,
	},
	{
		name: "nested",
		words:
			"root of a user namespace inside a user namespace, each with its own pid namespace",
		steps: `${USER} userns=0:1000:1 pidns userns=0:0:1 pidns`,
		ready: "uid:0,userns:new,pidns:new,depth:3",
		needs: ["root", "multiuser", "user_ns", "pid_ns", "unprivileged_userns"],
		kuid: 1000,
		userDepth: 2,
		pidOwners: [0, 1, 2],
		ipcOwner: 0,
	},
];

export function subjectAt(
	placement: Placement,
	{ name, set, words }: { name: string; set: CapSet; words: string },
	groups: readonly string[],
): Subject {
	const steps = [placement.steps, `caps=${set}`, "dumpable=1"]
		.filter((step) => step !== "")
		.join(" ");
	return {
		name: `${placement.name}-${name}`,
		description: `${placement.words}, with ${words}`,
		groups: [placement.name, ...groups],
		steps,
		ready: `${placement.ready},eff:${set},prm:${set},inh:none,amb:none,dumpable:1`,
		needs: [
			...placement.needs,
			...(set.startsWith("checkpoint_restore")
				? (["cap_checkpoint_restore"] as const)
				: []),
		],
		kuid: placement.kuid,
		caps: set,
		userDepth: placement.userDepth,
		pidOwners: placement.pidOwners,
		ipcOwner: placement.ipcOwner,
		...(placement.ownsChild === true ? { ownsChild: true } : {}),
	};
}

export const CORE: readonly Subject[] = PLACEMENTS.flatMap((placement) =>
	SETS.map((set) => subjectAt(placement, set, ["core"])),
);

/**
 * Has the subject the capability in the user namespace at this depth (cap_capable() in security/commoncap.c)?
 * Its own counts there and in every namespace below it, and never above.
 */
export function hasCapability(
	subject: Subject,
	capability: Capability,
	depth: number,
): boolean {
	if (depth < subject.userDepth) return false;
	if (depth > subject.userDepth && subject.ownsChild === true) return true;
	return holds(subject.caps, capability);
}

/** checkpoint_restore_ns_capable(): CAP_SYS_ADMIN serves as well; before 5.9 it was the only one. */
export function mayCheckpointRestore(
	subject: Subject,
	depth: number,
	facts: Facts,
): boolean {
	return (
		hasCapability(subject, "sys_admin", depth) ||
		(facts.checkpointRestore &&
			hasCapability(subject, "checkpoint_restore", depth))
	);
}

/** The depth of the user namespace that owns the subject's pid namespace. */
export function pidOwner(subject: Subject): number {
	return subject.pidOwners.at(-1) ?? 0;
}
