// SPDX-License-Identifier: MIT
/* Every sentence of the doctor's: boundaries, causes, remedies by what started the process, and what CRIU does there. */
#include <string.h>

#include "doctor.h"

const char *const boundary_names[BOUNDARIES] = {
	[NS_LAST_PID] = "ns_last_pid", [SET_TID] = "set_tid",	      [MAP_FILES] = "map_files",
	[EXE_FD] = "exe_fd",	       [IPC_NEXT_ID] = "ipc_next_id", [TTY_LOCK] = "tty_lock",
	[PTRACE] = "ptrace",
};

const char *const boundary_texts[BOUNDARIES] = {
	[NS_LAST_PID] = "writing /proc/sys/kernel/ns_last_pid",
	[SET_TID] = "clone3() with set_tid",
	[MAP_FILES] = "following the links in /proc/PID/map_files",
	[EXE_FD] = "changing /proc/self/exe with prctl(PR_SET_MM_MAP)",
	[IPC_NEXT_ID] = "writing /proc/sys/kernel/{sem,msg,shm}_next_id",
	[TTY_LOCK] = "ioctl(TIOCSLCKTRMIOS)",
	[PTRACE] = "tracing a process, which takes another capability",
};

const char *const boundary_criu[BOUNDARIES] = {
	[NS_LAST_PID] = "criu restore writes it only where there is no clone3() with set_tid",
	/* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): a sentence in two lines */
	[SET_TID] = "criu restore gives every process its old pid this way, or by ns_last_pid "
		    "where there "
		    "is no clone3()",
	[MAP_FILES] = "criu dump fails for a process that maps a deleted file",
	[EXE_FD] = "criu restore gives every process its /proc/PID/exe this way, and fails",
	[IPC_NEXT_ID] = "criu restore needs it for System V IPC",
	[TTY_LOCK] = "criu restore needs it for terminals",
	[PTRACE] = "criu dump traces every process that it dumps, and fails",
};

const char *const cause_names[CAUSES] = {
	[CAUSE_NO_PROC] = "no-proc",
	[CAUSE_MASKED] = "masked",
	[CAUSE_READ_ONLY] = "read-only",
	[CAUSE_SECCOMP] = "seccomp",
	[CAUSE_KERNEL_TOO_OLD] = "kernel-too-old",
	[CAUSE_KERNEL_CONFIG] = "kernel-config",
	[CAUSE_USER_NAMESPACE] = "user-namespace",
	[CAUSE_BOUNDING_SET] = "bounding-set",
	[CAUSE_NO_NEW_PRIVS] = "no-new-privs",
	[CAUSE_NOT_PERMITTED] = "not-permitted",
	[CAUSE_NOT_EFFECTIVE] = "not-effective",
	[CAUSE_SECURITY_MODULE] = "security-module",
	[CAUSE_YAMA] = "yama",
	[CAUSE_NO_TERMINAL] = "no-terminal",
	[CAUSE_HIDDEN] = "hidden-process",
	[CAUSE_KERNEL_THREAD] = "kernel-thread",
	[CAUSE_OTHER_USER] = "other-user",
	[CAUSE_NOT_DUMPABLE] = "not-dumpable",
	[CAUSE_MORE_CAPABLE] = "more-capable",
	[CAUSE_TRACED] = "traced",
	[CAUSE_UNKNOWN] = "unknown",
};

/* %: what the setting or the target has to say */
static const char *const cause_texts[CAUSES] = {
	[CAUSE_NO_PROC] = "/proc is not procfs here",
	[CAUSE_MASKED] = "something else is mounted over the file, as container engines do it",
	[CAUSE_READ_ONLY] = "/proc/sys is mounted read-only, as container engines do it",
	[CAUSE_SECCOMP] = "a seccomp filter refuses the system call",
	[CAUSE_KERNEL_TOO_OLD] = "Linux % is too old for it",
	[CAUSE_KERNEL_CONFIG] = "the kernel was built without what it needs "
				"(CONFIG_CHECKPOINT_RESTORE; for ns_last_pid CONFIG_PID_NS, for "
				"*_next_id CONFIG_SYSVIPC)",
	[CAUSE_USER_NAMESPACE] =
		"the capability counts in another user namespace only, one further "
		"out than this process's",
	[CAUSE_BOUNDING_SET] = "CAP_CHECKPOINT_RESTORE is not in the bounding set: nothing that is "
			       "started from here can get it",
	[CAUSE_NO_NEW_PRIVS] = "no_new_privs is set: a program gets no capability from its file",
	[CAUSE_NOT_PERMITTED] = "CAP_CHECKPOINT_RESTORE is not permitted",
	[CAUSE_NOT_EFFECTIVE] = "CAP_CHECKPOINT_RESTORE is permitted, but not effective",
	[CAUSE_SECURITY_MODULE] = "the capability is there, and what is left to refuse it is the "
				  "policy of the security module (label %)",
	[CAUSE_YAMA] = "kernel.yama.ptrace_scope is %: only a process's parents may trace it, or "
		       "who has CAP_SYS_PTRACE; with 3 nobody",
	[CAUSE_NO_TERMINAL] = "there is no pseudo-terminal to try it on: /dev/ptmx is missing",
	[CAUSE_HIDDEN] = "/proc hides the process (hidepid)",
	[CAUSE_KERNEL_THREAD] = "it is a kernel's thread, or it has ended: it has no memory",
	[CAUSE_OTHER_USER] = "the process belongs to user %",
	[CAUSE_NOT_DUMPABLE] =
		"the process can't be dumped (PR_SET_DUMPABLE 0), as after executing a "
		"file with capabilities",
	[CAUSE_MORE_CAPABLE] = "the process has capabilities that this one lacks, or has them in a "
			       "user namespace of its own",
	[CAUSE_TRACED] = "process % traces it already",
	[CAUSE_UNKNOWN] = "nothing that shows explains it (Landlock and BPF programs don't show)",
};

const char *const engine_names[ENGINES] = {
	[ENGINE_NONE] = "none",	    [ENGINE_DOCKER] = "docker",
	[ENGINE_PODMAN] = "podman", [ENGINE_KUBERNETES] = "kubernetes",
	[ENGINE_OCI] = "oci",	    [ENGINE_SLURM] = "slurm",
};

/* Options of the engine's run command; fields of a container's securityContext; changes to its config.json. */
static const char *const options[CAUSES][ENGINES] = {
	[CAUSE_BOUNDING_SET] = { [ENGINE_OCI] =
					 "add CAP_CHECKPOINT_RESTORE to process.capabilities",
				 [ENGINE_DOCKER] = "--cap-add CHECKPOINT_RESTORE",
				 [ENGINE_PODMAN] = "--cap-add CHECKPOINT_RESTORE",
				 [ENGINE_KUBERNETES] =
					 "capabilities: {add: [CHECKPOINT_RESTORE]}" },
	[CAUSE_NO_NEW_PRIVS] = { [ENGINE_OCI] = "process.noNewPrivileges: false",
				 [ENGINE_DOCKER] = "--security-opt no-new-privileges=false",
				 [ENGINE_KUBERNETES] = "allowPrivilegeEscalation: true" },
	[CAUSE_SECCOMP] = { [ENGINE_OCI] = "allow the call in linux.seccomp",
			    [ENGINE_DOCKER] = "--security-opt seccomp=unconfined",
			    [ENGINE_PODMAN] = "--security-opt seccomp=unconfined",
			    [ENGINE_KUBERNETES] = "seccompProfile: {type: Unconfined}" },
	[CAUSE_READ_ONLY] = { [ENGINE_OCI] = "take /proc/sys out of linux.readonlyPaths",
			      [ENGINE_DOCKER] = "--security-opt systempaths=unconfined",
			      [ENGINE_PODMAN] = "--security-opt unmask=ALL",
			      [ENGINE_KUBERNETES] = "procMount: Unmasked" },
	[CAUSE_MASKED] = { [ENGINE_OCI] = "take it out of linux.maskedPaths and mounts",
			   [ENGINE_DOCKER] = "--security-opt systempaths=unconfined",
			   [ENGINE_PODMAN] = "--security-opt unmask=ALL",
			   [ENGINE_KUBERNETES] = "procMount: Unmasked" },
	[CAUSE_SECURITY_MODULE] = { [ENGINE_OCI] = "process.apparmorProfile: unconfined",
				    [ENGINE_DOCKER] = "--security-opt apparmor=unconfined "
						      "--security-opt label=disable",
				    [ENGINE_PODMAN] = "--security-opt apparmor=unconfined "
						      "--security-opt label=disable",
				    [ENGINE_KUBERNETES] = "appArmorProfile: {type: Unconfined}, "
							  "seLinuxOptions: {type: spc_t}" },
	[CAUSE_YAMA] = { [ENGINE_OCI] = "add CAP_SYS_PTRACE to process.capabilities",
			 [ENGINE_DOCKER] = "--cap-add SYS_PTRACE",
			 [ENGINE_PODMAN] = "--cap-add SYS_PTRACE",
			 [ENGINE_KUBERNETES] = "capabilities: {add: [SYS_PTRACE]}" },
	[CAUSE_KERNEL_TOO_OLD] = { [ENGINE_OCI] = "add CAP_SYS_ADMIN to process.capabilities",
				   [ENGINE_DOCKER] = "--cap-add SYS_ADMIN",
				   [ENGINE_PODMAN] = "--cap-add SYS_ADMIN",
				   [ENGINE_KUBERNETES] = "capabilities: {add: [SYS_ADMIN]}" },
	[CAUSE_USER_NAMESPACE] = { [ENGINE_OCI] = "take user out of linux.namespaces",
				   [ENGINE_DOCKER] = "--userns=host" },
};

static const char *const starts[ENGINES] = {
	[ENGINE_DOCKER] = "docker run ",
	[ENGINE_PODMAN] = "podman run ",
	[ENGINE_KUBERNETES] = "securityContext: {",
	[ENGINE_OCI] = "in the container's config.json: ",
};

static const char *const between[ENGINES] = {
	[ENGINE_DOCKER] = " ",
	[ENGINE_PODMAN] = " ",
	[ENGINE_KUBERNETES] = ", ",
	[ENGINE_OCI] = ", ",
};

static const char *const ends[ENGINES] = {
	[ENGINE_DOCKER] = " ...",
	[ENGINE_PODMAN] = " ...",
	[ENGINE_KUBERNETES] = "}",
	[ENGINE_OCI] = "",
};

/* Where no option of an engine's does it. */
static const char *const sentences[CAUSES] = {
	[CAUSE_NO_PROC] = "mount -t proc proc /proc",
	[CAUSE_MASKED] = "start it without that mount (systemd: ProtectKernelTunables=no)",
	[CAUSE_READ_ONLY] = "as root: mount -o remount,bind,rw /proc/sys (systemd: "
			    "ProtectKernelTunables=no)",
	[CAUSE_SECCOMP] = "start it without the filter (systemd: SystemCallFilter=)",
	[CAUSE_KERNEL_TOO_OLD] = "use Linux 5.9 or later, or as root with CAP_SYS_ADMIN",
	[CAUSE_KERNEL_CONFIG] = "use a kernel with CONFIG_CHECKPOINT_RESTORE=y, CONFIG_PID_NS=y "
				"and CONFIG_SYSVIPC=y",
	[CAUSE_BOUNDING_SET] = "sudo systemd-run --pipe --uid=\"$USER\" -p "
			       "AmbientCapabilities=CAP_CHECKPOINT_RESTORE criu ...",
	[CAUSE_NO_NEW_PRIVS] =
		"start it without no_new_privs (systemd: NoNewPrivileges=no), or with "
		"AmbientCapabilities=CAP_CHECKPOINT_RESTORE",
	[CAUSE_NOT_PERMITTED] = "as root: setcap cap_checkpoint_restore+eip \"$(command -v criu)\"",
	[CAUSE_NOT_EFFECTIVE] =
		"as root: setcap cap_checkpoint_restore+eip \"$(command -v criu)\", with the e",
	[CAUSE_SECURITY_MODULE] =
		"allow it in the policy (AppArmor: capability checkpoint_restore, "
		"in the profile; SELinux: audit2allow)",
	[CAUSE_YAMA] = "as root: sysctl kernel.yama.ptrace_scope=0, or give CAP_SYS_PTRACE as well",
	[CAUSE_NO_TERMINAL] = "mount -t devpts devpts /dev/pts -o ptmxmode=666, and link /dev/ptmx "
			      "to pts/ptmx",
	[CAUSE_HIDDEN] = "as root: mount -o remount,hidepid=0 /proc",
	[CAUSE_KERNEL_THREAD] = "name another process",
	[CAUSE_NOT_DUMPABLE] =
		"give CAP_SYS_PTRACE as well, or start that program without capabilities",
	[CAUSE_MORE_CAPABLE] =
		"as root: setcap cap_checkpoint_restore,cap_sys_ptrace+eip \"$(command "
		"-v criu)\"",
	[CAUSE_TRACED] = "end its tracer first",
	[CAUSE_UNKNOWN] = "ask the kernel itself: crcap run --local",
};

static void put_detail(struct cr_text *t, enum cause cause, const struct setting *s,
		       const struct target *target)
{
	switch (cause) {
	case CAUSE_KERNEL_TOO_OLD:
		cr_puts(t, s->release);
		break;
	case CAUSE_SECURITY_MODULE:
		cr_puts(t, s->label);
		break;
	case CAUSE_YAMA:
		cr_putd(t, s->yama);
		break;
	case CAUSE_OTHER_USER:
		cr_putu(t, target->uid);
		break;
	case CAUSE_TRACED:
		cr_putd(t, target->tracer);
		break;
	default:
		break;
	}
}

void doctor_cause(struct cr_text *t, enum cause cause, const struct setting *s,
		  const struct target *target)
{
	const char *text = cause_texts[cause], *at = strchr(text, '%');

	if (!at) {
		cr_puts(t, text);
		return;
	}
	cr_putn(t, text, at - text);
	put_detail(t, cause, s, target);
	cr_puts(t, at + 1);
}

/* In a user namespace of its own a process can make the namespace that its capabilities count in, where there is one. */
static const char *nearer_namespace(enum boundary which)
{
	switch (which) {
	case NS_LAST_PID:
	case SET_TID:
		return "a pid namespace of its own will do: unshare --pid --fork --mount-proc";
	case IPC_NEXT_ID:
		return "an IPC namespace of its own will do: unshare --ipc";
	default:
		return "run it outside of the user namespace: as root, not rootless; nothing in "
		       "here will do";
	}
}

static void put_sentence(struct cr_text *t, enum cause cause, enum boundary which,
			 const struct setting *s, const struct target *target)
{
	if (cause == CAUSE_USER_NAMESPACE) {
		cr_puts(t, nearer_namespace(which));
	} else if (cause == CAUSE_OTHER_USER) {
		cr_puts(t, "run it as that user: sudo -u '#");
		cr_putu(t, target->uid);
		cr_puts(t, "' criu ...");
	} else if (cause == CAUSE_NOT_PERMITTED && s->engine == ENGINE_SLURM) {
		cr_puts(t, "in Slurm's Prolog: setcap cap_checkpoint_restore+eip /usr/sbin/criu");
	} else if (cause == CAUSE_BOUNDING_SET && s->engine == ENGINE_SLURM) {
		cr_puts(t, "take CapabilityBoundingSet= out of slurmd.service");
	} else {
		cr_puts(t, sentences[cause]);
	}
}

void doctor_remedy(struct cr_text *t, unsigned int causes, enum boundary which,
		   const struct setting *s, const struct target *target)
{
	const char *option, *last = NULL;
	unsigned int said = 0;
	int c, n = 0;

	/* The engine puts the capability into the bounding set; who is not root gets it from a file. */
	if (s->uid && causes & (1U << CAUSE_BOUNDING_SET | 1U << CAUSE_NO_NEW_PRIVS) &&
	    starts[s->engine])
		causes |= 1U << CAUSE_NOT_PERMITTED;
	for (c = 0; c < CAUSES; c++) {
		option = options[c][s->engine];
		if (!(causes >> c & 1) || !option)
			continue;
		said |= 1U << c;
		if (last && !strcmp(last, option))
			continue;
		cr_puts(t, n++ ? between[s->engine] : starts[s->engine]);
		cr_puts(t, option);
		last = option;
	}
	if (n)
		cr_puts(t, ends[s->engine]);
	for (c = 0; c < CAUSES; c++) {
		if (!((causes & ~said) >> c & 1))
			continue;
		if (n++)
			cr_puts(t, "; ");
		put_sentence(t, c, which, s, target);
	}
}

const char *doctor_criu(const struct setting *s)
{
	if (!(s->eff & (CHECKPOINT_RESTORE | SYS_ADMIN)))
		return "CRIU would not start: it wants CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN in "
		       "its own "
		       "CapEff, and asks the kernel nothing before that. Capabilities of its file "
		       "count as "
		       "its own.";
	if (!s->initial_userns)
		return "CRIU would start: it looks at its own CapEff only, not at the user "
		       "namespace. What is "
		       "blocked here it meets in the middle of its work.";
	if (s->uid || !(s->eff & SYS_ADMIN))
		return "CRIU would start, with --unprivileged.";
	return "CRIU would start.";
}
