// SPDX-License-Identifier: MIT
/* What is known of this process: its capabilities, its namespaces, what confines it, what started it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "doctor.h"

/* linux/magic.h, linux/nsfs.h and the inodes that initial namespaces have on every kernel (linux/proc_ns.h) */
#define PROC_MAGIC	   0x9fa0
#define GET_USERNS	   0xb701
#define INITIAL_USERNS_INO 0xEFFFFFFDUL
#define INITIAL_PIDNS_INO  0xEFFFFFFCUL
#define LABEL_MIN	   2

enum file_state doctor_file_state(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs))
		return FILE_ABSENT;
	if ((unsigned long)fs.f_type != PROC_MAGIC)
		return FILE_MASKED;
	return fs.f_flags & ST_RDONLY ? FILE_READ_ONLY : FILE_WRITABLE;
}

/* Does the user namespace that owns this namespace give this process's capabilities a say in it? */
static enum owner owner_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), owner;

	if (fd < 0)
		return errno == ENOENT ? OWNER_SELF : OWNER_UNKNOWN;
	owner = ioctl(fd, GET_USERNS);
	close(fd);
	if (owner < 0)
		return errno == EPERM ? OWNER_ANCESTOR : OWNER_UNKNOWN;
	/* What the kernel hands out is this process's own or one below it. */
	close(owner);
	return OWNER_SELF;
}

static bool in_initial_userns(void)
{
	struct stat st;

	/* A kernel without user namespaces has only that one. */
	return stat("/proc/self/ns/user", &st) || st.st_ino == INITIAL_USERNS_INO;
}

static uint64_t status_set(const char *status, const char *line)
{
	const char *p = strstr(status, line);

	return p ? cr_hex_set(p + strlen(line)) : 0;
}

static void read_status(struct setting *s)
{
	char status[4096];
	const char *p;

	if (cr_slurp("/proc/self/status", status, sizeof(status)) <= 0)
		status[0] = '\0';
	/* Not by capget(2), of whose answer AppArmor takes what its profile does not allow. */
	s->eff = status_set(status, "\nCapEff:\t");
	s->prm = status_set(status, "\nCapPrm:\t");
	s->inh = status_set(status, "\nCapInh:\t");
	s->bnd = status_set(status, "\nCapBnd:\t");
	s->amb = status_set(status, "\nCapAmb:\t");
	p = strstr(status, "\nSeccomp:\t");
	s->seccomp = p ? p[10] - '0' : prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	s->nnp = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) > 0;
}

/* AppArmor says how it confines; SELinux's label has fields, and enforcing is the system's. */
static void read_label(struct setting *s)
{
	char enforce[8];
	ssize_t n = cr_slurp("/proc/self/attr/current", s->label, sizeof(s->label));

	if (n < LABEL_MIN) {
		s->label[0] = '\0';
		return;
	}
	s->label[strcspn(s->label, "\n")] = '\0';
	if (strchr(s->label, ':') && !strchr(s->label, '('))
		/* Where selinuxfs is not to be seen, as in a container, it may well enforce. */
		s->enforced = cr_slurp("/sys/fs/selinux/enforce", enforce, sizeof(enforce)) <= 0 ||
			      *enforce == '1';
	else
		s->enforced = strcmp(s->label, "unconfined") && !strstr(s->label, "(complain)");
}

/* A pid namespace that is not the initial one, and a /proc from which something was taken. */
static bool in_container(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino != INITIAL_PIDNS_INO &&
	       (doctor_file_state("/proc/sys/kernel") != FILE_WRITABLE ||
		doctor_file_state("/proc/kcore") == FILE_MASKED);
}

/* The outermost name counts: Kubernetes starts its containers with an engine that leaves its own traces. */
static enum engine find_engine(bool *rootless)
{
	char text[2048];

	*rootless = cr_slurp("/run/.containerenv", text, sizeof(text)) > 0 &&
		    strstr(text, "rootless=1");
	if (getenv("KUBERNETES_SERVICE_HOST") ||
	    !access("/var/run/secrets/kubernetes.io/serviceaccount", F_OK))
		return ENGINE_KUBERNETES;
	if (!access("/run/.containerenv", F_OK))
		return ENGINE_PODMAN;
	if (!access("/.dockerenv", F_OK))
		return ENGINE_DOCKER;
	if (in_container())
		return ENGINE_OCI;
	return getenv("SLURM_JOB_ID") ? ENGINE_SLURM : ENGINE_NONE;
}

/* Was the kernel built with CONFIG_CHECKPOINT_RESTORE? Any trace of it will do: each may be hidden by itself. */
static bool has_config(void)
{
	unsigned int size = 0;

	return !access("/proc/sys/kernel/ns_last_pid", F_OK) ||
	       !access("/proc/sys/kernel/msg_next_id", F_OK) ||
	       !prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0UL, 0UL);
}

static void copy(char *to, size_t size, const char *from)
{
	struct cr_text t;

	cr_text_init(&t, to, size);
	cr_puts(&t, from);
}

void doctor_setting(struct setting *s)
{
	struct utsname u;
	char digit[8];

	memset(s, 0, sizeof(*s));
	uname(&u);
	copy(s->release, sizeof(s->release), u.release);
	copy(s->machine, sizeof(s->machine), u.machine);
	s->uid = geteuid();
	read_status(s);
	read_label(s);
	s->yama = cr_slurp("/proc/sys/kernel/yama/ptrace_scope", digit, sizeof(digit)) > 0
			  ? *digit - '0'
			  : -1;
	s->proc = doctor_file_state("/proc/self/status") != FILE_ABSENT &&
		  doctor_file_state("/proc/self/status") != FILE_MASKED;
	s->initial_userns = in_initial_userns();
	s->pid_owner = owner_of("/proc/self/ns/pid");
	s->children_owner = owner_of("/proc/self/ns/pid_for_children");
	s->ipc_owner = owner_of("/proc/self/ns/ipc");
	s->config = has_config();
	s->engine = find_engine(&s->rootless);
}
