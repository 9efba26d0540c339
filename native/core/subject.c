// SPDX-License-Identifier: MIT
/* Who tries: the steps that make a subject, by user, capability sets and flags. */
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

#include "prepared.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT	     47
#define PR_CAP_AMBIENT_RAISE 2
#endif

static int step_caps(struct cr_ctx *c, char *arg)
{
	uint64_t set;

	(void)c;
	return cr_parse_caps(arg, &set) ? cr_cap_set(set, set, 0) : CR_MISUSED;
}

static int change_caps(const char *arg, char which)
{
	uint64_t set, eff, prm, inh;
	int err = cr_cap_get(&eff, &prm, &inh);

	if (err)
		return err;
	if (!cr_parse_caps(arg, &set))
		return CR_MISUSED;
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
	return cr_parse_caps(arg, &set) ? cr_cap_set(eff & ~set, prm & ~set, inh) : CR_MISUSED;
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
		return CR_MISUSED;
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
		return CR_MISUSED;
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
		return CR_MISUSED;
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
		return CR_MISUSED;
	return syscall(NR_SETRESUID, (long)id, (long)id, (long)id) ? -errno : 0;
}

static int step_group(struct cr_ctx *c, char *arg)
{
	gid_t group;
	long long id;

	(void)c;
	if (!cr_parse_long(arg, &id))
		return CR_MISUSED;
	group = id;
	return syscall(NR_SETGROUPS, 1L, &group) ? -errno : 0;
}

/* The effective user only, as a set-user-id program has it. */
static int step_euid(struct cr_ctx *c, char *arg)
{
	long long id;

	(void)c;
	if (!cr_parse_long(arg, &id))
		return CR_MISUSED;
	return syscall(NR_SETRESUID, -1L, (long)id, -1L) ? -errno : 0;
}

/* @arg: REAL/EFFECTIVE/SAVED, users and groups alike; permitted capabilities are kept. */
static int step_ids(struct cr_ctx *c, char *arg)
{
	long long id[3];
	int i;

	(void)c;
	for (i = 0; i < 3; i++) {
		char *word = cr_next(&arg, '/');

		if (!word || !cr_parse_long(word, &id[i]))
			return CR_MISUSED;
	}
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	if (syscall(NR_SETRESGID, (long)id[0], (long)id[1], (long)id[2]) ||
	    syscall(NR_SETRESUID, (long)id[0], (long)id[1], (long)id[2]))
		return -errno;
	return prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) ? -errno : 0;
}

/* What capget() of the first version shows, set with capset() of the first version. */
static int step_capset_v1(struct cr_ctx *c, char *arg)
{
	(void)c;
	(void)arg;
	return cr_cap_set_v1();
}

static int prctl_num(int option, const char *arg)
{
	long long v;

	if (!cr_parse_long(arg, &v))
		return CR_MISUSED;
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

/* A seccomp filter that answers @err for this system call. Returns 0 or -errno. */
int cr_filter_call(long nr, int err)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(f) / sizeof(f[0]), f };

	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) ? -errno : 0;
}

/* As container runtimes' default profiles do it: clone3's arguments lie in memory, so the call is not there. */
static int step_seccomp(struct cr_ctx *c, char *arg)
{
	(void)c;
	return strcmp(arg, "clone3-enosys") ? CR_MISUSED : cr_filter_call(SYS_clone3, ENOSYS);
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
	if (c->preparing) {
		cr_fork_cases(c);
		if (!c->preparing) {
			cr_prove(c);
			return 0;
		}
	}
	err = cr_read_back(c);
	if (err)
		return err;
	while ((item = cr_next(&rest, ','))) {
		key = cr_next(&item, ':');
		if (item && cr_read_back_shows(c->sh, key, item))
			continue;
		cr_text_init(&t, why, sizeof(why));
		cr_puts(&t, "the subject as read back has not ");
		cr_puts(&t, key);
		cr_puts(&t, ":");
		cr_puts(&t, item ? item : "");
		cr_finish(c, END_SUBJECT, "--", why);
	}
	c->probing = true;
	if (c->preparing)
		cr_note_identity(&c->sh->identity, c->ns);
	return 0;
}

const struct cr_step cr_steps_subject[] = {
	{ "--", step_ready, STEP_SETUP,
	  "[=KEY:VALUE,...] the subject ends here; read it back and compare" },
	{ "uid", step_uid, STEP_SETUP,
	  "=N become user and group N, keeping permitted capabilities" },
	{ "euid", step_euid, STEP_SETUP, "=N change the effective user only" },
	{ "ids", step_ids, STEP_SETUP, "=REAL/EFFECTIVE/SAVED users and groups" },
	{ "capset_v1", step_capset_v1, STEP_OP, "the sets once more, by the first version" },
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
