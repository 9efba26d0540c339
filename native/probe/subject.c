// SPDX-License-Identifier: MIT
/* Who tries: user, capability sets, flags; and what the kernel says of it when read back. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT	     47
#define PR_CAP_AMBIENT_RAISE 2
#endif

static const char *const cap_names[] = {
	"chown",
	"dac_override",
	"dac_read_search",
	"fowner",
	"fsetid",
	"kill",
	"setgid",
	"setuid",
	"setpcap",
	"linux_immutable",
	"net_bind_service",
	"net_broadcast",
	"net_admin",
	"net_raw",
	"ipc_lock",
	"ipc_owner",
	"sys_module",
	"sys_rawio",
	"sys_chroot",
	"sys_ptrace",
	"sys_pacct",
	"sys_admin",
	"sys_boot",
	"sys_nice",
	"sys_resource",
	"sys_time",
	"sys_tty_config",
	"mknod",
	"lease",
	"audit_write",
	"audit_control",
	"setfcap",
	"mac_override",
	"mac_admin",
	"syslog",
	"wake_alarm",
	"block_suspend",
	"audit_read",
	"perfmon",
	"bpf",
	"checkpoint_restore",
};

/* The highest capability that this kernel knows; counted once. */
int cr_cap_last(void)
{
	static int last;

	if (!last) {
		last = 63;
		while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
			last--;
	}
	return last;
}

/*
 * A set: "all", "none", names and numbers, joined by + and -: all-sys_admin-checkpoint_restore.
 * Sets beyond what the kernel knows are as the caller asks: it is the kernel's to refuse them.
 */
bool cr_parse_caps(const char *expr, uint64_t *set)
{
	bool add = true;
	char word[32];
	long long nr;
	size_t len;

	*set = 0;
	for (;;) {
		uint64_t term = 0;
		size_t i;

		len = strcspn(expr, "+-");
		if (!len || len >= sizeof(word))
			return false;
		memcpy(word, expr, len);
		word[len] = '\0';
		if (!strcmp(word, "all")) {
			term = (2ULL << cr_cap_last()) - 1;
		} else if (!strcmp(word, "none")) {
			term = 0;
		} else if (cr_parse_long(word, &nr)) {
			if (nr < 0 || nr > 63)
				return false;
			term = 1ULL << nr;
		} else {
			for (i = 0; i < sizeof(cap_names) / sizeof(cap_names[0]); i++)
				if (!strcmp(word, cap_names[i]))
					term = 1ULL << i;
			if (!term)
				return false;
		}
		*set = add ? *set | term : *set & ~term;
		expr += len;
		if (!*expr)
			return true;
		add = *expr++ == '+';
	}
}

/* A set in the hex digits of /proc/self/status. */
static uint64_t hex_set(const char *p)
{
	uint64_t set = 0;

	for (; (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'); p++)
		set = set << 4 | (*p <= '9' ? *p - '0' : *p - 'a' + 10);
	return set;
}

static uint64_t status_set(const char *status, const char *line)
{
	const char *p = strstr(status, line);

	return p ? hex_set(p + strlen(line)) : 0;
}

/* Without CONFIG_MULTIUSER there is no capget(): everyone has all capabilities, and the status file says so. */
int cr_cap_get(uint64_t *eff, uint64_t *prm, uint64_t *inh)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];
	char status[4096];

	if (!syscall(SYS_capget, &hdr, d)) {
		*eff = d[0].effective | (uint64_t)d[1].effective << 32;
		*prm = d[0].permitted | (uint64_t)d[1].permitted << 32;
		*inh = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
		return 0;
	}
	if (errno != ENOSYS || cr_slurp("/proc/self/status", status, sizeof(status)) <= 0)
		return -errno;
	*eff = status_set(status, "\nCapEff:\t");
	*prm = status_set(status, "\nCapPrm:\t");
	*inh = status_set(status, "\nCapInh:\t");
	return 0;
}

/* Where there is no capset(), the sets that a process has are the only ones that it can be given. */
int cr_cap_set(uint64_t eff, uint64_t prm, uint64_t inh)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {
		{ .effective = eff, .permitted = prm, .inheritable = inh },
		{ .effective = eff >> 32, .permitted = prm >> 32, .inheritable = inh >> 32 },
	};
	uint64_t e, p, i;

	if (!syscall(SYS_capset, &hdr, d))
		return 0;
	if (errno == ENOSYS && !cr_cap_get(&e, &p, &i) && e == eff && p == prm && i == inh)
		return 0;
	return -errno;
}

static int step_caps(struct cr_ctx *c, char *arg)
{
	uint64_t set;

	(void)c;
	return cr_parse_caps(arg, &set) ? cr_cap_set(set, set, 0) : -EINVAL;
}

static int change_caps(const char *arg, char which)
{
	uint64_t set, eff, prm, inh;
	int err = cr_cap_get(&eff, &prm, &inh);

	if (err)
		return err;
	if (!cr_parse_caps(arg, &set))
		return -EINVAL;
	if (which == 'e')
		eff = set;
	else if (which == 'i')
		inh = set;
	else
		prm = set;
	return cr_cap_set(eff & prm, prm, inh);
}

/* From the effective and permitted sets, whatever else stands in them. */
static int step_drop(struct cr_ctx *c, char *arg)
{
	uint64_t set, eff, prm, inh;
	int err = cr_cap_get(&eff, &prm, &inh);

	(void)c;
	if (err)
		return err;
	return cr_parse_caps(arg, &set) ? cr_cap_set(eff & ~set, prm & ~set, inh) : -EINVAL;
}

static int step_eff(struct cr_ctx *c, char *arg)
{
	(void)c;
	return change_caps(arg, 'e');
}

static int step_prm(struct cr_ctx *c, char *arg)
{
	(void)c;
	return change_caps(arg, 'p');
}

static int step_inh(struct cr_ctx *c, char *arg)
{
	(void)c;
	return change_caps(arg, 'i');
}

static int step_amb(struct cr_ctx *c, char *arg)
{
	uint64_t set;
	int i;

	(void)c;
	if (!cr_parse_caps(arg, &set))
		return -EINVAL;
	for (i = 0; i < 64; i++)
		if (set >> i & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0))
			return -errno;
	return 0;
}

static int step_bnd(struct cr_ctx *c, char *arg)
{
	uint64_t set;
	int i;

	(void)c;
	if (!cr_parse_caps(arg, &set))
		return -EINVAL;
	for (i = 0; i <= cr_cap_last(); i++)
		if (!(set >> i & 1) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0))
			return -errno;
	return 0;
}

/* The 16-bit calls of old 32-bit ABIs would cut ids. */
#ifdef SYS_setresuid32
#define NR_SETRESUID SYS_setresuid32
#define NR_SETRESGID SYS_setresgid32
#define NR_SETGROUPS SYS_setgroups32
#else
#define NR_SETRESUID SYS_setresuid
#define NR_SETRESGID SYS_setresgid
#define NR_SETGROUPS SYS_setgroups
#endif

/* All ids change, no group stays, permitted capabilities are kept (effective ones go: see caps). */
static int step_uid(struct cr_ctx *c, char *arg)
{
	gid_t none[1];
	long long id;

	(void)c;
	if (!cr_parse_long(arg, &id))
		return -EINVAL;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	if (getgroups(0, NULL) > 0 && syscall(NR_SETGROUPS, 0L, none))
		return -errno;
	if (syscall(NR_SETRESGID, (long)id, (long)id, (long)id) ||
	    syscall(NR_SETRESUID, (long)id, (long)id, (long)id))
		return -errno;
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) ? -errno : 0;
}

/* As a program leaves user 0 that does not ask to keep anything: the kernel takes the capabilities away. */
static int step_setuid(struct cr_ctx *c, char *arg)
{
	long long id;

	(void)c;
	if (!cr_parse_long(arg, &id))
		return -EINVAL;
	return syscall(NR_SETRESUID, (long)id, (long)id, (long)id) ? -errno : 0;
}

static int step_group(struct cr_ctx *c, char *arg)
{
	gid_t group;
	long long id;

	(void)c;
	if (!cr_parse_long(arg, &id))
		return -EINVAL;
	group = id;
	return syscall(NR_SETGROUPS, 1L, &group) ? -errno : 0;
}

/* The effective user only, as a set-user-id program has it. */
static int step_euid(struct cr_ctx *c, char *arg)
{
	long long id;

	(void)c;
	if (!cr_parse_long(arg, &id))
		return -EINVAL;
	return syscall(NR_SETRESUID, -1L, (long)id, -1L) ? -errno : 0;
}

static int prctl_num(int option, const char *arg)
{
	long long v;

	if (!cr_parse_long(arg, &v))
		return -EINVAL;
	return prctl(option, (unsigned long)v, 0, 0, 0) ? -errno : 0;
}

static int step_dumpable(struct cr_ctx *c, char *arg)
{
	(void)c;
	return prctl_num(PR_SET_DUMPABLE, arg);
}

static int step_securebits(struct cr_ctx *c, char *arg)
{
	(void)c;
	return prctl_num(PR_SET_SECUREBITS, arg);
}

static int step_nnp(struct cr_ctx *c, char *arg)
{
	(void)c;
	(void)arg;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/* As container runtimes' default profiles do it: clone3's arguments lie in memory, so the call is not there. */
static int step_seccomp(struct cr_ctx *c, char *arg)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(f[0]), f };

	(void)c;
	if (strcmp(arg, "clone3-enosys"))
		return -EINVAL;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) ? -errno : 0;
}

static unsigned long ns_inode(int self, const char *path)
{
	struct stat st;

	return fstatat(self, path, &st, 0) ? 0 : st.st_ino;
}

/* What is read of /proc/self/status: the line, its key in the read-back, and whether equal words become one. */
static const struct {
	const char *line, *key;
	bool fold;
} fields[] = {
	{ "Uid:", "uid:", true },	   { "Gid:", ",gid:", true },
	{ "Groups:", ",groups:", true },   { "NSpid:", ",nspid:", false },
	{ "CapInh:", ",inh:", true },	   { "CapPrm:", ",prm:", true },
	{ "CapEff:", ",eff:", true },	   { "CapBnd:", ",bnd:", true },
	{ "CapAmb:", ",amb:", true },	   { "NoNewPrivs:", ",nnp:", true },
	{ "Seccomp:", ",seccomp:", true },
};

/* The words of a line, joined by '/'; one word where all are equal and @fold. */
static void put_words(struct cr_text *t, const char *p, bool fold)
{
	const char *first, *q;
	size_t len, n;
	bool same = true;

	p += strspn(p, " \t");
	first = p;
	len = strcspn(p, " \t\n");
	for (q = p; *q && *q != '\n'; q += strspn(q, " \t")) {
		n = strcspn(q, " \t\n");
		same = same && n == len && !memcmp(q, first, len);
		q += n;
	}
	for (q = p; *q && *q != '\n'; q += strspn(q, " \t")) {
		n = strcspn(q, " \t\n");
		if (q != p)
			cr_puts(t, "/");
		cr_putn(t, q, n);
		q += n;
		if (fold && same)
			return;
	}
}

static void put_status(struct cr_text *t, const char *status)
{
	const char *p = status;
	size_t i, len;

	for (; p; p = strchr(p, '\n'), p += p != NULL)
		for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			len = *p == *fields[i].line ? strlen(fields[i].line) : 0;
			if (!len || strncmp(p, fields[i].line, len))
				continue;
			cr_puts(t, fields[i].key);
			put_words(t, p + len, fields[i].fold);
		}
}

/* uid_map's lines as INSIDE:OUTSIDE:COUNT, joined by ';'. */
static void put_map(struct cr_text *t, int self)
{
	char buf[512];
	const char *p = buf;
	int word = 0;

	if (cr_slurp_at(self, "uid_map", buf, sizeof(buf)) <= 0)
		return;
	while (*(p += strspn(p, " \n"))) {
		size_t n = strcspn(p, " \n");

		if (word)
			cr_puts(t, word % 3 ? ":" : ";");
		cr_putn(t, p, n);
		p += n;
		word++;
	}
}

/* The namespaces that a case starts in, and what ids mean there. */
void cr_note_namespaces(struct cr_shared *sh)
{
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cr_text t;

	sh->ns_user = ns_inode(self, "ns/user");
	sh->ns_pid = ns_inode(self, "ns/pid");
	sh->ns_ipc = ns_inode(self, "ns/ipc");
	cr_text_init(&t, sh->map, sizeof(sh->map));
	put_map(&t, self);
	close(self);
}

/* Returns whether it is the one that the case started in. */
static bool put_ns(struct cr_text *t, const char *key, int self, const char *path,
		   unsigned long before)
{
	unsigned long now = ns_inode(self, path);

	cr_puts(t, key);
	cr_puts(t, now == before ? "same/" : "new/");
	cr_putu(t, now);
	return now == before;
}

/*
 * Fill the record's "who" from what the kernel says. A user namespace's id map is written once and stays: where it is the one
 * that the case started in, its map is known. Returns 0 or -errno.
 */
int cr_read_back(struct cr_ctx *c)
{
	struct cr_shared *sh = c->sh;
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char status[4096];
	struct cr_text t;
	ssize_t n = cr_slurp_at(self, "status", status, sizeof(status));
	bool known;

	if (n < 0) {
		close(self);
		return n;
	}
	cr_text_init(&t, sh->who, sizeof(sh->who));
	put_status(&t, status);
	cr_puts(&t, ",dumpable:");
	cr_putd(&t, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	known = put_ns(&t, ",userns:", self, "ns/user", sh->ns_user);
	cr_puts(&t, ",map:");
	if (known)
		cr_puts(&t, sh->map);
	else
		put_map(&t, self);
	put_ns(&t, ",pidns:", self, "ns/pid", sh->ns_pid);
	put_ns(&t, ",ipcns:", self, "ns/ipc", sh->ns_ipc);
	close(self);
	return t.cut ? -E2BIG : 0;
}

/* Where @key's value starts in "who", or NULL. */
const char *cr_find_key(const char *who, const char *key)
{
	size_t len = strlen(key);
	const char *p = who;

	while (p) {
		if (!strncmp(p, key, len) && p[len] == ':')
			return p + len + 1;
		p = strchr(p, ',');
		p += p != NULL;
	}
	return NULL;
}

/* How many pid namespaces, the one of the mounted /proc first, see this process. */
static int pid_depth(const char *who)
{
	const char *p = cr_find_key(who, "nspid");
	int depth = 1;

	for (; p && *p && *p != ','; p++)
		depth += *p == '/';
	return depth;
}

/* Does "who" show @key with @want? Capability sets compare as sets, namespaces without their inodes. */
static bool shows(const char *who, const char *key, const char *want)
{
	const char *p = cr_find_key(who, key);
	size_t len = strlen(want), end = strlen(key);
	bool namespace = end > 2 && !strcmp(key + end - 2, "ns");
	uint64_t set;

	if (!strcmp(key, "depth"))
		return pid_depth(who) == want[0] - '0';
	if (!p)
		return false;
	if (strlen(key) == 3 && strstr("eff prm inh bnd amb", key)) {
		return cr_parse_caps(want, &set) && set == hex_set(p);
	}
	return !strncmp(p, want, len) && (p[len] == ',' || !p[len] || (namespace && p[len] == '/'));
}

/* The subject is complete: read it back, and hold it against what it is to be. */
static int step_ready(struct cr_ctx *c, char *arg)
{
	char *rest = *arg ? arg : NULL, *item, *key;
	char why[160];
	struct cr_text t;
	int err;

	if (c->probing)
		cr_finish(c, END_PARSE, "--", "stands twice");
	err = cr_read_back(c);
	if (err)
		return err;
	while ((item = cr_next(&rest, ','))) {
		key = cr_next(&item, ':');
		if (item && shows(c->sh->who, key, item))
			continue;
		cr_text_init(&t, why, sizeof(why));
		cr_puts(&t, "the subject as read back has not ");
		cr_puts(&t, key);
		cr_puts(&t, ":");
		cr_puts(&t, item ? item : "");
		cr_finish(c, END_SUBJECT, "--", why);
	}
	c->probing = true;
	return 0;
}

const struct cr_step cr_steps_subject[] = {
	{ "--", step_ready, STEP_SETUP,
	  "[=KEY:VALUE,...] the subject ends here; read it back and compare" },
	{ "uid", step_uid, STEP_SETUP,
	  "=N become user and group N, keeping permitted capabilities" },
	{ "euid", step_euid, STEP_SETUP, "=N change the effective user only" },
	{ "setuid", step_setuid, STEP_SETUP, "=N become user N, keeping nothing" },
	{ "group", step_group, STEP_SETUP, "=N the one supplementary group" },
	{ "caps", step_caps, STEP_SETUP, "=SET effective and permitted; inheritable none" },
	{ "drop", step_drop, STEP_SETUP, "=SET from effective and permitted" },
	{ "eff", step_eff, STEP_SETUP, "=SET effective" },
	{ "prm", step_prm, STEP_SETUP, "=SET permitted (effective shrinks with it)" },
	{ "inh", step_inh, STEP_SETUP, "=SET inheritable" },
	{ "amb", step_amb, STEP_SETUP, "=SET raise ambient ones" },
	{ "bnd", step_bnd, STEP_SETUP, "=SET drop all others from the bounding set" },
	{ "dumpable", step_dumpable, STEP_SETUP, "=0|1" },
	{ "securebits", step_securebits, STEP_SETUP, "=BITS" },
	{ "nnp", step_nnp, STEP_SETUP, "no_new_privs" },
	{ "seccomp", step_seccomp, STEP_SETUP,
	  "=clone3-enosys a filter that answers ENOSYS for clone3" },
	{ NULL, NULL, 0, NULL },
};
