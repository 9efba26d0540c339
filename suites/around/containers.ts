/** What a container's user sees: read-only /proc/sys, covered /proc, a seccomp profile without clone3, a runtime's bounding set. */
import { RUNTIME_SET } from "../model/caps.js";
import { always, type Row, type Suite } from "../model/row.js";
import {
	mayCheckpointRestore,
	pidOwner,
	type Subject,
	USER,
} from "../model/subjects.js";
import { CONTAINERS_STATEMENTS } from "./containersStatements.js";

const CR = "checkpoint_restore";

function container(
	name: string,
	words: string,
	set: string,
	rootless: boolean,
): Subject {
	const placement = rootless
		? `${USER} userns=0:1000:1 mntns pidns unshare=ipc`
		: "mntns pidns unshare=ipc";
	return {
		name: `container_${name}`,
		description: words,
		groups: ["container"],
		steps: `${placement} bnd=${set} caps=${set} dumpable=1`,
		ready: `uid:0,userns:${rootless ? "new" : "same"},pidns:new,ipcns:new,bnd:${set},eff:${set},prm:${set},dumpable:1`,
		needs: [
			"root",
			"multiuser",
			"pid_ns",
			"ipc_ns",
			...(rootless ? (["user_ns", "unprivileged_userns"] as const) : []),
			...(set.includes(CR) ? (["cap_checkpoint_restore"] as const) : []),
		],
		kuid: rootless ? 1000 : 0,
		caps: set,
		userDepth: rootless ? 1 : 0,
		pidOwners: rootless ? [0, 1] : [0, 0],
		ipcOwner: rootless ? 1 : 0,
	};
}

export const CONTAINER_SUBJECTS: readonly Subject[] = [
	container(
		"default",
		"root of a container with a runtime's default capabilities",
		RUNTIME_SET,
		false,
	),
	container(
		"cap_checkpoint_restore",
		"the same, with CAP_CHECKPOINT_RESTORE added (--cap-add)",
		`${RUNTIME_SET}+${CR}`,
		false,
	),
	container("privileged", "root of a privileged container", "all", false),
	container(
		"rootless",
		"root of a rootless container with a runtime's default capabilities",
		RUNTIME_SET,
		true,
	),
	container(
		"rootless_cap_checkpoint_restore",
		"the same, with CAP_CHECKPOINT_RESTORE added",
		`${RUNTIME_SET}+${CR}`,
		true,
	),
];

const takes = (s: Subject): boolean => s.groups.includes("container");
const FILE = "/proc/sys/kernel/ns_last_pid";
const CLONE = "clone3=tid:20000";

const ROWS: readonly Row[] = [
	{
		name: "proc_sys_read_only",
		boundaries: ["ns_last_pid"],
		title:
			"open ns_last_pid for writing where /proc/sys is read-only, as runtimes mount it",
		probe: "open",
		program: `mntns bindro=/proc/sys @ open=f,w,${FILE} open=g,r,${FILE}`,
		subjects: takes,
		expect: always(
			["EROFS", "0"],
			"a read-only mount refuses everyone, whatever the capabilities",
			"read_only_proc_sys",
		),
		needs: ["ns_last_pid"],
		catches: "the capability writes through a read-only mount",
	},
	{
		name: "ns_last_pid_writable",
		boundaries: ["ns_last_pid"],
		title: "write ns_last_pid where the runtime left it writable",
		probe: "next_pid",
		program: `open=f,w,${FILE} next_pid=f,9000`,
		subjects: takes,
		expect: (s, facts) =>
			mayCheckpointRestore(s, pidOwner(s), facts)
				? {
						results: ["0", "0:+1"],
						reason:
							"the container's root has the capability over its pid namespace",
						cite: "ns_last_pid_cap",
					}
				: {
						results: ["0", "EPERM"],
						reason: "a runtime's default set has neither capability",
						cite: "ns_last_pid_cap",
					},
		needs: ["ns_last_pid"],
		levels: 1,
		catches: "a container without the capability sets pids",
	},
	{
		name: "set_tid",
		boundaries: ["set_tid"],
		title: "clone3 with set_tid in the container's pid namespace",
		probe: "clone3",
		program: CLONE,
		subjects: takes,
		expect: (s, facts) =>
			mayCheckpointRestore(s, pidOwner(s), facts)
				? {
						results: ["0:*/20000"],
						reason:
							"the container's root has the capability over its pid namespace",
						cite: "set_tid_cap",
					}
				: {
						results: ["EPERM"],
						reason: "a runtime's default set has neither capability",
						cite: "set_tid_cap",
					},
		needs: ["clone3"],
		levels: 1,
		catches: "a container without the capability chooses pids",
	},
	{
		name: "set_tid_outside",
		boundaries: ["set_tid"],
		title:
			"clone3 with set_tid in the container's and the host's pid namespace",
		probe: "clone3",
		program: "clone3=tid:20001/20002",
		subjects: takes,
		expect: (s, facts) =>
			mayCheckpointRestore(s, 0, facts)
				? {
						results: ["0:20002/20001"],
						reason:
							"without a user namespace the capability counts for the host's pid namespace too",
						cite: "set_tid_cap",
					}
				: {
						results: ["EPERM"],
						reason:
							"the host's pid namespace belongs to the initial user namespace",
						cite: "set_tid_cap",
					},
		needs: ["clone3"],
		levels: 2,
		catches: "a container chooses the host's pids",
	},
	{
		name: "clone3_filtered",
		boundaries: ["set_tid"],
		title: "clone3 with set_tid under a seccomp filter that answers ENOSYS",
		probe: "clone3",
		program: `@ nnp seccomp=clone3-enosys ${CLONE}`,
		subjects: takes,
		expect: always(
			["ENOSYS"],
			"the filter answers, not the kernel: ENOSYS under seccomp says nothing about the kernel",
			"seccomp_filter",
		),
		needs: ["clone3", "seccomp_filter"],
		catches: "the filter is not asked",
	},
	{
		name: "map_files",
		boundaries: ["map_files"],
		title: "open a memfd through its mapping",
		probe: "open",
		program: "map=m,memfd,0666,bytes open=g,r,/proc/self/map_files/$m read=g,5",
		subjects: takes,
		expect: (s, facts) =>
			mayCheckpointRestore(s, 0, facts)
				? {
						results: ["0", "0:bytes"],
						reason: "without a user namespace the capability counts",
						cite: "map_files_cap",
					}
				: {
						results: ["EPERM", "-"],
						reason: "only the initial user namespace's capability counts",
						cite: "map_files_cap",
					},
		needs: ["map_files"],
		catches: "a rootless container opens files through map_files",
	},
	{
		name: "exe_fd",
		boundaries: ["exe_fd"],
		title: "change /proc/self/exe",
		probe: "mm_map",
		program: "exe_unmap memfd=x mm_map=exe:x exe=x",
		subjects: takes,
		expect: (s, facts) => {
			if (mayCheckpointRestore(s, s.userDepth, facts))
				return {
					results: ["0", "0:yes"],
					reason: "the capability in the own user namespace is enough",
					cite: "exe_fd_cap",
				};
			const old = !facts.checkpointRestore;
			return {
				results: [old ? "EINVAL" : "EPERM", "0:no"],
				reason: "a runtime's default set has neither capability",
				cite: old ? "exe_fd_old" : "exe_fd_cap",
			};
		},
		needs: ["mm_map"],
		catches: "a container without the capability changes /proc/self/exe",
	},
	{
		name: "proc_covered",
		title:
			"mount a new proc in a nested user namespace while the visible one is covered in places",
		probe: "proc?",
		program:
			"scratch bindro=/proc/sys @ unshare=user unshare=mnt unshare=pid inside proc?=/tmp/proc",
		subjects: (s) =>
			s.name === "container_rootless" ||
			s.name === "container_rootless_cap_checkpoint_restore",
		expect: always(
			["EPERM"],
			"a new proc would reveal what is covered",
			"mount_too_revealing",
		),
		needs: ["user_ns", "pid_ns"],
		catches: "the capability, or a nested user namespace, uncovers /proc",
	},
];

export const CONTAINERS: Suite = {
	name: "containers",
	description: "what a container's user sees of the boundaries",
	needs: [],
	statements: CONTAINERS_STATEMENTS,
	rows: ROWS.map((row) => ({ levels: 0, ...row })),
};
