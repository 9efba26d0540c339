// SPDX-License-Identifier: MIT
/* Choosing a pid: clone3's set_tid, and ns_last_pid with the fork that shows its effect. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clone_effect.h"
#include "raw_syscall.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

/* As of Linux 5.7 (size 88), with space behind for what later kernels may add. */
struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size; /* 5.5: size 80 */
	uint64_t cgroup;		/* 5.7: size 88 */
	uint64_t tail[509 + 12];
};

#define CLONE3_SIZE 88

/* What a new process sees of itself, for its parent to report. */
static void tell_pids(struct cr_shared *sh)
{
	char status[4096];

	if (cr_slurp("/proc/self/status", status, sizeof(status)) <= 0)
		status[0] = '\0';
	cr_pids_in(status, "\nNSpid:", sh->child_nspid, sizeof(sh->child_nspid));
}

/* Where the number stands in a list of numbers with slashes between them, and words behind '!'; NULL where it doesn't. */
static const char *find_word(const char *list, long long n)
{
	char word[24];
	struct cr_text t;
	const char *p = list;

	cr_text_init(&t, word, sizeof(word));
	cr_putd(&t, n);
	while (p) {
		if (!strncmp(p, word, t.len) && (p[t.len] == '/' || p[t.len] == '!' || !p[t.len]))
			return p;
		p = strchr(p, '/');
		p += p != NULL;
	}
	return NULL;
}

/*
 * The new process's pids, outermost namespace first, as it saw them. What the parent was told and what getpid()
 * said must be among them; where they are not, the evidence says so.
 */
static void pids_value(struct cr_ctx *c, long told)
{
	struct cr_shared *sh = c->sh;
	char buf[192];
	struct cr_text t;

	cr_text_init(&t, buf, sizeof(buf));
	if (sh->child_nspid[0])
		cr_puts(&t, sh->child_nspid);
	else
		cr_putd(&t, sh->child_pid);
	if (!find_word(buf, told)) {
		cr_puts(&t, "!told=");
		cr_putd(&t, told);
	}
	if (!find_word(buf, sh->child_pid)) {
		cr_puts(&t, "!getpid=");
		cr_putd(&t, sh->child_pid);
	}
	cr_value(c, buf);
}

/* Others have the pids right below the child's: tell which it would have got, with its pids elsewhere as they are. */
static void pids_instead(struct cr_ctx *c, pid_t told)
{
	const char *pids = c->sh->child_nspid, *at = find_word(pids, told);
	int taken = cr_taken_down_from(told - 1);
	char buf[192];
	struct cr_text t;

	if (!taken || !at)
		return;
	cr_text_init(&t, buf, sizeof(buf));
	cr_putn(&t, pids, at - pids);
	cr_putd(&t, told - taken);
	cr_puts(&t, at + strcspn(at, "/"));
	cr_instead(c, buf);
}

/* Evidence: the child's pids in all namespaces that see it. */
static int step_fork(struct cr_ctx *c, char *arg)
{
	pid_t pid;

	(void)arg;
	c->sh->child_pid = 0;
	c->sh->child_nspid[0] = '\0';
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid) {
		tell_pids(c->sh);
		c->sh->child_pid = getpid();
		_exit(0);
	}
	cr_reap(pid);
	pids_value(c, pid);
	pids_instead(c, pid);
	return 0;
}

static void put_distance(struct cr_text *t, char *buf, size_t size, long long distance)
{
	cr_text_init(t, buf, size);
	cr_puts(t, distance >= 0 ? "+" : "");
	cr_putd(t, distance);
}

/* @arg: S,N: write N to ns_last_pid in slot S and fork. Evidence: how far behind N the child's pid is. */
static int step_next_pid(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ','), text[24];
	int fd = cr_slot_fd(c, slot), taken;
	struct cr_text t;
	long long n;
	pid_t pid;

	if (fd < 0)
		return CR_NOT_TRIED;
	if (!arg || !cr_parse_long(arg, &n))
		return CR_MISUSED;
	cr_text_init(&t, text, sizeof(text));
	cr_putd(&t, n);
	if (cr_pwrite(fd, text, t.len, 0) != (ssize_t)t.len)
		return -errno;
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid)
		_exit(0);
	cr_reap(pid);
	put_distance(&t, text, sizeof(text), pid - n);
	cr_value(c, text);
	taken = cr_taken_down_from(pid - 1);
	if (taken) {
		put_distance(&t, text, sizeof(text), pid - n - taken);
		cr_instead(c, text);
	}
	return 0;
}

/* Evidence: the pid given last, as /proc/sys/kernel/ns_last_pid has it. */
static int step_last_pid(struct cr_ctx *c, char *arg)
{
	char buf[32];
	struct cr_text t;
	long long last;
	int taken;
	ssize_t n = cr_slurp("/proc/sys/kernel/ns_last_pid", buf, sizeof(buf));

	(void)arg;
	if (n < 0)
		return n;
	buf[strcspn(buf, "\n")] = '\0';
	cr_value(c, buf);
	taken = cr_parse_long(buf, &last) ? cr_taken_down_from(last) : 0;
	if (taken) {
		cr_text_init(&t, buf, sizeof(buf));
		cr_putd(&t, last - taken);
		cr_instead(c, buf);
	}
	return 0;
}

static int clone_flag(const char *word, uint64_t *flags)
{
	static const struct {
		const char *name;
		uint64_t flags;
	} names[] = {
		{ "newpid", CLONE_NEWPID },
		{ "newuser", CLONE_NEWUSER },
		{ "newns", CLONE_NEWNS },
		/* CLONE_VFORK: the thread borrows the caller's stack, and ends before the caller goes on. */
		{ "thread", CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_VFORK },
		/* As vfork(2): a process of its own that borrows everything. */
		{ "vfork", CLONE_VM | CLONE_VFORK },
		{ "sighand", CLONE_SIGHAND },
		{ "parent", CLONE_PARENT },
		{ "detached", 0x00400000 },
		{ "pidfd", CR_CLONE_PIDFD },
		{ "clear_sighand", CR_CLONE_CLEAR_SIGHAND },
		{ "newtime", CR_CLONE_NEWTIME },
		{ "into_cgroup", CR_CLONE_INTO_CGROUP },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(word, names[i].name)) {
			*flags |= names[i].flags;
			return 0;
		}
	return CR_MISUSED;
}

/* Space for more than any kernel knows: sizes up to a page and beyond are told. */
static struct clone3_args args;
static int32_t tids[40];

static void borrower_ends(struct cr_shared *sh) __attribute__((noreturn, noinline));
static void borrower_ends(struct cr_shared *sh)
{
	sh->child_pid = raw_syscall2(SYS_gettid, 0, 0);
	for (;;)
		raw_syscall2(SYS_exit, 0, 0);
}

/*
 * @arg: items KEY:VALUE joined by ',':
 *   tid:A/B/C  the set_tid array, innermost namespace first    tidsize:N  its size, if not as many
 *   tidptr:bad|null                                             flags:newpid+thread+...
 *   size:N     sizeof(struct clone_args) as told                 exit:N     the exit signal
 *   tail:N     a byte that isn't zero, N bytes into the struct   stack:N
 *   less:N     tell how far the pid is from N
 * Evidence: the pids of the new process, outermost namespace first; a thread's id.
 */
static int step_clone3(struct cr_ctx *c, char *arg)
{
	char *item, *key, *word;
	uint64_t size = CLONE3_SIZE;
	int ntids = 0, pidfd = -1, cgroup = -1;
	long long v, less = 0;
	char text[24];
	struct cr_text t;
	long pid;

	memset(&args, 0, sizeof(args));
	args.exit_signal = SIGCHLD;
	while (arg && *arg) {
		item = cr_next(&arg, ',');
		key = cr_next(&item, ':');
		if (!item)
			return CR_MISUSED;
		if (!strcmp(key, "tid")) {
			while ((word = cr_next(&item, '/'))) {
				if (ntids == 40 || !cr_parse_long(word, &v))
					return CR_MISUSED;
				tids[ntids++] = v;
			}
			args.set_tid = (uintptr_t)tids;
			args.set_tid_size = ntids;
		} else if (!strcmp(key, "flags")) {
			while ((word = cr_next(&item, '+')))
				if (clone_flag(word, &args.flags))
					return CR_MISUSED;
		} else if (!strcmp(key, "tidptr")) {
			args.set_tid = strcmp(item, "null") ? 16 : 0;
		} else if (!cr_parse_long(item, &v)) {
			return CR_MISUSED;
		} else if (!strcmp(key, "tidsize")) {
			args.set_tid_size = v;
		} else if (!strcmp(key, "size")) {
			size = v;
		} else if (!strcmp(key, "exit")) {
			args.exit_signal = v;
		} else if (!strcmp(key, "less")) {
			less = v;
		} else if (!strcmp(key, "stack")) {
			args.stack = v;
		} else if (!strcmp(key, "tail")) {
			if (v < 0 || v >= (long long)sizeof(args))
				return CR_MISUSED;
			((char *)&args)[v] = 1;
		} else {
			return CR_MISUSED;
		}
	}
	if (args.flags & (CLONE_THREAD | CLONE_PARENT) && args.exit_signal == SIGCHLD)
		args.exit_signal = 0;
	if (args.flags & CR_CLONE_INTO_CGROUP) {
		cgroup = cr_open_cgroup(c->sh);
		args.cgroup = cgroup;
	}
	if (args.flags & CR_CLONE_PIDFD)
		args.pidfd = (uintptr_t)&pidfd;
	cr_clone_before(args.flags);
	c->sh->child_pid = 0;
	c->sh->child_nspid[0] = '\0';
	pid = raw_syscall2(SYS_clone3, (long)&args, (long)size);
	if (!pid) {
		if (args.flags & CLONE_VM)
			borrower_ends(c->sh);
		tell_pids(c->sh);
		cr_clone_tell(c->sh, args.flags);
		c->sh->child_pid = getpid();
		_exit(0);
	}
	close(cgroup);
	if (pid < 0)
		return (int)pid;
	cr_clone_after(c->sh, args.flags, pid, pidfd);
	if (!(args.flags & (CLONE_THREAD | CLONE_PARENT)))
		cr_reap(pid);
	pids_value(c, pid);
	/* Only where all agree on the pid: else the disagreement is the evidence. */
	if (less && !memchr(c->value, '!', c->value_len)) {
		put_distance(&t, text, sizeof(text), pid - less);
		cr_value(c, text);
	}
	return 0;
}

/* This process's own pid: a set_tid that is taken, and the place to come back to. */
static int step_getpid(struct cr_ctx *c, char *arg)
{
	cr_slot_set(c, arg, SLOT_NUM, getpid());
	return 0;
}

const struct cr_step cr_steps_set_tid[] = {
	{ "fork", step_fork, STEP_OP, "fork; the child's pids, outermost namespace first" },
	{ "next_pid", step_next_pid, STEP_OP,
	  "=S,N write N to ns_last_pid in slot S and fork; the child's pid less N" },
	{ "last_pid", step_last_pid, STEP_OP, "what ns_last_pid says: the pid given last" },
	{ "clone3", step_clone3, STEP_OP,
	  "=KEY:VALUE,... tid:A/B flags:newpid+thread size tidsize tidptr exit tail less" },
	{ "getpid", step_getpid, STEP_SETUP, "=S this process's pid into slot S" },
	{ NULL, NULL, 0, NULL },
};
