/** Subjects by how a process gains the capability, or fails to. Where that takes executing a file in practice, it does here. */
import type { CapSet } from "./caps.js";
import type { NeedName } from "./needs.js";
import { type Subject, USER } from "./subjects.js";

interface Gained {
	readonly name: string;
	readonly description: string;
	readonly steps: string;
	/** What the read-back must show of ids and flags; the sets come from `caps` and `prm`. */
	readonly ready: string;
	readonly caps: CapSet;
	/** Permitted, where it is not the same. */
	readonly prm?: CapSet;
	readonly needs?: readonly NeedName[];
	readonly kuid?: number;
	readonly userDepth?: number;
}

const CR = "checkpoint_restore";
/** A copy of the helper on a file system of its own, where it can carry capabilities. */
const COPY = "scratch selfcopy=/tmp/crprobe,0755";
const SUID = "scratch selfcopy=/tmp/crprobe,4755,0";
const EXEC = "exec=/tmp/crprobe";
const fileCap = (flags: string, root = ""): string =>
	`filecap=/tmp/crprobe,${CR},${flags}${root}`;

const GAINED: readonly Gained[] = [
	{
		name: "ambient",
		description: "user 1000 executes a plain file with the capability ambient",
		steps: `uid=1000 caps=${CR} inh=${CR} amb=${CR} dumpable=1 exec=self`,
		ready: `uid:1000,inh:${CR},amb:${CR},dumpable:1`,
		caps: CR,
	},
	{
		name: "capset_lost_at_exec",
		description:
			"user 1000 has the capability, but not ambient, and executes a plain file: it is gone",
		steps: `uid=1000 caps=${CR} dumpable=1 exec=self`,
		ready: "uid:1000,amb:none,dumpable:1",
		caps: "none",
	},
	{
		name: "file_ep",
		description:
			"user 1000 executes a file with the capability permitted and effective (setcap +ep): not dumpable",
		steps: `${COPY} ${fileCap("ep")} ${USER} ${EXEC}`,
		ready: "uid:1000,amb:none,dumpable:0",
		caps: CR,
	},
	{
		name: "file_ep_dumpable",
		description: "the same, made dumpable again with prctl(PR_SET_DUMPABLE)",
		steps: `${COPY} ${fileCap("ep")} ${USER} ${EXEC} dumpable=1`,
		ready: "uid:1000,amb:none,dumpable:1",
		caps: CR,
	},
	{
		name: "file_p",
		description:
			"user 1000 executes a file with the capability permitted only (setcap +p)",
		steps: `${COPY} ${fileCap("p")} ${USER} ${EXEC}`,
		ready: "uid:1000,dumpable:0",
		caps: "none",
		prm: CR,
	},
	{
		name: "file_p_raised",
		description: "the same, then made effective with capset()",
		steps: `${COPY} ${fileCap("p")} ${USER} ${EXEC} eff=${CR}`,
		ready: "uid:1000,dumpable:0",
		caps: CR,
	},
	{
		name: "file_ei_inherited",
		description:
			"user 1000 with the capability inheritable executes a file with +ei",
		steps: `${COPY} ${fileCap("ei")} uid=1000 caps=${CR} inh=${CR} ${EXEC}`,
		ready: `uid:1000,inh:${CR}`,
		caps: CR,
	},
	{
		name: "file_ei_not_inherited",
		description:
			"user 1000 without it inheritable executes a file with +ei: nothing is gained",
		steps: `${COPY} ${fileCap("ei")} ${USER} ${EXEC}`,
		ready: "uid:1000,inh:none",
		caps: "none",
	},
	{
		name: "file_v3_root",
		description:
			"file capabilities of a user namespace's root (revision 3), executed inside that namespace by a user who is not root there",
		steps: `${COPY} ${fileCap("ep", ",1000")} userns=0:1000:1,5:1005:1 uid=5 caps=none dumpable=1 ${EXEC}`,
		ready: "uid:5,userns:new",
		caps: CR,
		needs: ["user_ns"],
		kuid: 1005,
		userDepth: 1,
	},
	{
		name: "file_v3_other_root",
		description:
			"the same file executed in the initial user namespace: its capabilities are not meant for it",
		steps: `${COPY} ${fileCap("ep", ",1000")} uid=2000 caps=none dumpable=1 ${EXEC}`,
		ready: "uid:2000,userns:same",
		caps: "none",
		kuid: 2000,
	},
	{
		name: "suid_root",
		description: "user 1000 executes a set-user-id root file",
		steps: `${SUID} ${USER} ${EXEC}`,
		ready: "uid:1000/0/0/0,dumpable:0",
		caps: "all",
		kuid: 0,
	},
	{
		name: "suid_root_bounded",
		description: "the same with both capabilities out of the bounding set",
		steps: `${SUID} bnd=all-${CR}-sys_admin ${USER} ${EXEC}`,
		ready: `uid:1000/0/0/0,bnd:all-${CR}-sys_admin`,
		caps: `all-${CR}-sys_admin`,
		kuid: 0,
	},
	{
		name: "suid_root_noroot",
		description: "the same with SECBIT_NOROOT: user 0 without capabilities",
		steps: `${SUID} securebits=1 ${USER} ${EXEC}`,
		ready: "uid:1000/0/0/0",
		caps: "none",
		kuid: 0,
	},
	{
		name: "no_setuid_fixup",
		description:
			"user 1000 who kept all capabilities when leaving user 0, by SECBIT_NO_SETUID_FIXUP",
		steps: "securebits=4 uid=1000 dumpable=1",
		ready: "uid:1000,dumpable:1",
		caps: "all",
	},
	{
		name: "root_exec",
		description:
			"user 0 drops all capabilities and executes a plain file: root has them all again",
		steps: "caps=none dumpable=1 exec=self",
		ready: "uid:0",
		caps: "all",
		kuid: 0,
	},
	{
		name: "root_exec_bounded",
		description: "the same with both capabilities out of the bounding set",
		steps: `bnd=all-${CR}-sys_admin caps=none dumpable=1 exec=self`,
		ready: "uid:0",
		caps: `all-${CR}-sys_admin`,
		kuid: 0,
	},
	{
		name: "no_new_privs",
		description:
			"user 1000 with no_new_privs executes a file with +ep: nothing is gained",
		steps: `${COPY} ${fileCap("ep")} ${USER} nnp ${EXEC}`,
		ready: "uid:1000,nnp:1",
		caps: "none",
	},
	{
		name: "no_new_privs_permitted",
		description:
			"the same by one who has the capability permitted already: nothing new, so it stays",
		steps: `${COPY} ${fileCap("ep")} uid=1000 caps=${CR} dumpable=1 nnp ${EXEC}`,
		ready: "uid:1000,nnp:1",
		caps: CR,
	},
	{
		name: "file_ep_traced",
		description:
			"user 1000, traced by another process of the same user, executes a file with +ep: nothing is gained",
		steps: `${COPY} ${fileCap("ep")} ${USER} under_tracer ${EXEC}`,
		ready: "uid:1000",
		caps: "none",
	},
	{
		name: "file_ep_traced_permitted",
		description:
			"the same by one who has the capability permitted already: nothing new, so it stays",
		steps: `${COPY} ${fileCap("ep")} uid=1000 caps=${CR} dumpable=1 under_tracer ${EXEC}`,
		ready: "uid:1000",
		caps: CR,
	},
	{
		name: "file_ep_shared_fs",
		description:
			"user 1000, whose working directory another process shares (CLONE_FS), executes a file with +ep: nothing is gained",
		steps: `${COPY} ${fileCap("ep")} ${USER} share_fs ${EXEC}`,
		ready: "uid:1000",
		caps: "none",
	},
	{
		name: "nosuid",
		description:
			"user 1000 executes a file with +ep on a nosuid mount: nothing is gained",
		steps: `mntns tmpfs=/tmp,nosuid,mode=1777 selfcopy=/tmp/crprobe,0755,0,real ${fileCap("ep")} ${USER} ${EXEC}`,
		ready: "uid:1000",
		caps: "none",
	},
	{
		name: "userns_unmapped",
		description:
			"a user namespace without a map, after execve: an unmapped user keeps nothing",
		steps: `${USER} userns exec=self`,
		ready: "userns:new",
		caps: "none",
		needs: ["user_ns", "unprivileged_userns"],
		userDepth: 1,
	},
	{
		name: "userns_ambient",
		description:
			"a user namespace without user 0, the capability ambient, after execve",
		steps: `${USER} userns=1000:1000:1 caps=${CR} inh=${CR} amb=${CR} exec=self`,
		ready: `uid:1000,userns:new,map:1000:1000:1,amb:${CR}`,
		caps: CR,
		needs: ["user_ns", "unprivileged_userns"],
		userDepth: 1,
	},
	{
		name: "userns_root_exec",
		description:
			"root of a user namespace, after dropping all and execve: all again, in there",
		steps: `${USER} userns=0:1000:1 caps=none exec=self`,
		ready: "uid:0,userns:new",
		caps: "all",
		needs: ["user_ns", "unprivileged_userns"],
		userDepth: 1,
	},
];

export const GAINED_SUBJECTS: readonly Subject[] = GAINED.map((way) => ({
	name: `route_${way.name}`,
	description: way.description,
	groups: ["route"],
	steps: way.steps,
	ready: `${way.ready},eff:${way.caps},prm:${way.prm ?? way.caps}`,
	needs: [
		"root",
		"multiuser",
		...(way.steps.includes(CR) ? (["cap_checkpoint_restore"] as const) : []),
		...(way.needs ?? []),
	],
	kuid: way.kuid ?? 1000,
	caps: way.caps,
	userDepth: way.userDepth ?? 0,
	pidOwners: [0],
	ipcOwner: 0,
}));
