/** Subjects that a security module confines, and what its policy (native/policy) lets them have. */
import type { Capability } from "../model/caps.js";
import {
	hasCapability,
	type Placement,
	placement,
	SETS,
	type Subject,
	subjectAt,
	USER,
} from "../model/subjects.js";

export type Module = "apparmor" | "selinux";

type Gate = Extract<Capability, "checkpoint_restore" | "sys_admin">;

/** A profile or a type of the policy. */
interface Label {
	readonly module: Module;
	/** Stands in the names of its subjects. */
	readonly name: string;
	readonly words: string;
	/** Audit records name it so. */
	readonly label: string;
	/** As /proc/self/attr/current shows it, without blanks and parentheses. */
	readonly shown: string;
	/** What it refuses: in every user namespace, or in those below the initial one. */
	readonly refuses: readonly Gate[];
	readonly below?: true;
	/** Its refusals are not recorded. */
	readonly silent?: true;
}

const profile = (
	name: string,
	words: string,
	refuses: readonly Gate[],
	more: Pick<Label, "silent"> = {},
): Label => ({
	module: "apparmor",
	name,
	words,
	label: `crcap_${name}`,
	shown: `crcap_${name}/enforce`,
	refuses,
	...more,
});

const type = (
	name: string,
	words: string,
	refuses: readonly Gate[],
	more: Pick<Label, "silent" | "below"> = {},
): Label => {
	const label = `u:r:crcap_${name}_t`;
	return {
		...{ module: "selinux", name, words, label, shown: label },
		...{ refuses, ...more },
	};
};

const CR: readonly Gate[] = ["checkpoint_restore"];
const BOTH: readonly Gate[] = ["checkpoint_restore", "sys_admin"];

const LABELS: readonly Label[] = [
	profile("allow", "a profile that allows every capability", []),
	profile("deny", "a profile that denies CAP_CHECKPOINT_RESTORE", CR, {
		silent: true,
	}),
	profile(
		"audit_deny",
		"a profile that denies CAP_CHECKPOINT_RESTORE and has it recorded",
		CR,
	),
	profile("omit", "a profile that leaves CAP_CHECKPOINT_RESTORE out", CR),
	profile(
		"deny_both",
		"a profile that denies CAP_CHECKPOINT_RESTORE and CAP_SYS_ADMIN",
		BOTH,
	),
	type("allow", "a type that may use every capability", []),
	type("omit", "a type without CAP_CHECKPOINT_RESTORE", CR),
	type(
		"silent",
		"a type without CAP_CHECKPOINT_RESTORE, which is not recorded (dontaudit)",
		CR,
		{ silent: true },
	),
	type(
		"omit_userns",
		"a type without CAP_CHECKPOINT_RESTORE in user namespaces below the initial one",
		CR,
		{ below: true },
	),
	type(
		"omit_both",
		"a type without CAP_CHECKPOINT_RESTORE and CAP_SYS_ADMIN",
		BOTH,
	),
];

const PLACEMENTS: readonly Placement[] = [
	placement(
		"uid1000",
		"user 1000",
		"uid=1000",
		"uid:1000,userns:same,pidns:same",
	),
	placement(
		"userns",
		"root of a user namespace with a pid and an ipc namespace of its own",
		`${USER} userns=0:1000:1 pidns unshare=ipc`,
		"uid:0,userns:new,map:0:1000:1,pidns:new,ipcns:new",
	),
];

/**
 * Is a label tried with this capability set? One that refuses something is tried with both capabilities; one that refuses nothing
 * is tried without any, since a policy must not give a capability that the subject lacks.
 */
const takesSet = ({ refuses }: Label, set: string): boolean =>
	["cap_checkpoint_restore", "cap_sys_admin"].includes(set) ||
	set === (refuses.length > 0 ? "cap_both" : "none");

const labels = new Map<Subject, Label>();

export const LSM_SUBJECTS: readonly Subject[] = LABELS.flatMap((label) =>
	PLACEMENTS.flatMap((where) =>
		SETS.filter(({ name }) => takesSet(label, name)).map((set) => {
			const plain = subjectAt(where, set, ["lsm", label.module]);
			const subject: Subject = {
				...plain,
				name: `${label.module}_${label.name}-${plain.name}`,
				description: `${plain.description}, in ${label.words}`,
				steps: `policy=${label.module} audit_open=a ${plain.steps} label=${label.label}`,
				ready: `${plain.ready},label:${label.shown}`,
				needs: [...plain.needs, label.module],
			};
			labels.set(subject, label);
			return subject;
		}),
	),
);

export function labelOf(subject: Subject): Label {
	const label = labels.get(subject);
	if (label === undefined) throw new Error(`${subject.name} has no label`);
	return label;
}

/** What comes of asking for capabilities one after the other until one is there. */
export interface Asked {
	readonly granted: boolean;
	/** What the module refused on the way. */
	readonly refused: readonly Gate[];
}

/**
 * The kernel asks for the capabilities in this order, over the user namespace at this depth. The capability module is asked
 * first: what a process has not, no other module is asked for.
 */
export function ask(
	subject: Subject,
	capabilities: readonly Gate[],
	depth: number,
): Asked {
	const { refuses, below } = labelOf(subject);
	const refused: Gate[] = [];
	for (const capability of capabilities) {
		if (!hasCapability(subject, capability, depth)) continue;
		if (!refuses.includes(capability) || (below && depth === 0))
			return { granted: true, refused };
		refused.push(capability);
	}
	return { granted: false, refused };
}

/** As checkpoint_restore_ns_capable() asks. */
export const ORDER: readonly Gate[] = BOTH;
