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

/** Where a subject stands: as which user, in which namespaces, and who owns those. */
export type Standing = Pick<
	Subject,
	"kuid" | "userDepth" | "pidOwners" | "ipcOwner" | "ownsChild"
>;

/** A standing without capabilities yet; with a set of them it makes a subject. */
export interface Placement extends Standing {
	readonly name: string;
	readonly words: string;
	/** Steps before the capabilities are cut down. */
	readonly steps: string;
	/** What the read-back must show: written by hand, so that it does not repeat a mistake in the steps. */
	readonly ready: string;
	readonly needs: readonly NeedName[];
}

/** The depth of a user namespace that is neither the subject's own nor above or below it. */
export const ELSEWHERE = -1;

/** An ordinary user, from where the namespaces without privilege start. */
export const USER = "uid=1000 caps=none dumpable=1";

/** The standing that steps lead to, starting as user 0 in the initial namespaces. Other processes, in braces, change nothing. */
export function standingAfter(steps: string): Standing {
	let [kuid, userDepth, ipcOwner] = [0, 0, 0];
	const pidOwners = [0];
	for (const step of steps.replace(/\{[^}]*\}/g, "").split(" ")) {
		const [, id] = /^e?uid=(\d+)$/.exec(step) ?? [];
		if (id !== undefined) kuid = Number(id);
		if (/^userns(=|$)/.test(step)) userDepth++;
		if (step === "pidns") pidOwners.push(userDepth);
		if (step === "unshare=ipc") ipcOwner = userDepth;
	}
	return { kuid, userDepth, pidOwners, ipcOwner };
}

/** What making a subject with these steps takes of a kernel. */
function needsOf(steps: string): NeedName[] {
	const has = (step: RegExp) => step.test(` ${steps} `);
	const user = has(/ e?uid=/);
	const userns = has(/ userns(=| )/);
	return [
		"root",
		...(user ? (["multiuser"] as const) : []),
		...(userns ? (["user_ns"] as const) : []),
		...(has(/ pidns /) ? (["pid_ns"] as const) : []),
		...(has(/ unshare=ipc /) ? (["ipc_ns"] as const) : []),
		...(user && userns ? (["unprivileged_userns"] as const) : []),
	];
}

/** A placement by its steps. `standing` is what they don't show: who owns a namespace that was entered. */
export function placement(
	name: string,
	words: string,
	steps: string,
	ready: string,
	standing: Partial<Standing> = {},
): Placement {
	return {
		name,
		words,
		steps,
		ready,
		needs: needsOf(steps),
		...standingAfter(steps),
		...standing,
	};
}

/** The placements that every boundary is tried from. */
export const PLACEMENTS: readonly Placement[] = [
	placement("uid0", "user 0", "", "uid:0,userns:same,pidns:same"),
	placement(
		"uid1000",
		"user 1000",
		"uid=1000",
		"uid:1000,userns:same,pidns:same",
	),
	placement(
		"pidns",
		"user 1000 in a pid namespace that the initial user namespace owns",
		"pidns uid=1000",
		"uid:1000,userns:same,pidns:new",
	),
	placement(
		"userns",
		"root of a user namespace that user 1000 made, in the pid namespace of its parent",
		`${USER} userns=0:1000:1`,
		"uid:0,userns:new,map:0:1000:1,pidns:same",
	),
	placement(
		"userns_pidns",
		"root of a user namespace that user 1000 made, in a pid namespace of its own",
		`${USER} userns=0:1000:1 pidns`,
		"uid:0,userns:new,map:0:1000:1,pidns:new",
	),
	placement(
		"nested",
		"root of a user namespace inside a user namespace, each with its own pid namespace",
		`${USER} userns=0:1000:1 pidns userns=0:0:1 pidns`,
		"uid:0,userns:new,pidns:new,depth:3",
	),
];

export function subjectAt(
	{
		name: where,
		words: whereInWords,
		steps,
		ready,
		needs,
		...standing
	}: Placement,
	{ name, set, words }: { name: string; set: CapSet; words: string },
	groups: readonly string[],
): Subject {
	return {
		...standing,
		name: `${where}-${name}`,
		description: `${whereInWords}, with ${words}`,
		groups: [where, ...groups],
		steps: [steps, `caps=${set}`, "dumpable=1"]
			.filter((step) => step !== "")
			.join(" "),
		ready: `${ready},eff:${set},prm:${set},inh:none,amb:none,dumpable:1`,
		needs: [
			...needs,
			...(set.startsWith("checkpoint_restore")
				? (["cap_checkpoint_restore"] as const)
				: []),
		],
		caps: set,
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

/** May it move processes into a control group that is root's, with mode 0644? */
export const mayUseCgroup = (subject: Subject): boolean =>
	subject.kuid === 0 || hasCapability(subject, "dac_override", 0);

/** The depth of the user namespace that owns the subject's pid namespace. */
export function pidOwner(subject: Subject): number {
	return subject.pidOwners.at(-1) ?? 0;
}
