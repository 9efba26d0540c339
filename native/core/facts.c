// SPDX-License-Identifier: MIT
/* What the kernel says of itself, apart from any case. What it tells to be missing, the runner holds against its configuration. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/* Files whose first line is the fact. One that is not there is not told. */
static const struct {
	const char *name, *path;
} lines[] = {
	{ "proc_version", "/proc/version" },
	{ "cmdline", "/proc/cmdline" },
	{ "pid_max", "/proc/sys/kernel/pid_max" },
	{ "max_user_namespaces", "/proc/sys/user/max_user_namespaces" },
	{ "max_pid_namespaces", "/proc/sys/user/max_pid_namespaces" },
	{ "max_ipc_namespaces", "/proc/sys/user/max_ipc_namespaces" },
	{ "max_mnt_namespaces", "/proc/sys/user/max_mnt_namespaces" },
	{ "max_net_namespaces", "/proc/sys/user/max_net_namespaces" },
	{ "max_time_namespaces", "/proc/sys/user/max_time_namespaces" },
	{ "max_uts_namespaces", "/proc/sys/user/max_uts_namespaces" },
	{ "msgmni", "/proc/sys/kernel/msgmni" },
	{ "sem", "/proc/sys/kernel/sem" },
	{ "shmmni", "/proc/sys/kernel/shmmni" },
	{ "shmmax", "/proc/sys/kernel/shmmax" },
	{ "shmall", "/proc/sys/kernel/shmall" },
	{ "unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone" },
	{ "apparmor_restrict_unprivileged_userns",
	  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns" },
	{ "yama_ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope" },
	{ "sysctl_writes_strict", "/proc/sys/kernel/sysctl_writes_strict" },
	{ "legacy_tiocsti", "/proc/sys/dev/tty/legacy_tiocsti" },
	{ "lsm", "/sys/kernel/security/lsm" },
	{ "lsm_label", "/proc/self/attr/current" },
	/* of a policy: the first of AppArmor's profiles, and whether SELinux enforces (without a policy it does not) */
	{ "apparmor_profile", "/sys/kernel/security/apparmor/profiles" },
	{ "apparmor_caps", "/sys/kernel/security/apparmor/features/caps/mask" },
	{ "selinux_enforce", "/sys/fs/selinux/enforce" },
	{ "selinux_policyvers", "/sys/fs/selinux/policyvers" },
	{ "tomoyo_version", "/sys/kernel/security/tomoyo/version" },
	{ "lockdown", "/sys/kernel/security/lockdown" },
	{ "tainted", "/proc/sys/kernel/tainted" },
	{ "mmap_min_addr", "/proc/sys/vm/mmap_min_addr" },
	{ "nr_hugepages", "/proc/sys/vm/nr_hugepages" },
	{ "memfd_noexec", "/proc/sys/vm/memfd_noexec" },
	{ "suid_dumpable", "/proc/sys/fs/suid_dumpable" },
	/* the version of what a guest carries for the suite criu */
	{ "criu", "/crcap/criu" },
	{ "program", "/crcap/program" },
	{ "version_signature", "/proc/version_signature" },
	/* the driver's number of the chip, 0 where there is none */
	{ "serial_port", "/sys/class/tty/ttyS0/type" },
};

/* Files whose being there is the fact: their mode in octal, or 0. */
static const struct {
	const char *name, *path;
} files[] = {
	{ "ns_last_pid", "/proc/sys/kernel/ns_last_pid" },
	{ "map_files", "/proc/self/map_files" },
	{ "user_ns", "/proc/self/ns/user" },
	{ "pid_ns", "/proc/self/ns/pid" },
	{ "ipc_ns", "/proc/self/ns/ipc" },
	{ "userfaultfd", "/proc/sys/vm/unprivileged_userfaultfd" },
	{ "time_ns", "/proc/self/ns/time" },
	{ "net_ns", "/proc/self/ns/net" },
	{ "uts_ns", "/proc/self/ns/uts" },
	{ "unix", "/proc/net/unix" },
	{ "sysvipc", "/proc/sys/kernel/msgmnb" },
	{ "mqueue", "/proc/sys/fs/mqueue/queues_max" },
	{ "msg_next_id", "/proc/sys/kernel/msg_next_id" },
	{ "sem_next_id", "/proc/sys/kernel/sem_next_id" },
	{ "shm_next_id", "/proc/sys/kernel/shm_next_id" },
	{ "ptmx", "/dev/ptmx" },
	{ "pagemap", "/proc/self/pagemap" },
	{ "hugepages", "/sys/kernel/mm/hugepages" },
	{ "btf", "/sys/kernel/btf/vmlinux" },
	/* what a guest carries for the suite lsm */
	{ "policy_apparmor", "/crcap/policy/apparmor" },
	{ "policy_selinux", "/crcap/policy/selinux" },
	{ "policy_tomoyo", "/crcap/policy/tomoyo" },
};

static void put(struct cr_text *t, const char *name, const char *value, size_t len)
{
	cr_puts(t, "fact ");
	cr_puts(t, name);
	cr_puts(t, "=");
	cr_put_escaped(t, value, len);
	cr_puts(t, "\n");
}

static void put_num(struct cr_text *t, const char *name, long long v)
{
	char buf[24];
	struct cr_text n;

	cr_text_init(&n, buf, sizeof(buf));
	cr_putd(&n, v);
	put(t, name, buf, n.len);
}

/* Is the system call there? Called so that it can't succeed. */
static bool has_call(long nr)
{
	return syscall(nr, -1L, NULL, -1L, -1L, -1L) >= 0 || errno != ENOSYS;
}

static bool has_filesystem(const char *name)
{
	char buf[4096], word[64];
	struct cr_text t;

	cr_text_init(&t, word, sizeof(word));
	cr_puts(&t, "\t");
	cr_puts(&t, name);
	cr_puts(&t, "\n");
	return cr_slurp("/proc/filesystems", buf, sizeof(buf)) > 0 && strstr(buf, word);
}

static bool has_socket(void)
{
	return access("/proc/sys/net/ipv4", F_OK) == 0;
}

/* What the kernel is, and not what it says to a program that setarch(8) started: i686, of one for x86_64. Returns 0 or -errno. */
static int own_uname(struct utsname *u)
{
	int before = personality(0xffffffff);
	int err;

	if (before >= 0)
		personality((before & ~PER_MASK) | PER_LINUX);
	err = uname(u) ? -errno : 0;
	if (before >= 0)
		personality(before);
	return err;
}

int cr_facts(char *out, size_t outlen)
{
	struct utsname u;
	struct cr_text t;
	char buf[1024];
	struct stat st;
	uint64_t eff = 0, prm, inh;
	unsigned int size = 0;
	int mode, err;
	ssize_t n;
	size_t i;
	long fd;

	cr_text_init(&t, out, outlen);
	err = own_uname(&u);
	if (err)
		return err;
	put(&t, "release", u.release, strlen(u.release));
	put(&t, "version", u.version, strlen(u.version));
	put(&t, "machine", u.machine, strlen(u.machine));
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		n = cr_slurp(lines[i].path, buf, sizeof(buf));
		if (n >= 0)
			put(&t, lines[i].name, buf, strcspn(buf, "\n"));
	}
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char octal[8] = "0";

		if (!stat(files[i].path, &st))
			for (int b = 3, m = st.st_mode & 07777; b >= 0; b--, m >>= 3)
				octal[b] = '0' + (m & 7);
		put(&t, files[i].name, octal, strlen(octal));
	}
	put_num(&t, "cap_last_cap", cr_cap_last());
	put_num(&t, "word_bits", 8 * sizeof(long));
	put_num(&t, "page_size", sysconf(_SC_PAGESIZE));
	put_num(&t, "uid", geteuid());
	cr_cap_get(&eff, &prm, &inh);
	cr_puts(&t, "fact caps=");
	cr_putx(&t, eff, 16);
	cr_puts(&t, "\n");
	/* -1 changes no id: only the call's being there shows. */
	put_num(&t, "multiuser", !syscall(SYS_setresuid, -1, -1, -1));
	put_num(&t, "mm_map_size", prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0, 0) ? 0 : size);
	put_num(&t, "clone3", has_call(SYS_clone3));
	put_num(&t, "openat2", has_call(SYS_openat2));
	put_num(&t, "faccessat2", has_call(SYS_faccessat2));
	put_num(&t, "fhandle", has_call(SYS_name_to_handle_at));
	put_num(&t, "kcmp", has_call(SYS_kcmp));
	put_num(&t, "process_vm_readv", has_call(SYS_process_vm_readv));
	put_num(&t, "pidfd_getfd", has_call(SYS_pidfd_getfd));
	put_num(&t, "overlay", has_filesystem("overlay"));
	put_num(&t, "cgroup2", has_filesystem("cgroup2"));
	put_num(&t, "inet", has_socket());
	mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	put_num(&t, "seccomp", mode >= 0);
	/* Our own mode: a container's filter may hide system calls. */
	put_num(&t, "seccomp_filtered", mode > 0);
	fd = syscall(SYS_memfd_create, "fact", 4U /* MFD_HUGETLB */);
	put_num(&t, "hugetlb", fd >= 0);
	if (fd >= 0)
		close(fd);
	fd = syscall(SYS_memfd_create, "fact", 8U /* MFD_NOEXEC_SEAL */);
	put_num(&t, "noexec_seal", fd >= 0);
	if (fd >= 0)
		close(fd);
	fd = syscall(SYS_landlock_create_ruleset, NULL, 0L,
		     1L /* LANDLOCK_CREATE_RULESET_VERSION */);
	put_num(&t, "landlock", fd > 0 ? fd : 0);
	fd = syscall(SYS_memfd_secret, 0);
	put_num(&t, "memfd_secret", fd >= 0);
	if (fd >= 0)
		close(fd);
	return t.cut ? -E2BIG : (int)t.len;
}
