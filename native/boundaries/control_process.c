// SPDX-License-Identifier: MIT
/* What the capability must not unlock: other processes, and limits of one's own. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "boundaries.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#define KCMP_FILE 0

static pid_t slot_pid(struct cr_ctx *c, const char *name)
{
	struct cr_slot *s = cr_slot(c, name);

	return s->type == SLOT_PID ? s->num : -1;
}

/* @arg: S: is the file that every process of the case has the same there and here? Evidence: same or other. */
static int step_kcmp(struct cr_ctx *c, char *arg)
{
	pid_t pid = slot_pid(c, arg);
	long res;

	if (pid < 0)
		return CR_MISUSED;
	res = syscall(SYS_kcmp, (long)getpid(), (long)pid, (long)KCMP_FILE, (long)CR_SHARED_FD,
		      (long)CR_SHARED_FD);
	if (res < 0)
		return -errno;
	cr_value(c, res ? "other" : "same");
	return 0;
}

/* @arg: S,M,COUNT: memory of the process in slot S at its mapping in slot M, which is not ours. Evidence: the bytes. */
static int step_vm_read(struct cr_ctx *c, char *arg)
{
	pid_t pid = slot_pid(c, cr_next(&arg, ','));
	struct cr_slot *m = cr_slot(c, cr_next(&arg, ','));
	struct iovec here = { c->value, 0 }, there = { (void *)m->start, 0 };
	long long count;
	ssize_t n;

	if (pid < 0 || m->type != SLOT_RANGE || !arg || !cr_parse_long(arg, &count) || count < 0 ||
	    count > (long long)sizeof(c->value))
		return CR_MISUSED;
	here.iov_len = there.iov_len = count;
	n = process_vm_readv(pid, &here, 1, &there, 1, 0);
	if (n < 0)
		return -errno;
	c->value_len = n;
	return 0;
}

/* @arg: S: the descriptor of the case's record, from there. Evidence: is it the same file as ours? */
static int step_getfd(struct cr_ctx *c, char *arg)
{
	pid_t pid = slot_pid(c, arg);
	struct stat ours, theirs;
	int pidfd, fd, err = 0;

	if (pid < 0)
		return CR_MISUSED;
	pidfd = syscall(SYS_pidfd_open, (long)pid, 0L);
	if (pidfd < 0)
		return -errno;
	fd = syscall(SYS_pidfd_getfd, (long)pidfd, (long)CR_SHARED_FD, 0L);
	if (fd < 0)
		err = -errno;
	else if (fstat(fd, &theirs) || fstat(CR_SHARED_FD, &ours))
		err = -errno;
	else
		cr_value(c, ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino ? "same"
											 : "other");
	if (fd >= 0)
		close(fd);
	close(pidfd);
	return err;
}

/* Set a limit that nothing here comes near, and tell the hard one as it then is. */
static int limit_core(struct cr_ctx *c, pid_t pid, rlim_t cur, rlim_t max)
{
	struct rlimit limit = { cur, max };

	if (prlimit(pid, RLIMIT_CORE, &limit, NULL) || prlimit(pid, RLIMIT_CORE, NULL, &limit))
		return -errno;
	cr_value_num(c, limit.rlim_max);
	return 0;
}

/* @arg: S: lower a limit of the process in slot S. Evidence: the limit. */
static int step_prlimit(struct cr_ctx *c, char *arg)
{
	pid_t pid = slot_pid(c, arg);

	return pid < 0 ? CR_MISUSED : limit_core(c, pid, 0, 0);
}

/* Lower a hard limit of one's own, which anyone may, and raise it again. Evidence: the limit. */
static int step_hard_limit(struct cr_ctx *c, char *arg)
{
	int err = limit_core(c, 0, 0, 0);

	(void)arg;
	c->value_len = 0;
	return err ? err : limit_core(c, 0, 0, 4096);
}

static int send_pid(int from, int to, pid_t pid, pid_t *received)
{
	struct ucred cred = { pid, geteuid(), getegid() };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	char byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct cmsghdr *head;
	int one = 1;

	memset(&control, 0, sizeof(control));
	head = CMSG_FIRSTHDR(&msg);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_CREDENTIALS;
	head->cmsg_len = CMSG_LEN(sizeof(cred));
	memcpy(CMSG_DATA(head), &cred, sizeof(cred));
	if (setsockopt(to, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one)) ||
	    sendmsg(from, &msg, 0) != 1 || recvmsg(to, &msg, MSG_DONTWAIT) != 1)
		return -errno;
	head = CMSG_FIRSTHDR(&msg);
	if (!head || head->cmsg_type != SCM_CREDENTIALS)
		return -ENOMSG;
	memcpy(&cred, CMSG_DATA(head), sizeof(cred));
	*received = cred.pid;
	return 0;
}

/* Send credentials with a child's pid for one's own. Evidence: as whose they arrive. */
static int step_scm_pid(struct cr_ctx *c, char *arg)
{
	pid_t pid, received = 0;
	int pair[2], err;

	(void)arg;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	pid = cr_idle_child();
	err = pid < 0 ? pid : send_pid(pair[0], pair[1], pid, &received);
	if (!err)
		cr_value(c, received == pid ? "child" : received == getpid() ? "self" : "other");
	close(pair[0]);
	close(pair[1]);
	return pid < 0 ? err : cr_end_child(pid, err);
}

/* Write the user map of a child's new user namespace, and read it back with single spaces. */
static int map_child(struct cr_ctx *c, pid_t pid, char *map)
{
	char path[64], text[128], *rest = text, *word;
	struct cr_text t, shown;
	ssize_t n;
	int err;

	cr_text_init(&t, path, sizeof(path));
	cr_puts(&t, "/proc/");
	cr_putd(&t, pid);
	cr_puts(&t, "/uid_map");
	for (word = map; *word; word++)
		if (*word == ':')
			*word = ' ';
	err = cr_spit(path, map, strlen(map));
	if (err)
		return err;
	n = cr_slurp(path, text, sizeof(text));
	if (n < 0)
		return n;
	text[strcspn(text, "\n")] = '\0';
	cr_text_init(&shown, path, sizeof(path));
	while ((word = cr_next(&rest, ' '))) {
		if (!*word)
			continue;
		if (shown.len)
			cr_puts(&shown, " ");
		cr_puts(&shown, word);
	}
	cr_value(c, path);
	return 0;
}

/* @arg: INSIDE:OUTSIDE:COUNT: into a user namespace that a child has made. Evidence: the map. */
static int step_idmap(struct cr_ctx *c, char *arg)
{
	int ready[2], err = 0;
	char byte = 1;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC))
		return -errno;
	pid = cr_fork();
	if (!pid) {
		byte = unshare(CLONE_NEWUSER) ? errno : 0;
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid < 0)
		err = pid;
	else if (read(ready[0], &byte, 1) != 1)
		err = -EPIPE;
	else
		err = byte ? -byte : map_child(c, pid, arg);
	close(ready[0]);
	return pid < 0 ? err : cr_end_child(pid, err);
}

const struct cr_step cr_steps_control_process[] = {
	{ "kcmp", step_kcmp, STEP_OP, "=S a file there and here: same or other" },
	{ "vm_read", step_vm_read, STEP_OP, "=S,M,COUNT process_vm_readv() of its mapping M" },
	{ "getfd", step_getfd, STEP_OP, "=S pidfd_getfd() of a file there: same or other" },
	{ "prlimit", step_prlimit, STEP_OP, "=S lower a limit there; the limit" },
	{ "hard_limit", step_hard_limit, STEP_OP, "raise a hard limit of one's own; the limit" },
	{ "scm_pid", step_scm_pid, STEP_OP, "SCM_CREDENTIALS with a child's pid; whose arrives" },
	{ "idmap", step_idmap, STEP_OP, "=IN:OUT:COUNT map users of a child's user namespace" },
	{ NULL, NULL, 0, NULL },
};
