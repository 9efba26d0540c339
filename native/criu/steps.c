// SPDX-License-Identifier: MIT
/* What a case of CRIU's has beside CRIU: the ground that it stands on, a victim, and a control. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
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

static const char yama[] = "/proc/sys/kernel/yama/ptrace_scope";

/* @arg: 0 to 2 */
static int step_yama(struct cr_ctx *c, char *arg)
{
	char was[8];

	if (arg[0] < '0' || arg[0] > '2' || arg[1])
		return CR_MISUSED;
	if (cr_slurp(yama, was, sizeof(was)) <= 0)
		return -ENOENT;
	c->sh->yama_was = *was;
	return cr_spit(yama, arg, 1);
}

void cr_undo_yama(const struct cr_shared *sh)
{
	if (sh->yama_was)
		cr_spit(yama, &sh->yama_was, 1);
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

struct victim {
	const char *kind, *path;
	long long uid; /* -1: the case's own */
	bool nested;
};

/* What the program needs that CRIU is to checkpoint: no io_uring, and no rseq, which ptrace can't read before 5.13. */
static char *const program_env[] = { "UV_USE_IO_URING=0", "GLIBC_TUNABLES=glibc.pthread.rseq=0",
				     NULL };

/* As root of a user namespace of its own, there the first process of a pid namespace. Its pid out here goes to @pid_fd. */
static int nest(unsigned int uid, int pid_fd)
{
	char map[32];
	struct cr_text t;
	pid_t pid;

	cr_text_init(&t, map, sizeof(map));
	cr_puts(&t, "0 ");
	cr_putu(&t, uid);
	cr_puts(&t, " 1");
	/* Who has changed users does not own what is in its /proc directory, until it is dumpable again. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) || unshare(CLONE_NEWUSER) ||
	    cr_spit("/proc/self/setgroups", "deny", 4) ||
	    cr_spit("/proc/self/uid_map", map, t.len) || cr_spit("/proc/self/gid_map", map, t.len))
		return -1;
	if (unshare(CLONE_NEWPID) || cr_own_mounts())
		return -1;
	pid = cr_fork();
	if (pid > 0)
		_exit(write(pid_fd, &pid, sizeof(pid)) != sizeof(pid));
	return pid < 0 || mount("proc", "/proc", "proc", 0, NULL) ? -1 : 0;
}

static void become_victim(const struct victim *v, int pid_fd) __attribute__((noreturn));
static void become_victim(const struct victim *v, int pid_fd)
{
	bool program = !strcmp(v->kind, "program");
	char *ours[] = { "victim", "--victim", (char *)v->kind, (char *)v->path, NULL };
	char *theirs[] = { "victim", (char *)v->path, NULL }, *none[] = { NULL };
	int fd;

	if (v->uid >= 0 && (syscall(SYS_setgroups, 0L, NULL) ||
			    syscall(SYS_setresgid, (long)v->uid, (long)v->uid, (long)v->uid) ||
			    syscall(SYS_setresuid, (long)v->uid, (long)v->uid, (long)v->uid)))
		_exit(1);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (v->nested && nest(v->uid < 0 ? getuid() : v->uid, pid_fd))
		_exit(1);
	/* Root gains at execve what it drops before, and who gains is not dumpable: it keeps what it has. */
	if (geteuid() && cr_cap_set(0, 0, 0))
		_exit(1);
	fd = open("/dev/null", O_RDWR);
	if (setsid() < 0 || chdir("/") || fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 ||
	    dup2(fd, 2) < 0)
		_exit(1);
	/* Its files are no part of what is to be restored but these. */
	for (fd = 3; fd < 256; fd++)
		close(fd);
	/* By its path: CRIU looks for files in the mount namespace that they are used in, and the case may have one of its own. */
	execve(program ? CR_PROGRAM : "/init", program ? theirs : ours,
	       program ? program_env : none);
	_exit(1);
}

/* Returns the victim's pid, or -errno. */
static pid_t start_victim(const struct victim *v)
{
	pid_t pid, nested = 0;
	int pid_pipe[2];

	if (pipe2(pid_pipe, O_CLOEXEC))
		return -errno;
	pid = cr_fork();
	if (!pid)
		become_victim(v, pid_pipe[1]);
	close(pid_pipe[1]);
	if (pid > 0 && v->nested) {
		if (read(pid_pipe[0], &nested, sizeof(nested)) != sizeof(nested))
			nested = -ECHILD;
		cr_reap(pid);
		pid = nested;
	}
	close(pid_pipe[0]);
	return pid;
}

/* @arg: S,KIND[,UID[,nested]] */
static int step_victim(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ','), *uid, path[64];
	struct victim v = { cr_next(&arg, ','), path, -1, false };
	int hands = v.kind ? cr_victim_hands(v.kind) : 0;
	long long began = cr_now_us();
	pid_t pid;

	uid = cr_next(&arg, ',');
	if (!hands || (uid && (!cr_parse_long(uid, &v.uid) || v.uid < 0)) ||
	    (arg && strcmp(arg, "nested")))
		return CR_MISUSED;
	v.nested = arg;
	if (c->nspawned == (int)(sizeof(c->spawned) / sizeof(c->spawned[0])))
		return -EAGAIN;
	cr_criu_file(path, sizeof(path), "victim", slot);
	/* What a victim leaves is ours to reap: until that is done its pids are taken. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = start_victim(&v);
	if (pid < 0)
		return pid;
	cr_slot_set(c, slot, SLOT_PID, pid);
	/* Where CRIU finds how many hands it had. */
	cr_slot(c, slot)->start = hands;
	c->spawned[c->nspawned++] = pid;
	if (!cr_hands_count(path, NULL, hands, pid))
		return kill(pid, 0) ? -ECHILD : -ETIME;
	c->sh->started_us = cr_now_us() - began;
	return 0;
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
	  "=S,plain|memfd|deleted|threads|tree|program[,UID[,nested]] a process that counts, for "
	  "CRIU; nested: in a user and a pid namespace of its own" },
	{ "criu_check", cr_criu_check, STEP_OP,
	  "[=[PROGRAM][,failed]] what criu check says; failed: only where CRIU did not succeed" },
	{ "criu", cr_criu, STEP_OP,
	  "=S[,PROGRAM] CRIU dumps the victim in slot S and restores it" },
	{ "criu_log", cr_criu_log, STEP_OP, "what went wrong in that, in CRIU's words" },
	{ "startup", cr_startup, STEP_OP,
	  "how long the victim took until it counted, from nothing and restored" },
	{ "control", step_control, STEP_BLOCK,
	  "=S { steps } by a process that waits until controlled=S" },
	{ "controlled", step_controlled, STEP_OP,
	  "=S how CRIU came out for the control, where it did not succeed" },
	{ NULL, NULL, 0, NULL },
};
