// SPDX-License-Identifier: MIT
/* A case under others' eyes: traced, sharing what execve looks at, and what the kernel keeps account of. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"

/* The parent becomes the tracer, and nobody stops us as long as no signal comes and no file is executed. */
static int step_traceme(struct cr_ctx *c, char *arg)
{
	(void)c;
	(void)arg;
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) ? -errno : 0;
}

/* The case goes on as a child that shares its parent's working directory and root (CLONE_FS). */
static int step_share_fs(struct cr_ctx *c, char *arg)
{
	(void)arg;
	return cr_go_on_as_child(c, CLONE_FS);
}

/* The case goes on as a child that its parent traces, with the parent's rights as they are now, and never holds. */
static int step_under_tracer(struct cr_ctx *c, char *arg)
{
	int go[2], err = 0, status;
	char byte;
	pid_t pid;

	(void)arg;
	if (pipe2(go, O_CLOEXEC))
		return -errno;
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(0);
		close(go[0]);
		c->nspawned = 0;
		return -byte;
	}
	close(go[0]);
	if (ptrace(PTRACE_SEIZE, pid, NULL, 0L))
		err = errno;
	byte = err;
	if (write(go[1], &byte, 1) != 1)
		kill(pid, SIGKILL);
	close(go[1]);
	for (;;) {
		if (waitpid(pid, &status, __WALL) < 0) {
			if (errno == EINTR)
				continue;
			status = -1;
			break;
		}
		if (!WIFSTOPPED(status))
			break;
		/* An event of ptrace's own carries no signal to hand on. */
		ptrace(PTRACE_CONT, pid, NULL, status >> 16 ? 0L : (long)WSTOPSIG(status));
	}
	cr_end_like(c, status);
}

/* PF_SUPERPRIV in /proc/self/stat: has this thread used a capability since it was forked? Evidence: yes or no. */
static int step_used(struct cr_ctx *c, char *arg)
{
	char buf[1024], *p;
	long long flags;
	ssize_t n = cr_slurp("/proc/thread-self/stat", buf, sizeof(buf));
	int i;

	(void)arg;
	if (n < 0)
		return n;
	p = strrchr(buf, ')'); /* then: state, ppid, pgrp, session, tty, tpgid, flags */
	for (i = 0; p && i < 7; i++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -ERANGE;
	p++;
	p[strcspn(p, " ")] = '\0';
	if (!cr_parse_long(p, &flags))
		return -ERANGE;
	cr_value(c, flags & 0x100 ? "yes" : "no");
	return 0;
}

const struct cr_step cr_steps_watched[] = {
	{ "traceme", step_traceme, STEP_SETUP, "let the parent trace this process" },
	{ "share_fs", step_share_fs, STEP_SETUP,
	  "go on as a child that shares its parent's file system information" },
	{ "under_tracer", step_under_tracer, STEP_SETUP,
	  "go on as a child that its parent traces, with the rights that it has now" },
	{ "used", step_used, STEP_OP, "has a capability been used (PF_SUPERPRIV): yes or no" },
	{ NULL, NULL, 0, NULL },
};
