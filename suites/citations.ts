/** Where expectations come from. `ref` names a commit, or the kernel function whose source says so. */
import type { KernelVersion } from "./version.js";
import { hasChange } from "./version.js";

export interface CitationEntry {
	readonly ref: string;
	/** The first mainline version with it. */
	readonly since?: string;
	/** Stable releases that have it too. */
	readonly backports?: readonly string[];
	readonly note?: string;
}

export const CITATIONS = {
	ns_last_pid_cap: {
		ref: "kernel/pid_namespace.c pid_ns_ctl_handler(): checkpoint_restore_ns_capable(pid_ns->user_ns) on write",
		since: "5.9",
		note: "before: CAP_SYS_ADMIN only",
	},
	ns_last_pid_open: {
		ref: "kernel/pid_namespace.c: the sysctl's mode is 0666, the capability is asked for in the handler",
		since: "3.3",
	},
	ns_last_pid_range: {
		ref: "kernel/pid_namespace.c pid_ns_ctl_handler(): proc_dointvec_minmax() from 0 to pid_max",
		since: "3.3",
	},
	ns_last_pid_active: {
		ref: "kernel/pid_namespace.c pid_ns_ctl_handler(): task_active_pid_ns(current), neither the opener's nor the children's",
		since: "3.3",
	},
	sysctl_writes_strict: {
		ref: "f88083005ab3 sysctl: allow for strict write position handling; strict by default since f4aacea2f5d1",
		since: "4.5",
	},
	pid_alloc_wrap: {
		ref: "kernel/pid.c alloc_pid(): idr_alloc_cyclic() from RESERVED_PIDS (300) once the cursor has passed it",
		since: "4.15",
	},
	pid_max_per_ns: {
		ref: "7863dcc72d0f pid: allow pid_max to be set per pid namespace",
		since: "6.14",
	},
	set_tid_cap: {
		ref: "kernel/pid.c alloc_pid(): checkpoint_restore_ns_capable(tmp->user_ns) at every level of the array",
		since: "5.9",
		note: "5.5 to 5.8: CAP_SYS_ADMIN only",
	},
	set_tid_range: {
		ref: "kernel/pid.c alloc_pid(): the range of a tid is checked before the capability",
		since: "5.5",
	},
	set_tid_exists: {
		ref: "kernel/pid.c alloc_pid(): idr_alloc() of one number, EEXIST where it is taken",
		since: "5.5",
	},
	set_tid_size: {
		ref: "kernel/pid.c alloc_pid(): set_tid_size > ns->level + 1 is EINVAL",
		since: "5.5",
	},
	clone3_args: {
		ref: "kernel/fork.c copy_clone_args_from_user()",
		since: "5.5",
	},
	clone3_newpid: {
		ref: "kernel/nsproxy.c copy_namespaces(): ns_capable(user_ns, CAP_SYS_ADMIN) before any pid is chosen",
		since: "5.5",
	},
	pid_reorder: {
		ref: "6d864a1b1825 pid: only take pidmap_lock once on alloc",
		since: "7.0",
		note: "range and capability of all levels first, then the allocation and the check for a reaper",
	},
	pid_per_level: {
		ref: "kernel/pid.c alloc_pid() before 6d864a1b1825: range, reaper, capability, allocation, level by level",
		since: "5.5",
	},
	owner_rule: {
		ref: "security/commoncap.c cap_capable(): the owner of a user namespace has all capabilities in it, seen from its parent",
		since: "3.9",
	},
	map_files_cap: {
		ref: "fs/proc/base.c proc_map_files_get_link(): checkpoint_restore_ns_capable(&init_user_ns)",
		since: "5.9",
		note: "4.3 to 5.8: capable(CAP_SYS_ADMIN)",
	},
	map_files_nogate: {
		ref: "fs/proc/base.c: reading the directory and the link itself asks for ptrace read access only",
		since: "4.3",
	},
	map_files_nofollow: {
		ref: "fs/namei.c: O_NOFOLLOW and RESOLVE_NO_SYMLINKS refuse a link before get_link() is called",
		since: "5.6",
	},
	map_files_magiclinks: {
		ref: "fs/namei.c pick_link() and nd_jump_link(): RESOLVE_NO_MAGICLINKS is seen inside get_link(), behind the capability's check",
		since: "5.6",
	},
	map_files_inode: {
		ref: "fs/namei.c may_open(): behind the link the file's own permissions count",
		since: "4.3",
	},
	map_files_missing: {
		ref: "fs/proc/base.c proc_map_files_lookup(): no such mapping",
		since: "3.3",
	},
	access_real: {
		ref: "fs/open.c access_override_creds(): access(2) takes the real user's capabilities, none unless that is root",
		since: "2.6.30",
	},
	ptrace_access: {
		ref: "kernel/ptrace.c __ptrace_may_access() with PTRACE_MODE_READ_FSCREDS",
		since: "3.3",
	},
	exe_fd_cap: {
		ref: "ebd6de681238 prctl: Allow local CAP_CHECKPOINT_RESTORE to change /proc/self/exe; 227175b2c914 prctl: exe link permission error changed from -EINVAL to -EPERM",
		since: "5.9",
	},
	exe_fd_old: {
		ref: "4d28df6152aa prctl: Allow local CAP_SYS_ADMIN changing exe_file",
		since: "4.14",
		note: "the refusal is EINVAL until 227175b2c914",
	},
	mm_map_order: {
		ref: "kernel/sys.c prctl_set_mm_map(): size, copy, validate_prctl_map_addr() and the auxiliary vector come before the capability",
		since: "3.18",
	},
	mm_map_unprivileged: {
		ref: "f606b77f1a9e prctl: PR_SET_MM -- introduce PR_SET_MM_MAP operation: without exe_fd no capability is asked for",
		since: "3.18",
	},
	exe_file_checks: {
		ref: "kernel/sys.c prctl_set_mm_exe_file(): EBADF, then EACCES unless a regular file on an executable mount that the caller may execute",
		since: "3.18",
	},
	exe_file_busy: {
		ref: "kernel/fork.c replace_mm_exe_file() (kernel/sys.c before 5.15): EBUSY while a mapping of the old executable remains",
		since: "3.18",
	},
	exe_file_writers: {
		ref: "fe69d560b5bd kernel/fork: always deny write access to current MM exe_file",
		since: "5.15",
	},
	exe_file_writers_again: {
		ref: "3b832035387f Revert \"fs: don't block i_writecount during exec\"",
		since: "6.13",
		backports: ["6.12.2"],
	},
	exe_file_no_writers: {
		ref: "2a010c412853 fs: don't block i_writecount during exec, in 6.11 and reverted by 3b832035387f in 6.13",
		since: "6.11",
	},
	mm_resource: {
		ref: "kernel/sys.c prctl_set_mm(): every operation but MAP and MAP_SIZE asks capable(CAP_SYS_RESOURCE)",
		since: "3.5",
	},
} satisfies Record<string, CitationEntry>;

export type CiteName = keyof typeof CITATIONS;

/** Has this kernel what the citation is about? */
export function has(cite: CiteName, version: KernelVersion): boolean {
	const entry: CitationEntry = CITATIONS[cite];
	return (
		entry.since === undefined ||
		hasChange(version, entry.since, entry.backports)
	);
}
