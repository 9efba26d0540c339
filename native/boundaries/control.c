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

#include "boundaries.h"

#ifndef PTRACE_O_SUSPEND_SECCOMP
#define PTRACE_O_SUSPEND_SECCOMP (1 << 21)
#endif
#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#ifndef PTRACE_SECCOMP_GET_METADATA
#define PTRACE_SECCOMP_GET_METADATA 0x420d
#endif
#ifndef TCP_REPAIR
#define TCP_REPAIR 19
#endif

/*
 * Options of sockets that take a capability, where the value is read back. The kernel doubles a buffer's size, and without
 * the capability 4 MiB are far beyond what it allows.
 */
static const struct {
	const char *name;
	int type, level, set, get, value, result;
} options[] = {
	{ "sndbufforce", SOCK_DGRAM, SOL_SOCKET, SO_SNDBUFFORCE, SO_SNDBUF, 4 << 20, 8 << 20 },
	{ "rcvbufforce", SOCK_DGRAM, SOL_SOCKET, SO_RCVBUFFORCE, SO_RCVBUF, 4 << 20, 8 << 20 },
	{ "tcp_repair", SOCK_STREAM, IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR, 1, 1 },
	{ "mark", SOCK_DGRAM, SOL_SOCKET, SO_MARK, SO_MARK, 1, 1 },
};

/* @arg: an option's name. Evidence: set, or what it is instead. */
static int step_sockopt(struct cr_ctx *c, char *arg)
{
	int fd, value, err = 0;
	socklen_t len = sizeof(value);
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (!strcmp(arg, options[i].name))
			break;
	if (i == sizeof(options) / sizeof(options[0]))
		return CR_MISUSED;
	fd = socket(AF_INET, options[i].type, 0);
	if (fd < 0)
		return -errno;
	value = options[i].value;
	if (setsockopt(fd, options[i].level, options[i].set, &value, sizeof(value)) ||
	    getsockopt(fd, options[i].level, options[i].get, &value, &len))
		err = -errno;
	close(fd);
	if (!err && value == options[i].result)
		cr_value(c, "set");
	else if (!err)
		cr_value_num(c, value);
	return err;
}

/* A child of one's own that only waits. */
pid_t cr_idle_child(void)
{
	pid_t pid = cr_fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

int cr_end_child(pid_t pid, int err)
{
	kill(pid, SIGKILL);
	cr_reap(pid);
	return err;
}

/* PTRACE_O_SUSPEND_SECCOMP on a child of one's own. */
static int step_suspend_seccomp(struct cr_ctx *c, char *arg)
{
	pid_t pid = cr_idle_child();

	(void)c;
	(void)arg;
	if (pid < 0)
		return pid;
	return cr_end_child(
		pid, ptrace(PTRACE_SEIZE, pid, NULL, (long)PTRACE_O_SUSPEND_SECCOMP) ? -errno : 0);
}

/* Of a child of one's own, which has no filter. */
static int ask_seccomp(long request, void *addr, void *data)
{
	pid_t pid = cr_idle_child();
	int err = 0;

	if (pid < 0)
		return pid;
	if (ptrace(PTRACE_SEIZE, pid, NULL, 0L) || ptrace(PTRACE_INTERRUPT, pid, NULL, 0L) ||
	    waitpid(pid, NULL, __WALL) != pid)
		err = -errno;
	else if (ptrace(request, pid, addr, data) < 0)
		err = -errno;
	return cr_end_child(pid, err);
}

/* PTRACE_SECCOMP_GET_FILTER on a child of one's own. */
static int step_get_filter(struct cr_ctx *c, char *arg)
{
	(void)c;
	(void)arg;
	return ask_seccomp(PTRACE_SECCOMP_GET_FILTER, NULL, NULL);
}

/* PTRACE_SECCOMP_GET_METADATA on a child of one's own. */
static int step_get_metadata(struct cr_ctx *c, char *arg)
{
	uint64_t metadata[2] = { 0, 0 }; /* which filter, its flags */

	(void)c;
	(void)arg;
	return ask_seccomp(PTRACE_SECCOMP_GET_METADATA, (void *)sizeof(metadata), metadata);
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
	{ "sockopt", step_sockopt, STEP_OP, "=sndbufforce|rcvbufforce|tcp_repair|mark" },
	{ "suspend_seccomp", step_suspend_seccomp, STEP_OP, "PTRACE_O_SUSPEND_SECCOMP on a child" },
	{ "get_filter", step_get_filter, STEP_OP, "PTRACE_SECCOMP_GET_FILTER on a child" },
	{ "get_metadata", step_get_metadata, STEP_OP, "PTRACE_SECCOMP_GET_METADATA on a child" },
	{ "pagemap", step_pagemap, STEP_OP, "a page frame number: shown or hidden" },
	{ NULL, NULL, 0, NULL },
};
