/** More placements than the core has: other maps, other owners, deeper nesting, ids that differ. */
import type { CapSet } from "./caps.js";
import {
	ELSEWHERE,
	type Placement,
	placement,
	SETS,
	type Subject,
	subjectAt,
	USER,
} from "./subjects.js";

/** Enters the pid namespace that the process in slot t made. */
const ENTER = "open=n,r,/proc/$t/ns/pid_for_children setns=fd,n inside";
const CHILD = `spawn=t { ${USER} userns=0:1000:1 pidns } ${ENTER}`;

const MORE: readonly Placement[] = [
	placement(
		"userns_nouid0",
		"user 1000 of a user namespace that has no user 0, in a pid namespace of its own",
		`${USER} userns=1000:1000:1 pidns`,
		"uid:1000,userns:new,map:1000:1000:1,pidns:new",
	),
	placement(
		"userns_two_pidns",
		"root of a user namespace, two pid namespaces deep, both of which it owns",
		`${USER} userns=0:1000:1 pidns pidns`,
		"uid:0,userns:new,pidns:new,depth:3",
	),
	placement(
		"userns_three_pidns",
		"root of a user namespace, three pid namespaces deep, all of which it owns",
		`${USER} userns=0:1000:1 pidns pidns pidns`,
		"uid:0,userns:new,pidns:new,depth:4",
	),
	placement(
		"userns_ipcns",
		"root of a user namespace with an ipc namespace of its own",
		`${USER} userns=0:1000:1 unshare=ipc`,
		"uid:0,userns:new,ipcns:new,pidns:same",
	),
	placement(
		"ipcns",
		"user 1000 in an ipc namespace that the initial user namespace owns",
		"unshare=ipc uid=1000",
		"uid:1000,userns:same,ipcns:new",
	),
	placement(
		"userns_of_root",
		"root of a user namespace that user 0 made, mapped to itself, in a pid namespace of its own",
		"userns=0:0:1 pidns",
		"uid:0,userns:new,map:0:0:1,pidns:new",
	),
	placement(
		"nested_userns",
		"a user namespace inside a user namespace, in a pid namespace that the outer one owns",
		`${USER} userns=0:1000:1 pidns userns=0:0:1`,
		"uid:0,userns:new,pidns:new,depth:2",
	),
	placement(
		"nested3",
		"three user namespaces deep, each with its own pid namespace",
		`${USER} userns=0:1000:1 pidns userns=0:0:1 pidns userns=0:0:1 pidns`,
		"uid:0,userns:new,pidns:new,depth:4",
	),
	placement(
		"parent_user",
		"user 2000 of the initial user namespace, in a pid namespace that a child user namespace owns",
		`${CHILD} uid=2000`,
		"uid:2000,userns:same,pidns:new",
		{ pidOwners: [0, 1] },
	),
	placement(
		"parent_owner",
		"user 1000 of the initial user namespace, in a pid namespace that a user namespace of its own making owns",
		`${CHILD} uid=1000`,
		"uid:1000,userns:same,pidns:new",
		{ pidOwners: [0, 1], ownsChild: true },
	),
	placement(
		"grandparent_user",
		"user 2000 of the initial user namespace, in a pid namespace that a user namespace two levels down owns",
		`spawn=t { ${USER} userns=0:1000:1 userns=0:0:1 pidns } ${ENTER} uid=2000`,
		"uid:2000,userns:same,pidns:new",
		{ pidOwners: [0, 2] },
	),
	placement(
		"sibling_userns",
		"root of a user namespace, in a pid namespace that another user namespace of the same user owns",
		`${CHILD} ${USER} userns=0:1000:1`,
		"uid:0,userns:new,map:0:1000:1,pidns:new",
		{ pidOwners: [0, ELSEWHERE] },
	),
	placement(
		"uid1000_group0",
		"user 1000 with root's group as a supplementary one",
		"uid=1000 eff=all group=0",
		"uid:1000,groups:0,userns:same,pidns:same",
	),
	placement(
		"euid1000",
		"effective user 1000, whose real and saved user is 0",
		"euid=1000",
		"uid:0/1000/0/1000,userns:same,pidns:same",
	),
];

export const NAMESPACE_SUBJECTS: readonly Subject[] = MORE.flatMap((standing) =>
	SETS.filter(({ name }) => name !== "cap_both").map((set) =>
		subjectAt(standing, set, ["namespace"]),
	),
);

const CR = "checkpoint_restore";
const LOOKER_SETS: readonly CapSet[] = ["none", CR, `${CR}+dac_read_search`];
/** The real, effective and saved user ids of a process that looks at another one. */
const LOOKER_IDS = [
	"1000/1000/1000",
	"2000/1000/2000",
	"1000/2000/1000",
] as const;

function looker(ids: string, set: CapSet): Subject {
	const [real, effective, saved] = ids.split("/");
	return {
		name: `ids_${ids.replaceAll("/", "_")}-${set === "none" ? "none" : `cap_${set.replace("+", "_and_")}`}`,
		description: `real user ${real}, effective user ${effective}, saved user ${saved}, with ${set === "none" ? "no capability" : set.replace("+", " and ")}`,
		groups: ["looker"],
		steps: `ids=${ids} caps=${set} dumpable=1`,
		ready: `uid:${real === effective ? real : `${ids}/${effective}`},eff:${set},prm:${set},dumpable:1`,
		needs: [
			"root",
			"multiuser",
			...(set === "none" ? [] : (["cap_checkpoint_restore"] as const)),
		],
		kuid: Number(effective),
		caps: set,
		userDepth: 0,
		pidOwners: [0],
		ipcOwner: 0,
	};
}

/** Whose real, effective and saved ids differ, and one whose do not: for checks that go by one of them. */
export const LOOKERS: readonly Subject[] = LOOKER_IDS.flatMap((ids) =>
	LOOKER_SETS.map((set) => looker(ids, set)),
);
