/** Who says each fact that may excuse a case, and what keeps that honest: a table of docs/coverage.md, tried by a test with a kernel that lies. */
import type { NeedName } from "../model/needs.js";

export interface FactSource {
	/** What is known, in words. */
	readonly fact: string;
	/** The needs that hang on it. */
	readonly needs: readonly NeedName[];
	readonly says: string;
	readonly honest: string;
	/** What a kernel may report to talk its way out, by fact, each a lie of its own. */
	readonly lies: Readonly<Record<string, string>>;
	/** What comes of a lie: cases fail, where something else than the kernel knows better, or they are skipped. */
	readonly comes: "fail" | "skip";
	/** Options of the configuration by which the lie is known; without them none has to be known. */
	readonly config?: readonly string[];
}

const QUOTED =
	"in a guest nobody sets it but a command line: a value that none asks for fails its cases; else the skip quotes the setting with its value. Faults are caught under settings, too (`npm run faults`)";
const BOUNDED =
	"nothing else knows it; the skip names the file or the call, and `--max-skipped` bounds what it costs";

/** Something that the kernel shows, and that its configuration has by name. */
const built = (
	need: NeedName,
	fact: string,
	says: string,
	...config: string[]
): FactSource => ({
	fact: `${need.replaceAll("_", " ")} is there`,
	needs: [need],
	says,
	honest: `the configuration, where it is known: with ${config.map((name) => `CONFIG_${name}`).join(" and ")} its absence fails its cases; else \`--max-skipped\` bounds what it costs`,
	lies: { [fact]: "0" },
	comes: "fail",
	config,
});

/** What every check hangs on: where no configuration is known it must be there. */
const proven = (
	need: NeedName,
	fact: string,
	says: string,
	...config: string[]
): FactSource => ({
	...built(need, fact, says, ...config),
	honest: `the configuration; where none is known it must be there, and a kernel that is meant without it needs \`--config-file\``,
});

const call = (need: NeedName, since: string): FactSource => ({
	fact: `${need} is there`,
	needs: [need],
	says: "a call of the helper's that can't succeed: ENOSYS or not",
	honest: `the version: from ${since} on its absence fails its cases, unless the helper itself is under a seccomp filter, as in a container`,
	lies: { [need]: "0" },
	comes: "fail",
});

/** A limit that cases may meet: no need has its name. */
const limit = (
	fact: string,
	lies: Readonly<Record<string, string>>,
): FactSource => ({
	fact,
	needs: [],
	says: "the kernel under test, by the sysctl's file",
	honest: QUOTED,
	lies,
	comes: "fail",
});

const setting = (
	need: NeedName,
	sysctl: string,
	lies: Readonly<Record<string, string>>,
): FactSource => ({ ...limit(sysctl, lies), needs: [need] });

/** What expectations lean on, and no case is skipped for. */
const leaned = (fact: string, says: string, honest: string): FactSource => ({
	fact,
	needs: [],
	...{ says, honest, lies: {}, comes: "fail" },
});

const unknown = (need: NeedName, fact: string, says: string): FactSource => ({
	fact: `${need.replaceAll("_", " ")} is there`,
	needs: [need],
	says,
	honest: BOUNDED,
	lies: { [fact]: "0" },
	comes: "skip",
});

const module = (name: "apparmor" | "selinux" | "tomoyo"): FactSource => ({
	fact: `${name} is active`,
	needs: [name],
	says: "the kernel under test, by /sys/kernel/security/lsm; the policy is the guest's own, made at the build",
	honest: `\`--lsm ${name}\` asks the kernel for it by name; ${BOUNDED}`,
	lies: { lsm: "lockdown,capability" },
	comes: "skip",
});

const FILE = "the kernel under test, by a file's being there";
const CALL = "the kernel under test, by a call of the helper's";

export const FACT_SOURCES: readonly FactSource[] = [
	{
		fact: "the version, and with it what a later or earlier kernel answers",
		needs: ["pid_max_per_ns", "hidepid_per_mount"],
		says: "the kernel under test, by uname(2), /proc/version and Ubuntu's /proc/version_signature; where these hide the stable level, the changelog of its .deb",
		honest:
			"a version in doubt is tried both ways; the report shows release and version beside the image's own, whose banner was read before the boot",
		lies: { release: "5.7.0" },
		comes: "skip",
	},
	{
		fact: "the last capability",
		needs: ["cap_checkpoint_restore"],
		says: "the kernel under test, by /proc/sys/kernel/cap_last_cap",
		honest:
			"the version: from 5.9 on its absence fails its cases, unless the user says that it is meant so (`--expect`); the kernel of the faults without it needs just that",
		lies: { cap_last_cap: "39" },
		comes: "fail",
	},
	proven(
		"ns_last_pid",
		"ns_last_pid",
		FILE,
		"CHECKPOINT_RESTORE",
		"PID_NS",
		"SYSCTL",
	),
	proven("mm_map", "mm_map_size", CALL, "CHECKPOINT_RESTORE"),
	proven("map_files", "map_files", FILE, "PROC_FS", "MMU"),
	proven(
		"next_id",
		"msg_next_id",
		FILE,
		"CHECKPOINT_RESTORE",
		"SYSVIPC_SYSCTL",
	),
	built("user_ns", "user_ns", FILE, "USER_NS"),
	built("pid_ns", "pid_ns", FILE, "PID_NS"),
	built("ipc_ns", "ipc_ns", FILE, "IPC_NS"),
	built("uts_ns", "uts_ns", FILE, "UTS_NS"),
	built("time_ns", "time_ns", FILE, "TIME_NS"),
	built("net_ns", "net_ns", FILE, "NET_NS"),
	built("fhandle", "fhandle", CALL, "FHANDLE"),
	built("userfaultfd", "userfaultfd", FILE, "USERFAULTFD"),
	built("sysvipc", "sysvipc", FILE, "SYSVIPC_SYSCTL"),
	built("unix", "unix", FILE, "UNIX"),
	built("kcmp", "kcmp", CALL, "KCMP"),
	built("process_vm", "process_vm_readv", CALL, "CROSS_MEMORY_ATTACH"),
	built("ptmx", "ptmx", FILE, "UNIX98_PTYS"),
	built("cgroup2", "cgroup2", FILE, "CGROUPS"),
	built("mqueue", "mqueue", FILE, "POSIX_MQUEUE_SYSCTL"),
	built("inet", "inet", FILE, "INET"),
	built("seccomp", "seccomp", CALL, "SECCOMP"),
	built("pagemap", "pagemap", FILE, "PROC_PAGE_MONITOR"),
	{
		...built("seccomp_filter", "seccomp", CALL, "SECCOMP"),
		config: ["SECCOMP", "SECCOMP_FILTER"],
	},
	call("clone3", "5.3"),
	call("openat2", "5.6"),
	call("faccessat2", "5.8"),
	call("pidfd_getfd", "5.6"),
	setting("attach", "kernel.yama.ptrace_scope", { yama_ptrace_scope: "3" }),
	{
		...setting("yama", "kernel.yama.ptrace_scope is there", {}),
		honest: BOUNDED,
	},
	setting("dumpable_lost", "fs.suid_dumpable", { suid_dumpable: "1" }),
	setting("writes_strict", "kernel.sysctl_writes_strict", {
		sysctl_writes_strict: "0",
	}),
	setting("memfd_exec", "vm.memfd_noexec", { memfd_noexec: "2" }),
	setting("unprivileged_userns", "user.max_user_namespaces", {
		max_user_namespaces: "0",
	}),
	{
		...limit("the switches that distributions add for user namespaces", {
			unprivileged_userns_clone: "0",
			apparmor_restrict_unprivileged_userns: "1",
		}),
		honest:
			"their defaults are the distribution's; the skip quotes the switch with its value, and `--max-skipped` bounds what it costs",
		comes: "skip",
	},
	limit("user.max_pid_namespaces and the like", {
		max_user_namespaces: "1",
		max_pid_namespaces: "0",
		max_ipc_namespaces: "0",
		max_mnt_namespaces: "0",
		max_net_namespaces: "0",
		max_uts_namespaces: "0",
	}),
	limit("kernel.msgmni, sem, shmmni, shmmax and shmall", {
		msgmni: "0",
		sem: "0\t0\t0\t0",
		shmmni: "0",
		shmmax: "0",
		shmall: "0",
	}),
	limit("kernel.pid_max", { pid_max: "301" }),
	leaned(
		"dev.tty.legacy_tiocsti",
		"the kernel under test, by the sysctl's file",
		"what it says is what must happen: cases try TIOCSTI with and without CAP_SYS_ADMIN, and fail where it does otherwise",
	),
	leaned(
		"the mode of msg_next_id",
		"the kernel under test, by stat",
		"it may show a newer generation of the check than the version has, never an older one; the cases then try that one",
	),
	leaned(
		"64 or 32 bits, and the machine",
		"the helper, of how it was built, and the kernel under test, by uname(2)",
		"the runner chose the helper by the image's architecture; expectations for 32 bits on 64 hang on both, and a machine that is not so answers otherwise",
	),
	leaned(
		"the helper is under a seccomp filter",
		"the kernel under test, by /proc/self/status",
		"believed on machines that others booted, and never of a guest's first process",
	),
	{
		fact: "`ipcmni_extend`",
		needs: ["ipcmni"],
		says: "the kernel's command line, which the runner wrote",
		honest: "it is in the report with all that was appended",
		lies: { cmdline: "quiet ipcmni_extend" },
		comes: "skip",
	},
	built("multiuser", "multiuser", CALL, "MULTIUSER"),
	unknown("memfd_secret", "memfd_secret", CALL),
	call("noexec_seal", "6.3"),
	unknown("hugetlb", "hugetlb", CALL),
	built(
		"overlay",
		"overlay",
		"the kernel under test, by /proc/filesystems",
		"OVERLAY_FS",
	),
	unknown(
		"serial_port",
		"serial_port",
		"the kernel under test, by sysfs; the runner gave the guest one",
	),
	{
		...unknown(
			"criu",
			"criu",
			"the guest, by the program's being there: the runner put it in",
		),
		fact: "the guest carries CRIU",
	},
	{
		fact: "Landlock is active",
		needs: ["landlock"],
		says: CALL,
		honest: `the list of modules, where the configuration has it; ${BOUNDED}`,
		lies: { landlock: "0" },
		comes: "skip",
	},
	{
		fact: "the BPF module is active",
		needs: ["bpf_lsm"],
		says: "the kernel under test, by /sys/kernel/security/lsm, and by a file's being there",
		honest: BOUNDED,
		lies: { lsm: "lockdown,capability", btf: "0" },
		comes: "skip",
	},
	{
		...unknown(
			"program",
			"program",
			"the guest, by the program's being there: the runner put it in",
		),
		fact: "the guest carries a program for CRIU",
	},
	module("apparmor"),
	module("selinux"),
	module("tomoyo"),
	{
		fact: "the helper may become any subject",
		needs: ["root"],
		says: "the helper, of itself: its uid and its effective capabilities",
		honest:
			"as PID 1 of a guest it always may; each subject is read back before its case is tried, and one that is not as it should be is an error",
		lies: { caps: "0" },
		comes: "skip",
	},
];
