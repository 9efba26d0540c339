/**
 * What a row or a subject needs of the kernel, and the fact that says that it is missing. A thing that is not there although
 * the configuration or the version has it is no reason to skip: it is broken, and the cases that need it fail.
 */
import { has } from "./citations.js";
import { FACTS_OF_ANY, type Facts, number, present } from "./facts.js";
import { hasChange } from "./version.js";

/** The reason why it is missing, or null where it is there. */
type Need = (facts: Facts) => string | null;

/** Missing where the fact says so, unless these options of the kernel's configuration are known to be on. */
const there =
	(fact: string, reason: string, ...options: string[]): Need =>
	(facts) =>
		present(facts, fact) || configured(facts, options) ? null : reason;

/**
 * The same for what every check of ours hangs on. Where no configuration is known, its absence is no excuse: a kernel that
 * lost it looks like one that was built without it.
 */
const proven =
	(fact: string, reason: string, ...options: string[]): Need =>
	(facts) =>
		facts.config === null ? null : there(fact, reason, ...options)(facts);

const configured = (facts: Facts, options: readonly string[]): boolean =>
	facts.config !== null &&
	options.length > 0 &&
	options.every((option) => facts.config?.get(option) === "y");

/** Is the helper under a filter, as in a container? A guest's first process is under none, whatever the kernel says. */
const filtered = (facts: Facts): boolean =>
	facts.commandLine === undefined && present(facts, "seccomp_filtered");

/** The same for what no option leaves out: from its version on only a seccomp filter, which the helper is under, may hide it. */
const since =
	(fact: string, version: string, reason: string): Need =>
	(facts) =>
		present(facts, fact) ||
		(hasChange(facts.identity.oldest, version) && !filtered(facts))
			? null
			: reason;

const call = (fact: string, version: string): Need =>
	since(
		fact,
		version,
		`the ${fact} system call is not there (it came with ${version}, and a seccomp filter may hide it)`,
	);

/** A reason that goes by the version, with what keeps the version from being sure. */
const unlessBackported = (
	{ identity: { doubt } }: Facts,
	reason: string,
): string => (doubt === undefined ? reason : `${reason} (${doubt})`);

/** The security modules that are active; undefined where the kernel does not list them. */
const modules = (facts: Facts): readonly string[] | undefined =>
	facts.reported.lsm?.split(",");

/** A security module that is active, with a policy to load. */
const confines =
	(name: string, module: string, tool: string): Need =>
	(facts) => {
		if (facts === FACTS_OF_ANY) return null;
		if (!modules(facts)?.includes(module))
			return `${name} is not active (modules: ${facts.reported.lsm ?? "not listed"}; --lsm ${module} asks the kernel for it)`;
		return present(facts, `policy_${module}`)
			? null
			: `there is no policy for ${name} here: guests carry one, made with ${tool} when the project was built`;
	};

const NEEDS_SECCOMP = there(
	"seccomp",
	"PR_GET_SECCOMP is refused (CONFIG_SECCOMP is off)",
	"SECCOMP",
);

export const NEEDS = {
	cap_checkpoint_restore: (facts) =>
		facts.checkpointRestore
			? null
			: `the kernel's last capability is ${facts.capLastCap}: CAP_CHECKPOINT_RESTORE (40) came with 5.9`,
	ns_last_pid: proven(
		"ns_last_pid",
		"/proc/sys/kernel/ns_last_pid is not there (CONFIG_CHECKPOINT_RESTORE or CONFIG_PID_NS is off)",
		"CHECKPOINT_RESTORE",
		"PID_NS",
		"SYSCTL",
	),
	mm_map: proven(
		"mm_map_size",
		"PR_SET_MM_MAP_SIZE is refused (CONFIG_CHECKPOINT_RESTORE is off)",
		"CHECKPOINT_RESTORE",
	),
	map_files: proven(
		"map_files",
		"/proc/self/map_files is not there (CONFIG_PROC_FS or CONFIG_MMU is off)",
		"PROC_FS",
		"MMU",
	),
	user_ns: there(
		"user_ns",
		"/proc/self/ns/user is not there (CONFIG_USER_NS is off)",
		"USER_NS",
	),
	pid_ns: there(
		"pid_ns",
		"/proc/self/ns/pid is not there (CONFIG_PID_NS is off)",
		"PID_NS",
	),
	ipc_ns: there(
		"ipc_ns",
		"/proc/self/ns/ipc is not there (CONFIG_IPC_NS is off)",
		"IPC_NS",
	),
	uts_ns: there(
		"uts_ns",
		"/proc/self/ns/uts is not there (CONFIG_UTS_NS is off)",
		"UTS_NS",
	),
	time_ns: there(
		"time_ns",
		"/proc/self/ns/time is not there (CONFIG_TIME_NS is off, or the kernel is older than 5.6)",
		"TIME_NS",
	),
	fhandle: there(
		"fhandle",
		"name_to_handle_at is not there (CONFIG_FHANDLE is off)",
		"FHANDLE",
	),
	userfaultfd: there(
		"userfaultfd",
		"/proc/sys/vm/unprivileged_userfaultfd is not there (CONFIG_USERFAULTFD is off)",
		"USERFAULTFD",
	),
	net_ns: there(
		"net_ns",
		"/proc/self/ns/net is not there (CONFIG_NET_NS is off)",
		"NET_NS",
	),
	sysvipc: there(
		"sysvipc",
		"/proc/sys/kernel/msgmnb is not there (CONFIG_SYSVIPC is off)",
		"SYSVIPC_SYSCTL",
	),
	unix: there(
		"unix",
		"/proc/net/unix is not there (CONFIG_UNIX is off)",
		"UNIX",
	),
	kcmp: there(
		"kcmp",
		"the kcmp system call is not there (CONFIG_KCMP is off)",
		"KCMP",
	),
	process_vm: there(
		"process_vm_readv",
		"process_vm_readv is not there (CONFIG_CROSS_MEMORY_ATTACH is off)",
		"CROSS_MEMORY_ATTACH",
	),
	pidfd_getfd: call("pidfd_getfd", "5.6"),
	/** Whoever has the capability may attach to another process. */
	attach: (facts) =>
		number(facts, "yama_ptrace_scope") === 3
			? "kernel.yama.ptrace_scope is 3: nobody attaches"
			: null,
	next_id: proven(
		"msg_next_id",
		"/proc/sys/kernel/msg_next_id is not there (CONFIG_CHECKPOINT_RESTORE or CONFIG_SYSVIPC is off)",
		"CHECKPOINT_RESTORE",
		"SYSVIPC_SYSCTL",
	),
	pid_max_per_ns: (facts) =>
		has("pid_max_per_ns", facts.identity.oldest)
			? null
			: unlessBackported(
					facts,
					"pid_max is one for all pid namespaces before 6.14",
				),
	/** With fs.suid_dumpable=1, which is for debugging, a process that gains privilege stays dumpable. */
	dumpable_lost: (facts) =>
		number(facts, "suid_dumpable") === 1
			? "fs.suid_dumpable is 1: whoever gains privilege stays dumpable"
			: null,
	/** System V IPC has 32768 indices, as without `ipcmni_extend`. */
	ipcmni: (facts) =>
		/(?:^|\s)ipcmni_extend(?:\s|$)/.test(facts.reported.cmdline ?? "")
			? "ipcmni_extend is on the kernel's command line: the last index is another"
			: null,
	/** A second write to a sysctl's descriptor is ignored, as by default. */
	writes_strict: (facts) => {
		const strict = number(facts, "sysctl_writes_strict") ?? 1;
		return strict === 1
			? null
			: `kernel.sysctl_writes_strict is ${strict}: a later write through one descriptor counts`;
	},
	clone3: call("clone3", "5.3"),
	openat2: call("openat2", "5.6"),
	faccessat2: call("faccessat2", "5.8"),
	multiuser: there(
		"multiuser",
		"setresuid is not there (CONFIG_MULTIUSER is off): every process holds every capability",
		"MULTIUSER",
	),
	memfd_secret: there(
		"memfd_secret",
		"memfd_secret is not there (it came with 5.14, and may be turned off)",
	),
	/** An executable memfd, which every memfd of the rows is. */
	memfd_exec: (facts) =>
		number(facts, "memfd_noexec") === 2
			? "vm.memfd_noexec is 2: no executable memfd can be made"
			: null,
	noexec_seal: since(
		"noexec_seal",
		"6.3",
		"memfd_create refuses MFD_NOEXEC_SEAL (it came with 6.3)",
	),
	hugetlb: there(
		"hugetlb",
		"memfd_create refuses MFD_HUGETLB (CONFIG_HUGETLBFS is off)",
	),
	overlay: there(
		"overlay",
		"overlay is not in /proc/filesystems (a module, or CONFIG_OVERLAY_FS is off)",
		"OVERLAY_FS",
	),
	ptmx: there(
		"ptmx",
		"/dev/ptmx is not there (CONFIG_UNIX98_PTYS is off)",
		"UNIX98_PTYS",
	),
	serial_port: there(
		"serial_port",
		"/dev/ttyS0 is no serial port (its type in sysfs is 0 or missing)",
	),
	cgroup2: there(
		"cgroup2",
		"cgroup2 is not in /proc/filesystems (CONFIG_CGROUPS is off)",
		"CGROUPS",
	),
	mqueue: there(
		"mqueue",
		"/proc/sys/fs/mqueue is not there (CONFIG_POSIX_MQUEUE is off)",
		"POSIX_MQUEUE_SYSCTL",
	),
	inet: there(
		"inet",
		"/proc/sys/net/ipv4 is not there (CONFIG_INET is off)",
		"INET",
	),
	seccomp: NEEDS_SECCOMP,
	seccomp_filter: (facts) =>
		facts.config?.get("SECCOMP_FILTER") === undefined && facts.config !== null
			? "CONFIG_SECCOMP_FILTER is off"
			: NEEDS_SECCOMP(facts),
	hidepid_per_mount: (facts) =>
		hasChange(facts.identity.oldest, "5.8")
			? null
			: unlessBackported(
					facts,
					"hidepid is one for all mounts of a proc before 5.8",
				),
	pagemap: there(
		"pagemap",
		"/proc/self/pagemap is not there (CONFIG_PROC_PAGE_MONITOR is off)",
		"PROC_PAGE_MONITOR",
	),
	/** A user without privilege may make a user namespace. */
	unprivileged_userns: (facts) => {
		if (number(facts, "max_user_namespaces") === 0)
			return "user.max_user_namespaces is 0";
		if (number(facts, "unprivileged_userns_clone") === 0)
			return "kernel.unprivileged_userns_clone is 0";
		if (number(facts, "apparmor_restrict_unprivileged_userns") === 1)
			return "kernel.apparmor_restrict_unprivileged_userns is 1";
		return null;
	},
	landlock: (facts) =>
		number(facts, "landlock") === 0 &&
		!(
			configured(facts, ["SECURITY_LANDLOCK"]) &&
			modules(facts)?.includes("landlock")
		)
			? `Landlock is not active (modules: ${facts.reported.lsm ?? "not listed"})`
			: null,
	bpf_lsm: (facts) => {
		if (facts === FACTS_OF_ANY) return null;
		if (!modules(facts)?.includes("bpf"))
			return `the BPF module is not active (modules: ${facts.reported.lsm ?? "not listed"})`;
		if (facts.reported.machine !== "x86_64")
			return "a program of the BPF module is tried on x86_64 alone: elsewhere what it takes (BPF trampolines) came with versions of their own";
		return present(facts, "btf")
			? null
			: "/sys/kernel/btf/vmlinux is not there (CONFIG_DEBUG_INFO_BTF is off)";
	},
	apparmor: confines("AppArmor", "apparmor", "apparmor_parser"),
	selinux: confines("SELinux", "selinux", "checkpolicy"),
	tomoyo: confines("Tomoyo", "tomoyo", "make"),
	criu: there(
		"criu",
		"this guest carries no CRIU (--suite criu or --with criu gives it one, where Debian has it for the architecture)",
	),
	program: there(
		"program",
		"this guest carries no program to checkpoint (--case 'criu.program.*' or --with criu.program gives it one, where Debian has it for the architecture)",
	),
	yama: (facts) =>
		facts === FACTS_OF_ANY || facts.reported.yama_ptrace_scope !== undefined
			? null
			: "/proc/sys/kernel/yama/ptrace_scope is not there (CONFIG_SECURITY_YAMA is off)",
	/** The helper can turn itself into any subject of the initial user namespace. */
	root: (facts) =>
		facts.uid === 0 && (facts.caps & 0xc0n) === 0xc0n
			? null
			: `crprobe runs as user ${facts.uid} without the rights to change users`,
} satisfies Record<string, Need>;

export type NeedName = keyof typeof NEEDS;

/** What `proven` needs are told by, and the configuration that would excuse its absence. */
const UNPROVEN: Partial<
	Record<NeedName, readonly [fact: string, what: string, options: string]>
> = {
	ns_last_pid: [
		"ns_last_pid",
		"/proc/sys/kernel/ns_last_pid",
		"CHECKPOINT_RESTORE, PID_NS or SYSCTL",
	],
	mm_map: ["mm_map_size", "PR_SET_MM_MAP_SIZE", "CHECKPOINT_RESTORE"],
	map_files: ["map_files", "/proc/self/map_files", "PROC_FS or MMU"],
	next_id: [
		"msg_next_id",
		"/proc/sys/kernel/msg_next_id",
		"CHECKPOINT_RESTORE or SYSVIPC",
	],
};

/** What is not there although nothing that is known of the kernel excuses it, in words; null where all is well. */
export function unexcused(
	needs: Iterable<NeedName>,
	facts: Facts,
): string | null {
	if (facts.config !== null) return null;
	for (const need of needs) {
		const [fact, what, options] = UNPROVEN[need] ?? [];
		if (fact === undefined || present(facts, fact)) continue;
		return `${what} is not there, and no configuration is known that would excuse it: a kernel without ${options} is told by --config-file`;
	}
	return null;
}

/** The first thing that is missing, in words; null where all is there. */
export function missing(
	needs: Iterable<NeedName>,
	facts: Facts,
): string | null {
	for (const need of needs) {
		const reason = NEEDS[need](facts);
		if (reason !== null) return reason;
	}
	return null;
}
