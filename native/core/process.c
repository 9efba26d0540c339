// SPDX-License-Identifier: MIT
/* Processes and threads: how they are made and waited for, and a case's children, threads, targets, execve. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "core.h"

/*
 * fork without the C library's handlers and locks, which a thread of a larger program must not touch.
 * Returns the pid, 0 in the child, or -errno.
 */
pid_t cr_fork(void)
{
	return cr_clone(SIGCHLD, NULL);
}

/* The same with these flags and this signal at its end. @tid: for CLONE_PARENT_SETTID. */
pid_t cr_clone(int flags, volatile int *tid)
{
	long pid;

#if defined(__s390__)
	pid = syscall(SYS_clone, 0L, (long)flags, tid, 0L, 0L);
#else
	pid = syscall(SYS_clone, (long)flags, 0L, tid, 0L, 0L);
#endif
	return pid < 0 ? -errno : pid;
}

/* Wait for this child: its status, or -1 where there is none. */
int cr_reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* The supervisor sleeps until a child changes or until @deadline; false when that has passed. */
bool cr_wait_for_child(long long deadline)
{
	long long left = deadline - cr_now_us();
	struct timespec ts;
	sigset_t set;

	if (left <= 0)
		return false;
	ts.tv_sec = left / 1000000;
	ts.tv_nsec = left % 1000000 * 1000;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGUSR2);
	sigtimedwait(&set, NULL, &ts);
	return true;
}

/*
 * The supervisor reaps a process that was killed, within @ms. A pid namespace's first process ends only when all others there
 * are reaped, so those that led to a prepared subject are reaped here, too, should they have been late.
 */
void cr_reap_killed(pid_t pid, int ms)
{
	long long deadline = cr_now_us() + ms * 1000LL;

	while (!waitpid(pid, NULL, WNOHANG | __WALL)) {
		if (waitpid(-1, NULL, WNOHANG | __WCLONE) > 0)
			continue;
		if (!cr_wait_for_child(deadline))
			return;
	}
}

/* In a guest one is taken now and then; without one, on a busy machine, hundreds in a row may be. */
#define TAKEN_MAX 4096

/*
 * How many pids from @pid downwards others have. The kernel makes threads of its own when it likes, and then the next free
 * pid is not the one that a sound kernel would have given us else.
 */
int cr_taken_down_from(pid_t pid)
{
	pid_t self = getpid();
	int n = 0;

	while (n < TAKEN_MAX && pid - n > 1 && pid - n != self &&
	       (!kill(pid - n, 0) || errno == EPERM))
		n++;
	return n;
}

/* The case went on in a child, which ended with this status: so does the case. */
void cr_end_like(struct cr_ctx *c, int status)
{
	if (status != -1 && WIFSIGNALED(status) && c->sh->end == END_NONE) {
		c->sh->end = END_SIGNAL;
		c->sh->signal = WTERMSIG(status);
	}
	cr_finish(c, END_NONE, "", "");
}

/* The case goes on in the child: wait for it and go. */
void cr_relay(struct cr_ctx *c, pid_t pid)
{
	cr_end_like(c, cr_reap(pid));
}

/* The case goes on as a child, made with these flags. Returns 0 there, or -errno. */
int cr_go_on_as_child(struct cr_ctx *c, int flags)
{
	pid_t pid = cr_clone(flags | SIGCHLD, NULL);

	if (pid < 0)
		return pid;
	if (pid)
		cr_relay(c, pid);
	c->nspawned = 0;
	return 0;
}

/* What a child did counts as the case's: where it ended the case or was killed, the case ends. */
static void child_done(struct cr_ctx *c, int status)
{
	if (status == -1 || WIFSIGNALED(status)) {
		if (c->sh->end == END_NONE) {
			c->sh->end = END_SIGNAL;
			c->sh->signal = status == -1 ? 0 : WTERMSIG(status);
		}
	}
	if (c->sh->end != END_NONE)
		cr_finish(c, END_NONE, "", "");
}

static int step_child(struct cr_ctx *c, char *arg)
{
	const char *block = c->p;
	pid_t pid = cr_fork();

	(void)arg;
	if (pid < 0)
		return pid;
	if (!pid) {
		c->nspawned = 0;
		c->in_child = true;
		cr_interpret(c);
		_exit(0);
	}
	child_done(c, cr_reap(pid));
	c->p = cr_skip_block(block);
	return 0;
}

static char thread_stack[64 * 1024] __attribute__((aligned(64)));

static int thread_main(void *arg)
{
	struct cr_ctx *caller = arg, c = *caller;

	c.nspawned = 0;
	cr_interpret(&c);
	memcpy(caller->slot, c.slot,
	       sizeof(c.slot)); /* descriptors are shared, so their slots are too */
	syscall(SYS_exit, 0);
	return 0;
}

/* The main thread sleeps while the other runs, so sharing its thread-local errno does no harm. */
static int step_thread(struct cr_ctx *c, char *arg)
{
	static int tid;
	const char *block = c->p;
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		    CLONE_SYSVSEM | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	int now;

	(void)arg;
	tid = 1;
	if (clone(thread_main, thread_stack + sizeof(thread_stack), flags, c, &tid, NULL, &tid) < 0)
		return -errno;
	while ((now = __atomic_load_n(&tid, __ATOMIC_ACQUIRE)))
		syscall(SYS_futex, &tid, FUTEX_WAIT, now, NULL, NULL, 0);
	if (c->sh->end != END_NONE)
		cr_finish(c, END_NONE, "", "");
	c->p = cr_skip_block(block);
	return 0;
}

/* A process for others to look at: it takes its steps, hands over its slots and stays until the case ends. */
static int step_spawn(struct cr_ctx *c, char *arg)
{
	const char *block = c->p;
	int ready[2], i;
	char byte;
	pid_t pid;

	if (c->nspawned == (int)(sizeof(c->spawned) / sizeof(c->spawned[0])))
		return -EAGAIN;
	if (pipe(ready)) /* kept over execve, for a target that is an executed image */
		return -errno;
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid) {
		close(ready[0]);
		c->nspawned = 0;
		c->quiet = true;
		c->ready = ready[1];
		cr_interpret(c);
		cr_stay(c);
	}
	close(ready[1]);
	c->spawned[c->nspawned++] = pid;
	if (read(ready[0], &byte, 1) != 1)
		child_done(c, cr_reap(pid));
	close(ready[0]);
	for (i = 0; i < CR_SLOTS; i++)
		if (c->sh->slot[i].type == SLOT_RANGE || c->sh->slot[i].type == SLOT_NUM)
			c->slot[i] = c->sh->slot[i];
	cr_slot_set(c, arg, SLOT_PID, pid);
	c->p = cr_skip_block(block);
	return 0;
}

static int step_kill(struct cr_ctx *c, char *arg)
{
	struct cr_slot *s = cr_slot(c, arg);

	if (s->type != SLOT_PID)
		return CR_MISUSED;
	if (kill(s->num, SIGKILL))
		return -errno;
	cr_reap(s->num);
	return 0;
}

/* Trace it, and leave it running. */
static int step_seize(struct cr_ctx *c, char *arg)
{
	struct cr_slot *s = cr_slot(c, arg);

	if (s->type != SLOT_PID)
		return CR_NOT_TRIED;
	return ptrace(PTRACE_SEIZE, (pid_t)s->num, NULL, 0L) ? -errno : 0;
}

/* @arg: data,N: the soft limit, so that whoever may not raise the hard one gets it, too. */
static int step_rlimit(struct cr_ctx *c, char *arg)
{
	char *name = cr_next(&arg, ',');
	struct rlimit limit;
	long long v;

	(void)c;
	if (strcmp(name, "data") || !arg || !cr_parse_long(arg, &v) || v < 0)
		return CR_MISUSED;
	if (getrlimit(RLIMIT_DATA, &limit))
		return -errno;
	limit.rlim_cur = v;
	return setrlimit(RLIMIT_DATA, &limit) ? -errno : 0;
}

/* execve a copy of this helper (see selfcopy): the rest of the program goes on in the new image. */
static int step_exec(struct cr_ctx *c, char *arg)
{
	char *argv[] = { "crprobe", "--resume", NULL }, *envp[] = { NULL }, path[32];
	struct cr_text t;

	c->sh->pos = c->p - c->sh->program;
	c->sh->probing = c->probing;
	c->sh->ready = c->ready;
	c->sh->in_child = c->in_child;
	memcpy(c->sh->slot, c->slot, sizeof(c->slot));
	if (strcmp(arg, "self")) {
		execve(arg, argv, envp);
		return -errno;
	}
	syscall(SYS_execveat, CR_SELF_FD, "", argv, envp, AT_EMPTY_PATH);
	/* Seen on i386 (Debian's 5.10.223): there the empty path is never found. */
	if (errno == ENOENT) {
		cr_text_init(&t, path, sizeof(path));
		cr_puts(&t, "/proc/self/fd/");
		cr_putd(&t, CR_SELF_FD);
		execve(path, argv, envp);
	}
	return -errno;
}

/* A guest's agent mounts a tmpfs here: its one copy of the helper serves all cases, one after the other. */
#define POOL "/crcap/exec"

static int copy_self(const char *path)
{
	static char buf[32 * 1024];
	int out, err = 0;
	off_t at = 0;
	ssize_t n;

	out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
	if (out < 0)
		return -errno;
	while ((n = pread(CR_SELF_FD, buf, sizeof(buf), at)) > 0) {
		if (write(out, buf, n) != n) {
			n = -1;
			break;
		}
		at += n;
	}
	if (n < 0)
		err = -errno;
	close(out);
	return err;
}

/* @arg: PATH,MODE[,UID[,real]]: a copy of this helper's static binary, without file capabilities; real: not the pool's. */
static int step_selfcopy(struct cr_ctx *c, char *arg)
{
	char *path = cr_next(&arg, ','), *mode = cr_next(&arg, ','), *uid = cr_next(&arg, ',');
	unsigned int bits = cr_octal(mode);
	long long owner = 0;
	int err = 0;

	(void)c;
	if (uid && !cr_parse_long(uid, &owner))
		return CR_MISUSED;
	if (!arg && !access(POOL, W_OK)) {
		if (access(POOL "/crprobe", F_OK)) {
			err = copy_self(POOL "/new");
			if (!err && rename(POOL "/new", POOL "/crprobe"))
				err = -errno;
		}
		if (!err && symlink(POOL "/crprobe", path))
			err = -errno;
		if (!err && removexattr(POOL "/crprobe", "security.capability") && errno != ENODATA)
			err = -errno;
	} else {
		err = copy_self(path);
	}
	if (err)
		return err;
	return chown(path, owner, owner) || chmod(path, bits) ? -errno : 0;
}

static int step_raise(struct cr_ctx *c, char *arg)
{
	long long sig;

	(void)c;
	if (!cr_parse_long(arg, &sig))
		return CR_MISUSED;
	return kill(getpid(), sig) ? -errno : 0;
}

/* A case with this step before "@" makes its subject itself, since it is about what a first process finds. */
static int step_own(struct cr_ctx *c, char *arg)
{
	(void)c;
	(void)arg;
	return 0;
}

const struct cr_step cr_steps_process[] = {
	{ "own", step_own, STEP_SETUP, "before @: the subject is made for this case alone" },
	{ "child", step_child, STEP_BLOCK, "{ steps } in a child process, waited for" },
	{ "thread", step_thread, STEP_BLOCK, "{ steps } in a second thread, waited for" },
	{ "spawn", step_spawn, STEP_BLOCK, "=S { steps } a process that stays; its pid in slot S" },
	{ "kill", step_kill, STEP_SETUP, "=S kill the process in slot S and reap it" },
	{ "seize", step_seize, STEP_OP, "=S PTRACE_SEIZE of the process in slot S" },
	{ "rlimit", step_rlimit, STEP_SETUP, "=data,N the soft limit" },
	{ "selfcopy", step_selfcopy, STEP_SETUP, "=PATH,MODE[,UID[,real]] a copy of this helper" },
	{ "exec", step_exec, STEP_OP,
	  "=PATH|self execve a copy of this helper (self: the original), which goes on with the "
	  "program" },
	{ "raise", step_raise, STEP_SETUP, "=SIGNAL send this process a signal" },
	{ NULL, NULL, 0, NULL },
};
