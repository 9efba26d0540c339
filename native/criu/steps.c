// SPDX-License-Identifier: MIT
/* What a case of CRIU's has beside CRIU: the ground that it stands on, a victim, and a control. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "criu.h"

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT		 47
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

/* CRIU asks TCP over the loopback device what it can do. A kernel without it leaves CRIU to complain. */
static int step_loopback(struct cr_ctx *c, char *arg)
{
	struct ifreq request;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)c;
	(void)arg;
	if (fd < 0)
		return 0;
	memset(&request, 0, sizeof(request));
	strcpy(request.ifr_name, "lo");
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return 0;
}

/* @arg: 0 to 2. The supervisor sets it back. */
static int step_yama(struct cr_ctx *c, char *arg)
{
	static const char path[] = "/proc/sys/kernel/yama/ptrace_scope";
	char was[8];

	if (arg[0] < '0' || arg[0] > '2' || arg[1])
		return CR_MISUSED;
	if (cr_slurp(path, was, sizeof(was)) <= 0)
		return -ENOENT;
	c->sh->yama_was = *was;
	return cr_spit(path, arg, 1);
}

/* @arg: PATH: a copy of CRIU that can have capabilities of its own. */
static int step_criu_copy(struct cr_ctx *c, char *arg)
{
	static char buf[32 * 1024];
	int in = open(CR_CRIU, O_RDONLY | O_CLOEXEC), out, err = 0;
	ssize_t n;

	(void)c;
	if (in < 0)
		return -errno;
	out = open(arg, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (out < 0)
		err = -errno;
	while (!err && (n = read(in, buf, sizeof(buf)))) {
		if (n < 0 || write(out, buf, n) != n)
			err = errno ? -errno : -EIO;
	}
	close(in);
	close(out);
	return err;
}

static void become_victim(const char *kind, const char *path, long long uid)
	__attribute__((noreturn));
static void become_victim(const char *kind, const char *path, long long uid)
{
	char *argv[] = { "victim", "--victim", (char *)kind, (char *)path, NULL };
	char *envp[] = { NULL };
	int fd;

	if (uid >= 0 && (syscall(SYS_setgroups, 0L, NULL) ||
			 syscall(SYS_setresgid, (long)uid, (long)uid, (long)uid) ||
			 syscall(SYS_setresuid, (long)uid, (long)uid, (long)uid)))
		_exit(1);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	fd = open("/dev/null", O_RDWR);
	if (cr_cap_set(0, 0, 0) || setsid() < 0 || chdir("/") || fd < 0 || dup2(fd, 0) < 0 ||
	    dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(1);
	/* By its path: CRIU looks for files in the mount namespace that they are used in, and the case may have one of its own. */
	execve("/init", argv, envp);
	_exit(1);
}

/* @arg: S,KIND[,UID] */
static int step_victim(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ','), *kind = cr_next(&arg, ',');
	int hands = kind ? cr_victim_hands(kind) : 0;
	long long uid = -1;
	char path[64];
	pid_t pid;

	if (!hands || (arg && (!cr_parse_long(arg, &uid) || uid < 0)))
		return CR_MISUSED;
	if (c->nspawned == (int)(sizeof(c->spawned) / sizeof(c->spawned[0])))
		return -EAGAIN;
	cr_criu_file(path, sizeof(path), "victim", slot);
	/* What a victim leaves is ours to reap: until that is done its pids are taken. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid)
		become_victim(kind, path, uid);
	c->spawned[c->nspawned++] = pid;
	cr_slot_set(c, slot, SLOT_PID, pid);
	/* Where CRIU finds how many hands it had. */
	cr_slot(c, slot)->start = hands;
	return cr_hands_count(path, NULL, hands) ? 0 : -ETIME;
}

/*
 * @arg: S: the steps of another subject, who does the same. They are taken by a process that keeps its privileges and waits
 * until it is asked: only where CRIU fails does it matter whether it would have failed anyway.
 */
static int step_control(struct cr_ctx *c, char *arg)
{
	const char *block = c->p;
	int ends[2];
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid) {
		close(ends[0]);
		if (read(ends[1], &byte, 1) != 1)
			_exit(0);
		c->nspawned = 0;
		c->quiet = true;
		cr_interpret(c);
		cr_finish(c, END_NONE, "", "");
	}
	close(ends[1]);
	cr_slot_set(c, arg, SLOT_FD, ends[0]);
	c->p = cr_skip_block(block);
	return 0;
}

/* @arg: S: how it came out for the control, where it had to be asked. */
static int step_controlled(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg);
	char text[1200], byte;
	struct cr_text t;

	if (fd < 0)
		return CR_MISUSED;
	if (!strcmp(c->sh->outcome, CR_RESUMED)) {
		cr_value(c, "not asked");
		return 0;
	}
	c->sh->outcome[0] = c->sh->log[0] = '\0';
	if (write(fd, "", 1) != 1)
		return -errno;
	while (read(fd, &byte, 1) > 0)
		;
	if (c->sh->end != END_NONE)
		cr_finish(c, END_NONE, "", "");
	cr_text_init(&t, text, sizeof(text));
	cr_puts(&t, c->sh->outcome);
	if (c->sh->log[0]) {
		cr_puts(&t, ": ");
		cr_puts(&t, c->sh->log);
	}
	cr_value(c, text);
	return 0;
}

const struct cr_step cr_steps_criu[] = {
	{ "loopback", step_loopback, STEP_SETUP, "the loopback device up, where there is one" },
	{ "yama", step_yama, STEP_SETUP, "=0|1|2 yama's ptrace_scope, for this case" },
	{ "criu_copy", step_criu_copy, STEP_SETUP, "=PATH a copy of CRIU" },
	{ "victim", step_victim, STEP_SETUP,
	  "=S,plain|memfd|deleted|threads|tree[,UID] a program that counts, for CRIU" },
	{ "criu_check", cr_criu_check, STEP_OP,
	  "[=[PROGRAM][,failed]] what criu check says; failed: only where CRIU did not succeed" },
	{ "criu", cr_criu, STEP_OP,
	  "=S[,PROGRAM] CRIU dumps the victim in slot S and restores it" },
	{ "criu_log", cr_criu_log, STEP_OP, "what went wrong in that, in CRIU's words" },
	{ "control", step_control, STEP_BLOCK,
	  "=S { steps } by a process that waits until controlled=S" },
	{ "controlled", step_controlled, STEP_OP,
	  "=S how CRIU came out for the control, where it did not succeed" },
	{ NULL, NULL, 0, NULL },
};
