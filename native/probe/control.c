// SPDX-License-Identifier: MIT
/* What the capability must not unlock. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"

#ifndef PTRACE_O_SUSPEND_SECCOMP
#define PTRACE_O_SUSPEND_SECCOMP (1 << 21)
#endif
#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#ifndef TCP_REPAIR
#define TCP_REPAIR 19
#endif

/* @arg: sndbufforce, rcvbufforce or tcp_repair; evidence for the buffers: what the kernel made of it. */
static int step_sockopt(struct cr_ctx *c, char *arg)
{
	int one = 1, size = 4 << 20, err = 0;
	int repair = !strcmp(arg, "tcp_repair");
	int fd = socket(AF_INET, repair ? SOCK_STREAM : SOCK_DGRAM, 0);

	(void)c;
	if (fd < 0)
		return -errno;
	if (repair)
		err = setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &one, sizeof(one));
	else
		err = setsockopt(fd, SOL_SOCKET, *arg == 's' ? SO_SNDBUFFORCE : SO_RCVBUFFORCE,
				 &size, sizeof(size));
	err = err ? -errno : 0;
	close(fd);
	return err;
}

static pid_t stopped_child(void)
{
	pid_t pid = cr_fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static int end_child(pid_t pid, int err)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return err;
}

/* PTRACE_O_SUSPEND_SECCOMP on a child of one's own. */
static int step_suspend_seccomp(struct cr_ctx *c, char *arg)
{
	pid_t pid = stopped_child();

	(void)c;
	(void)arg;
	if (pid < 0)
		return pid;
	return end_child(
		pid, ptrace(PTRACE_SEIZE, pid, NULL, (long)PTRACE_O_SUSPEND_SECCOMP) ? -errno : 0);
}

/* PTRACE_SECCOMP_GET_FILTER on a child of one's own. */
static int step_get_filter(struct cr_ctx *c, char *arg)
{
	pid_t pid = stopped_child();
	int err = 0;

	(void)c;
	(void)arg;
	if (pid < 0)
		return pid;
	if (ptrace(PTRACE_SEIZE, pid, NULL, 0L) || ptrace(PTRACE_INTERRUPT, pid, NULL, 0L) ||
	    waitpid(pid, NULL, __WALL) != pid)
		err = -errno;
	else if (ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 0L, NULL) < 0)
		err = -errno;
	return end_child(pid, err);
}

/* The frame number of a page of one's own in /proc/self/pagemap. Evidence: shown or hidden. */
static int step_pagemap(struct cr_ctx *c, char *arg)
{
	static volatile char touched[8192];
	long page = sysconf(_SC_PAGESIZE);
	uint64_t entry = 0;
	int fd, err = 0;

	(void)arg;
	touched[0] = 1;
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)touched / page * sizeof(entry))) !=
	    sizeof(entry))
		err = -errno;
	close(fd);
	/* bit 63: present; bits 0 to 54: the frame */
	if (!err)
		cr_value(c, !(entry >> 63) ? "absent" : entry << 9 ? "shown" : "hidden");
	return err;
}

const struct cr_step cr_steps_control[] = {
	{ "sockopt", step_sockopt, STEP_OP, "=sndbufforce|rcvbufforce|tcp_repair" },
	{ "suspend_seccomp", step_suspend_seccomp, STEP_OP, "PTRACE_O_SUSPEND_SECCOMP on a child" },
	{ "get_filter", step_get_filter, STEP_OP, "PTRACE_SECCOMP_GET_FILTER on a child" },
	{ "pagemap", step_pagemap, STEP_OP, "a page frame number: shown or hidden" },
	{ NULL, NULL, 0, NULL },
};
