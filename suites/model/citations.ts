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
	flock: {
		ref: "fs/locks.c flock(): advisory, one holder for each open file description",
		since: "2.0",
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
	pid_dead_namespace: {
		ref: "kernel/pid.c alloc_pid(): ENOMEM where PIDNS_ADDING is cleared, which disable_pid_allocation() does when the first process ends; seen last",
		since: "5.5",
	},
	// Each backport by Debian's changelogs; 5.10.223 for i386 shows the fault.
	clone_sighand_32: {
		ref: "copy_sighand: Handle architectures where sizeof(unsigned long) < sizeof(u64)",
		since: "6.18",
		// 6.1.157 by Debian's changelog; 5.15.195, 6.6.113 and 6.17.4 by their announcements. 5.10.246 and 6.12.54 were not looked up:
		// Debian's later kernels for i386 and armhf have it.
		backports: [
			"5.10.246",
			"5.15.195",
			"6.1.157",
			"6.6.113",
			"6.12.54",
			"6.17.4",
		],
	},
	clone3_newtime: {
		ref: "kernel/nsproxy.c copy_namespaces(): CLONE_NEWTIME asks ns_capable(user_ns, CAP_SYS_ADMIN) before any pid is chosen",
		since: "5.6",
	},
	capset_v1: {
		ref: "kernel/capability.c capset(): the first version sets the words that it does not copy to 0",
		since: "2.6.25",
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
	map_files_scoped: {
		ref: "fs/namei.c nd_jump_link(): EXDEV under RESOLVE_BENEATH and RESOLVE_IN_ROOT, and across mounts under RESOLVE_NO_XDEV",
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
		ref: "kernel/ptrace.c __ptrace_may_access() with PTRACE_MODE_READ_FSCREDS: the looker's ids for files (caaee6234d05)",
		since: "4.5",
		note: "3.3 to 4.4: the real ids",
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
		ref: '3b832035387f Revert "fs: don\'t block i_writecount during exec"',
		since: "6.13",
		// 6.12.2 by the list of commits of 6.12.2-rc1; 6.11.11 as a test of LTP's says.
		backports: ["6.11.11", "6.12.2"],
	},
	exe_file_no_writers: {
		ref: "2a010c412853 fs: don't block i_writecount during exec, in 6.11 and reverted by 3b832035387f in 6.13",
		since: "6.11",
	},
	clone_signal_late: {
		ref: "09e7827e7857 kernel/fork: validate exit_signal in kernel_clone()",
		since: "7.1",
		note: "proposed for 6.12.y too, where 6.12.117 does not have it",
	},
	ipc_owner: {
		ref: "ipc/ipc_sysctl.c: mode 0644, owner root, no capability",
		since: "3.8",
	},
	ipc_handler: {
		// In no 5.10.y up to 5.10.262, whose files have mode 0644 when booted, and whose changelog of Debian's has neither.
		ref: "5563cabdde7e ipc: check checkpoint_restore_ns_capable() to modify C/R proc files",
		since: "5.16",
	},
	ipc_permissions: {
		ref: "0889f44e2810 ipc: Check permissions for checkpoint_restart sysctls at open time",
		since: "5.19",
	},
	// 6.1.104 by Debian's changelog; 6.6.45 is of the same day, and not seen. 5.10.262 refuses, 6.1.192 and 7.2.13 allow when booted.
	ipc_ownership: {
		ref: "sysctl: allow change system v ipc sysctls inside ipc namespace; sysctl: allow to change limits for posix messages queues: ipc_set_ownership() and mq_set_ownership() give the files to the owner's user 0",
		since: "6.9",
		// 6.1.104 by Debian's changelog, 6.6.45 by its announcement.
		backports: ["6.1.104", "6.6.45"],
	},
	ipc_limits_own: {
		ref: "ipc/ipc_sysctl.c and ipc/mq_sysctl.c: the limits' mode is 0644, and before 6.9 they are the initial user 0's in every namespace",
		since: "3.0",
	},
	landlock_open: {
		ref: "security/landlock/fs.c hook_file_open(), and is_access_to_paths_allowed(): a file of an internal mount is let through",
		since: "5.13",
	},
	bpf_lsm: {
		ref: "kernel/bpf/bpf_lsm.c bpf_lsm_capable(); kernel/capability.c checkpoint_restore_ns_capable() asks for CAP_CHECKPOINT_RESTORE, then for CAP_SYS_ADMIN",
		since: "5.9",
	},
	into_cgroup: {
		ref: "kernel/cgroup/cgroup.c cgroup_css_set_fork(): the right to write cgroup.procs of both groups' nearest common one and of the new one, asked after alloc_pid()",
		since: "5.7",
	},
	// 5.10.259 and 6.12.93 by Debian's changelogs, and 5.10.223 shows the fault; the others are as the CVE's record has them.
	ipc_index_end: {
		ref: "ipc: limit next_id allocation to the valid ID range (CVE-2026-52923): ipc_idr_alloc() looks for a free index up to ipc_mni, and no further",
		since: "7.1",
		backports: [
			"5.10.259",
			"5.15.210",
			"6.1.176",
			"6.6.143",
			"6.12.93",
			"6.18.35",
			"7.0.12",
		],
	},
	ipc_index_endless: {
		ref: "ipc/util.c ipc_idr_alloc() before the fix of CVE-2026-52923: no upper bound for a requested index",
		since: "3.9",
	},
	ipc_limits: {
		ref: "ipc/ipc_sysctl.c: the limits' mode is 0644",
		since: "2.6.12",
	},
	tty_lock_cap: {
		ref: "e0f25b899234 tty: allow TIOCSLCKTRMIOS with CAP_CHECKPOINT_RESTORE",
		since: "6.8",
		// 5.10.210 and 6.1.77 by Debian's changelogs, the former by its announcement, too. The others were not looked up. 5.4 and 4.19
		// have no CAP_CHECKPOINT_RESTORE that a backport could ask for.
		backports: ["5.10.210", "5.15.149", "6.1.77", "6.6.16", "6.7.4"],
	},
	tty_lock_old: {
		ref: "drivers/tty/tty_ioctl.c tty_mode_ioctl(): TIOCSLCKTRMIOS asks capable(CAP_SYS_ADMIN) before it copies",
		since: "2.6.12",
	},
	tty_lock_read: {
		ref: "drivers/tty/tty_ioctl.c tty_mode_ioctl(): TIOCGLCKTRMIOS asks for nothing",
		since: "2.6.12",
	},
	control_net: {
		ref: "net/core/sock.c sock_setsockopt(): SO_SNDBUFFORCE and SO_RCVBUFFORCE ask for CAP_NET_ADMIN",
		since: "2.6.14",
	},
	control_tcp_repair: {
		ref: "net/ipv4/tcp.c tcp_can_repair_sock(): CAP_NET_ADMIN in the network namespace's user namespace",
		since: "3.5",
	},
	control_suspend_seccomp: {
		ref: "kernel/ptrace.c check_ptrace_options(): PTRACE_O_SUSPEND_SECCOMP asks capable(CAP_SYS_ADMIN)",
		since: "4.3",
	},
	control_get_filter: {
		ref: "kernel/seccomp.c seccomp_get_filter(): EACCES without capable(CAP_SYS_ADMIN)",
		since: "4.4",
	},
	control_filter: {
		ref: "kernel/seccomp.c seccomp_prepare_filter(): EACCES without no_new_privs or CAP_SYS_ADMIN in the own user namespace",
		since: "3.5",
	},
	control_timens: {
		ref: "kernel/time/namespace.c proc_timens_set_offset(): CAP_SYS_TIME in the user namespace that owns the time namespace",
		since: "5.6",
	},
	control_nproc: {
		ref: "kernel/fork.c copy_process(): EAGAIN beyond RLIMIT_NPROC, but for user 0, CAP_SYS_RESOURCE and CAP_SYS_ADMIN",
		since: "2.6.12",
	},
	control_by_handle: {
		ref: "fs/fhandle.c: EPERM without CAP_DAC_READ_SEARCH",
		since: "2.6.39",
		note: "later kernels let in who rules the mount's namespaces as well, which is nobody here",
	},
	control_userfaultfd: {
		ref: "fs/userfaultfd.c: EPERM without CAP_SYS_PTRACE where vm.unprivileged_userfaultfd is 0, unless for faults of user space alone",
		since: "5.2",
	},
	control_pagemap: {
		ref: "fs/proc/task_mmu.c pagemap_read(): frame numbers only with CAP_SYS_ADMIN in the initial user namespace",
		since: "4.2",
	},
	control_namespaces: {
		ref: "kernel/nsproxy.c unshare_nsproxy_namespaces(): ns_capable(user_ns, CAP_SYS_ADMIN)",
		since: "3.8",
	},
	control_setns: {
		ref: "kernel/pid_namespace.c pidns_install(): CAP_SYS_ADMIN over the target and in the caller's own user namespace",
		since: "3.8",
	},
	control_sysctl: {
		ref: "kernel/sysctl.c: pid_max has mode 0644 and is root's",
		since: "2.6.12",
	},
	control_so_mark: {
		ref: "net/core/sock.c sock_setsockopt(): SO_MARK asks for CAP_NET_ADMIN, or since 5.17 CAP_NET_RAW, in the network namespace's user namespace",
		since: "2.6.25",
	},
	control_get_metadata: {
		ref: "kernel/seccomp.c seccomp_get_metadata(): EACCES without capable(CAP_SYS_ADMIN)",
		since: "4.16",
	},
	control_kcmp: {
		ref: "kernel/kcmp.c kcmp(): ptrace read access to both, or EPERM",
		since: "3.5",
	},
	control_process_vm: {
		ref: "mm/process_vm_access.c process_vm_rw_core(): ptrace attach access, or EPERM",
		since: "3.2",
	},
	control_getfd: {
		ref: "kernel/pid.c __pidfd_fget(): ptrace attach access, or EPERM",
		since: "5.6",
	},
	control_proc_link: {
		ref: "fs/proc/base.c proc_pid_readlink() and proc_pid_get_link(): EACCES without ptrace read access",
		since: "2.6.27",
	},
	control_prlimit: {
		ref: "kernel/sys.c check_prlimit_permission(): another user's limits take CAP_SYS_RESOURCE in that one's user namespace",
		since: "2.6.36",
	},
	control_rlimit: {
		ref: "kernel/sys.c do_prlimit(): raising a hard limit asks capable(CAP_SYS_RESOURCE)",
		since: "2.6.12",
	},
	control_oom_adj: {
		ref: "fs/proc/base.c __set_oom_adj(): EACCES below oom_score_adj_min without capable(CAP_SYS_RESOURCE)",
		since: "2.6.39",
	},
	control_scm_pid: {
		ref: "net/core/scm.c scm_check_creds(): another's pid takes CAP_SYS_ADMIN over the pid namespace",
		since: "3.9",
	},
	control_idmap: {
		ref: "kernel/user_namespace.c new_idmap_permitted(): but for one's own id, CAP_SETUID in the parent namespace",
		since: "3.8",
	},
	control_setns_ipc: {
		ref: "ipc/namespace.c ipcns_install(): CAP_SYS_ADMIN over the target and in the caller's own user namespace",
		since: "3.8",
	},
	control_setns_uts: {
		ref: "kernel/utsname.c utsns_install(): CAP_SYS_ADMIN over the target and in the caller's own user namespace",
		since: "3.8",
	},
	control_mount: {
		ref: "fs/namespace.c may_mount(): CAP_SYS_ADMIN over the mount namespace",
		since: "3.8",
	},
	control_hostname: {
		ref: "kernel/sys.c sethostname(): CAP_SYS_ADMIN over the uts namespace",
		since: "3.8",
	},
	control_pipe_size: {
		ref: "fs/pipe.c pipe_set_size(): beyond pipe_max_size asks capable(CAP_SYS_RESOURCE)",
		since: "2.6.35",
	},
	control_msg_qbytes: {
		ref: "ipc/msg.c msgctl_down(): beyond msg_ctlmnb asks capable(CAP_SYS_RESOURCE)",
		since: "2.6.12",
	},
	control_ipc_owner: {
		ref: "ipc/util.c ipcperms(): against the mode CAP_IPC_OWNER over the ipc namespace",
		since: "3.8",
	},
	control_ipc_set: {
		ref: "ipc/util.c ipcctl_obtain_check(): but for maker and owner CAP_SYS_ADMIN over the ipc namespace",
		since: "3.8",
	},
	control_tiocsti: {
		ref: "drivers/tty/tty_io.c tiocsti(): a terminal not one's own asks capable(CAP_SYS_ADMIN)",
		since: "2.6.12",
	},
	tiocsti_legacy: {
		ref: "83efeeeb3d04 tty: Allow TIOCSTI to be disabled: EIO before the capability",
		since: "6.2",
	},
	tiocsti_sys_admin: {
		ref: "690c8b804ad2 TIOCSTI: always enable for CAP_SYS_ADMIN",
		since: "6.5",
		backports: ["6.4.8"], // by Debian's changelog
	},
	control_tioccons: {
		ref: "drivers/tty/tty_io.c tioccons(): capable(CAP_SYS_ADMIN)",
		since: "2.6.10",
	},
	tioccons_writable: {
		ref: "a9cbbb80e3e7 tty: avoid using vfs_iocb_iter_write() for redirected console writes: EBADF where the terminal can't be written",
		since: "5.11",
		backports: ["5.10.13"], // by Debian's changelog
	},
	control_exclusive: {
		ref: "drivers/tty/tty_io.c tty_reopen(): EBUSY without capable(CAP_SYS_ADMIN)",
		since: "2.6.37",
	},
	hidepid: {
		ref: "fs/proc/base.c has_pid_permissions(): hidepid hides by ptrace read access",
		since: "3.3",
	},
	overlay_exe: {
		ref: "def3ae83da02 fs: store real path instead of fake path in backing file f_path",
		since: "6.7",
		note: "the executable's mappings name the real file, exe_file the overlay's: they are never found equal",
	},
	memfd_secret: {
		ref: "mm/secretmem.c: the file is its maker's, and has no open()",
		since: "5.14",
	},
	file_caps: {
		ref: "security/commoncap.c get_file_caps() and bprm_caps_from_vfs_caps()",
		since: "2.6.25",
	},
	file_caps_v1: {
		ref: "security/commoncap.c cap_convert_nscap(): validheader() takes the second and the third format only",
		since: "4.14",
	},
	ambient: {
		ref: "58319057b784 capabilities: ambient capabilities",
		since: "4.3",
	},
	setuid_fixup: {
		ref: "security/commoncap.c cap_emulate_setxuid(): leaving user 0 clears the sets, unless kept",
		since: "2.2",
	},
	userns_caps: {
		ref: "kernel/user_namespace.c set_cred_user_ns(): all capabilities in the new user namespace",
		since: "3.8",
	},
	dumpable: {
		ref: "fs/exec.c begin_new_exec() and fs/proc/base.c task_dump_owner(): a process that gained privilege is not dumpable, its /proc files are root's",
		since: "4.11",
	},
	read_only_proc_sys: {
		ref: "fs/namespace.c __mnt_is_readonly(): EROFS on a read-only bind mount, whatever the capabilities",
		since: "2.6.26",
	},
	seccomp_filter: {
		ref: "kernel/seccomp.c __seccomp_filter(): SECCOMP_RET_ERRNO answers before the system call is looked at",
		since: "3.5",
	},
	mount_too_revealing: {
		ref: "fs/namespace.c mount_too_revealing(): no new proc while the visible one is covered or read-only in places",
		since: "4.2",
	},
	workaround: {
		ref: "what an unprivileged process can do without the capability",
	},
	mm_resource: {
		ref: "kernel/sys.c prctl_set_mm(): every operation but MAP and MAP_SIZE asks capable(CAP_SYS_RESOURCE)",
		since: "3.5",
	},
	lsm_order: {
		ref: "security/security.c security_capable(): the capability module first, the others only where it said yes",
		since: "2.6.24",
	},
	apparmor_class: {
		ref: "security/apparmor/capability.c aa_capable(); 8c4b785a86be apparmor: add mediation class information to auditing",
		since: "6.2",
		note: "before, records have no class=",
	},
	apparmor_dedupe: {
		ref: "security/apparmor/capability.c audit_caps(): what was refused before is not recorded again; 74a96bbe1294 apparmor: audit_cap dedup based on subj_cred instead of profile",
		since: "6.13",
		note: "before and after, which capabilities were refused to another before is remembered as well: of two refusals in a row only the first is sure to be recorded",
	},
	selinux_capability: {
		ref: "security/selinux/hooks.c cred_has_capability(): capability2, or cap2_userns below the initial user namespace",
		since: "4.8",
	},
	tomoyo_manager: {
		ref: "security/tomoyo/common.c tomoyo_manager(): root whose /proc/self/exe is in the list of managers",
		since: "2.6.30",
	},
	ipc_noaudit: {
		ref: "8924336531e2 ipc: don't audit capability check in ipc_permissions()",
		since: "7.0",
		// 6.1.165 by Debian's changelog; 6.18.14 and 6.19.4 by their announcements, 6.6.128 by its second candidate's; 6.12.75 as it
		// boots. Before 5.19 the check is another one.
		backports: ["6.1.165", "6.6.128", "6.12.75", "6.18.14", "6.19.4"],
	},
	criu_unprivileged: {
		ref: "criu(8) --unprivileged: CAP_CHECKPOINT_RESTORE, as the kernel asks for it with checkpoint_restore_ns_capable()",
		since: "5.9",
		note: "since CRIU 3.18; 5.8 and older kernels: CAP_SYS_ADMIN",
	},
	criu_refuses: {
		ref: "criu(8) --unprivileged: CRIU looks for CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE among its own capabilities before anything else",
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
