/** More placements in the namespaces than the core has: other maps, other owners, deeper nesting. */
import {
	ELSEWHERE,
	type Placement,
	SETS,
	type Subject,
	subjectAt,
	USER,
} from "./subjects.js";

const CHILD = `spawn=t { ${USER} userns=0:1000:1 pidns } open=n,r,/proc/$t/ns/pid_for_children setns=fd,n inside`;
const ROOTLESS = [
	"root",
	"multiuser",
	"user_ns",
	"unprivileged_userns",
] as const;

const MORE: readonly Placement[] = [
	{
		name: "userns_nouid0",
		words:
			"user 1000 of a user namespace that has no user 0, in a pid namespace of its own",
		steps: `${USER} userns=1000:1000:1 pidns`,
		ready: "uid:1000,userns:new,map:1000:1000:1,pidns:new",
		needs: [...ROOTLESS, "pid_ns"],
		kuid: 1000,
		userDepth: 1,
		pidOwners: [0, 1],
		ipcOwner: 0,
	},
	{
		name: "userns_two_pidns",
		words:
			"root of a user namespace, two pid namespaces deep, both of which it owns",
		steps: `${USER} userns=0:1000:1 pidns pidns`,
		ready: "uid:0,userns:new,pidns:new,depth:3",
		needs: [...ROOTLESS, "pid_ns"],
		kuid: 1000,
		userDepth: 1,
		pidOwners: [0, 1, 1],
		ipcOwner: 0,
	},
	{
		name: "userns_three_pidns",
		words:
			"root of a user namespace, three pid namespaces deep, all of which it owns",
		steps: `${USER} userns=0:1000:1 pidns pidns pidns`,
		ready: "uid:0,userns:new,pidns:new,depth:4",
		needs: [...ROOTLESS, "pid_ns"],
		kuid: 1000,
		userDepth: 1,
		pidOwners: [0, 1, 1, 1],
		ipcOwner: 0,
	},
	{
		name: "userns_ipcns",
		words: "root of a user namespace with an ipc namespace of its own",
		steps: `${USER} userns=0:1000:1 unshare=ipc`,
		ready: "uid:0,userns:new,ipcns:new,pidns:same",
		needs: [...ROOTLESS, "ipc_ns"],
		kuid: 1000,
		userDepth: 1,
		pidOwners: [0],
		ipcOwner: 1,
	},
	{
		name: "ipcns",
		words: "user 1000 in an ipc namespace that the initial user namespace owns",
		steps: "unshare=ipc uid=1000",
		ready: "uid:1000,userns:same,ipcns:new",
		needs: ["root", "multiuser", "ipc_ns"],
		kuid: 1000,
		userDepth: 0,
		pidOwners: [0],
		ipcOwner: 0,
	},
	{
		name: "userns_of_root",
		words:
			"root of a user namespace that user 0 made, mapped to itself, in a pid namespace of its own",
		steps: "userns=0:0:1 pidns",
		ready: "uid:0,userns:new,map:0:0:1,pidns:new",
		needs: ["root", "user_ns", "pid_ns"],
		kuid: 0,
		userDepth: 1,
		pidOwners: [0, 1],
		ipcOwner: 0,
	},
	{
		name: "nested_userns",
		words:
			"a user namespace inside a user namespace, in a pid namespace that the outer one owns",
		steps: `${USER} userns=0:1000:1 pidns userns=0:0:1`,
		ready: "uid:0,userns:new,pidns:new,depth:2",
		needs: [...ROOTLESS, "pid_ns"],
		kuid: 1000,
		userDepth: 2,
		pidOwners: [0, 1],
		ipcOwner: 0,
	},
	{
		name: "nested3",
		words: "three user namespaces deep, each with its own pid namespace",
		steps: `${USER} userns=0:1000:1 pidns userns=0:0:1 pidns userns=0:0:1 pidns`,
		ready: "uid:0,userns:new,pidns:new,depth:4",
		needs: [...ROOTLESS, "pid_ns"],
		kuid: 1000,
		userDepth: 3,
		pidOwners: [0, 1, 2, 3],
		ipcOwner: 0,
	},
	{
		name: "parent_user",
		words:
			"user 2000 of the initial user namespace, in a pid namespace that a child user namespace owns",
		steps: `${CHILD} uid=2000`,
		ready: "uid:2000,userns:same,pidns:new",
		needs: [...ROOTLESS, "pid_ns"],
		kuid: 2000,
		userDepth: 0,
		pidOwners: [0, 1],
		ipcOwner: 0,
	},
	{
		name: "parent_owner",
		words:
			"user 1000 of the initial user namespace, in a pid namespace that a user namespace of its own making owns",
		steps: `${CHILD} uid=1000`,
		ready: "uid:1000,userns:same,pidns:new",
		needs: [...ROOTLESS, "pid_ns"],
		kuid: 1000,
		userDepth: 0,
		pidOwners: [0, 1],
		ipcOwner: 0,
		ownsChild: true,
	},
	{
		name: "grandparent_user",
		words:
			"user 2000 of the initial user namespace, in a pid namespace that a user namespace two levels down owns",
		steps: `spawn=t { ${USER} userns=0:1000:1 userns=0:0:1 pidns } open=n,r,/proc/$t/ns/pid_for_children setns=fd,n inside uid=2000`,
		ready: "uid:2000,userns:same,pidns:new",
		needs: [...ROOTLESS, "pid_ns"],
		kuid: 2000,
		userDepth: 0,
		pidOwners: [0, 2],
		ipcOwner: 0,
	},
	{
		name: "sibling_userns",
		words:
			"root of a user namespace, in a pid namespace that another user namespace of the same user owns",
		steps: `${CHILD} ${USER} userns=0:1000:1`,
		ready: "uid:0,userns:new,map:0:1000:1,pidns:new",
		needs: [...ROOTLESS, "pid_ns"],
		kuid: 1000,
		userDepth: 1,
		pidOwners: [0, ELSEWHERE],
		ipcOwner: 0,
	},
	{
		name: "uid1000_group0",
		words: "user 1000 with root's group as a supplementary one",
		steps: "uid=1000 eff=all group=0",
		ready: "uid:1000,groups:0,userns:same,pidns:same",
		needs: ["root", "multiuser"],
		kuid: 1000,
		userDepth: 0,
		pidOwners: [0],
		ipcOwner: 0,
	},
	{
		name: "euid1000",
		words: "effective user 1000, whose real and saved user is 0",
		steps: "euid=1000",
		ready: "uid:0/1000/0/1000,userns:same,pidns:same",
		needs: ["root", "multiuser"],
		kuid: 1000,
		userDepth: 0,
		pidOwners: [0],
		ipcOwner: 0,
	},
];

export const NAMESPACE_SUBJECTS: readonly Subject[] = MORE.flatMap(
	(placement) =>
		SETS.filter(({ name }) => name !== "cap_both").map((set) =>
			subjectAt(placement, set, ["namespace"]),
		),
);
