// SPDX-License-Identifier: MIT
/* One case from fork to observation: its deadline, its remains, its payload. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prepared.h"

static struct cr_shared *shared;

/*
 * Make this process fit to supervise: the shared record at its descriptor, SIGCHLD to be waited for, orphans ours.
 * @self: the binary for steps that execute one, NULL for this image. Returns 0 or -errno.
 */
int cr_supervisor_init(const char *self)
{
	sigset_t set;
	int fd = syscall(SYS_memfd_create, "crcap", 0);

	if (fd < 0)
		return -errno;
	if (dup2(fd, CR_SHARED_FD) < 0 || ftruncate(CR_SHARED_FD, sizeof(*shared)))
		return -errno;
	close(fd);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, CR_SHARED_FD, 0);
	if (shared == MAP_FAILED)
		return -errno;
	fd = open(self ? self : "/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, CR_SELF_FD) < 0)
		return -errno;
	close(fd);
	cr_note_namespaces(shared);
	cr_cap_last();
	/* Once here, not once in every case: workers inherit the copy. A threaded program's image is left alone. */
	if (!self)
		cr_leave_executable();
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	/* Prepared subjects and their cases end with SIGUSR2, and are woken with SIGUSR1. */
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	return 0;
}

static void worker(bool preparing) __attribute__((noreturn));
static void worker(bool preparing)
{
	struct cr_ctx c;
	sigset_t set;

	setpgid(0, 0);
	sigemptyset(&set);
	if (preparing)
		sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_SETMASK, &set, NULL);
	memset(&c, 0, sizeof(c));
	c.preparing = preparing;
	c.sh = shared;
	c.p = shared->program;
	cr_interpret(&c);
	cr_finish(&c, c.probing ? END_OK : END_PARSE, c.probing ? "" : "--",
		  c.probing ? "" : "the step -- is missing");
}

/* Kill this process's remaining children: PID 1 of a guest has no others but prepared subjects, elsewhere they are looked up. */
static void kill_children(void)
{
	char buf[4096], *rest = buf, *word;
	long long pid;
	bool guest = getpid() == 1;
	ssize_t n = -1;

	if (!guest || cr_prepared_any())
		n = cr_slurp("/proc/thread-self/children", buf, sizeof(buf));
	if (guest && (n <= 0 || n >= (ssize_t)sizeof(buf) - 1)) {
		kill(-1, SIGKILL);
		cr_prepared_drop_all();
		return;
	}
	while (n > 0 && (word = cr_next(&rest, ' ')))
		if (cr_parse_long(word, &pid) && pid > 1 && !cr_prepared_has(pid))
			kill(pid, SIGKILL);
}

/* Reap all that the case left, killing what still lives. Returns how many were killed, -1 if some won't die. */
int cr_clean_up(pid_t group)
{
	long long deadline = cr_now_us() + 3000000;
	int killed = 0;
	bool alive = false;

	for (;;) {
		/* Orphans that come to us end with SIGCHLD, whatever they were made with. Prepared subjects don't. */
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid > 0) {
			killed += alive;
			continue;
		}
		if (pid < 0)
			return killed;
		alive = true;
		kill(-group, SIGKILL);
		kill_children();
		if (!cr_wait_for_child(deadline))
			return -1;
	}
}

/* The pids that the program asks for and others have here: no fault of the kernel's that they could not be had. */
static void put_taken(struct cr_text *t, const char *program)
{
	const char *sep = " taken=";
	long long pid;

	while ((program = strstr(program, "tid:"))) {
		for (program += 4, pid = 0; (*program >= '0' && *program <= '9') || *program == '/';
		     program++) {
			pid = *program == '/' ? 0 : pid * 10 + (*program - '0');
			if (pid > INT_MAX)
				break;
			if ((program[1] >= '0' && program[1] <= '9') || !cr_taken_down_from(pid))
				continue;
			cr_puts(t, sep);
			cr_putd(t, pid);
			sep = "/";
		}
	}
}

static const char *const end_names[] = { "died", "ok", "subject", "setup", "signal", "parse" };

static void clear_record(void)
{
	shared->end = END_NONE;
	shared->at[0] = shared->why[0] = shared->who[0] = '\0';
	shared->res[0] = '\0';
	shared->res_len = 0;
	shared->worker = shared->base = shared->nfirst = 0;
	shared->yama_was = shared->outcome[0] = shared->log[0] = shared->cgroup[0] = '\0';
	shared->started_us = shared->restored_us = 0;
	memset((void *)shared->first, 0, sizeof(shared->first));
}

enum waited { CASE_ENDED, CASE_LATE, CASE_NONE };

/* Wait until the case's process ends, or the one that it should have been forked from does before there is one. */
static enum waited wait_for_case(pid_t base, long long deadline, int *status)
{
	pid_t pid;

	for (;;) {
		pid = shared->worker;
		if (pid && waitpid(pid, status, WNOHANG | __WALL) == pid)
			return CASE_ENDED;
		pid = shared->base ? shared->base : base;
		if (!shared->worker && waitpid(pid, NULL, WNOHANG | __WALL) && !shared->worker &&
		    !(shared->base && shared->base != pid))
			return CASE_NONE;
		if (!cr_wait_for_child(deadline))
			return CASE_LATE;
	}
}

static void kill_late(pid_t pid)
{
	kill(pid, SIGKILL);
	kill(-pid, SIGKILL);
	cr_reap_killed(pid, 1000);
}

/* Make the subject @p->subject, read it back in a first case that does nothing else. False where that did not succeed. */
static bool prepare(struct cr_prepared *p, unsigned int deadline_ms)
{
	int status, i;
	pid_t pid;

	if (strlen(p->subject) >= sizeof(shared->program))
		return false;
	strcpy(shared->program, p->subject);
	clear_record();
	pid = cr_clone(SIGUSR2, NULL);
	if (pid < 0)
		return false;
	if (!pid)
		worker(true);
	if (wait_for_case(pid, cr_now_us() + deadline_ms * 1000LL, &status) == CASE_LATE &&
	    shared->worker)
		kill_late(shared->worker);
	p->pid = shared->base ? shared->base : pid;
	/* The processes that led to it have ended: unreaped, each would keep its namespace from ending. */
	while (p->pid != pid && waitpid(-1, NULL, WNOHANG | __WCLONE) > 0)
		;
	p->nfirst = shared->nfirst;
	if (!cr_prepared_wait_for_first(p->nfirst))
		shared->end = END_NONE;
	for (i = 0; i < p->nfirst; i++)
		p->first[i] = shared->first[i];
	p->identity = shared->identity;
	memcpy(p->who, shared->who, sizeof(p->who));
	cr_clean_up(pid);
	return shared->end == END_OK;
}

/*
 * Prepare the subject with these steps, which has no entry yet; NULL where it can't be prepared.
 * @subject: stays where it is for as long as this process lives.
 */
struct cr_prepared *cr_prepare(const char *subject, unsigned int deadline_ms)
{
	struct cr_prepared *p = cr_prepared_take(subject);

	/* Where the table is full, who comes late makes its own: to give an entry away would be to make subjects again and again. */
	if (!p)
		return NULL;
	if (prepare(p, deadline_ms)) {
		/* The first case finds what every later one does. */
		cr_prepared_clean(p);
		if (p->pid)
			return p;
	}
	cr_prepared_drop(p);
	p->subject = subject; /* not tried again */
	return NULL;
}

/*
 * Run one program and write "obs N ..." to out. cr_supervisor_init() must have succeeded in this process.
 * @from: a prepared subject, with @program as the steps after it; or NULL, and the program makes its own.
 * @deadline_ms: from the fork on. Returns the payload's length or -errno; -ESRCH where nothing is forked from the subject any more.
 */
int cr_supervise(struct cr_prepared *from, const char *program, unsigned int deadline_ms,
		 unsigned long n, char *out, size_t outlen)
{
	long long start, deadline;
	struct cr_text t;
	bool late = false;
	int status = 0, kids;
	pid_t pid;

	if (strlen(program) >= sizeof(shared->program))
		return -E2BIG;
	strcpy(shared->program, program);
	clear_record();
	cr_ready_steps(program);
	start = cr_now_us();
	deadline = start + deadline_ms * 1000LL;
	if (from) {
		memcpy(shared->who, from->who, sizeof(shared->who));
		shared->identity = from->identity;
		shared->nfirst = from->nfirst;
		pid = from->pid;
		kill(pid, SIGUSR1);
	} else {
		pid = cr_fork();
		if (pid < 0)
			return pid;
		if (!pid)
			worker(false);
		shared->worker = pid;
	}
	switch (wait_for_case(pid, deadline, &status)) {
	case CASE_ENDED:
		break;
	case CASE_NONE:
		cr_prepared_drop(from);
		return -ESRCH;
	case CASE_LATE:
		late = true;
		if (shared->worker)
			kill_late(shared->worker);
		else
			cr_prepared_drop(from);
	}
	pid = shared->worker;
	if (!late && WIFSIGNALED(status) && shared->end == END_NONE) {
		shared->end = END_SIGNAL;
		shared->signal = WTERMSIG(status);
	}
	if (from && from->pid)
		cr_prepared_clean(from);
	kids = cr_clean_up(pid);
	cr_undo_steps(shared);
	cr_text_init(&t, out, outlen);
	cr_puts(&t, "obs ");
	cr_putu(&t, n);
	cr_puts(&t, " us=");
	cr_putu(&t, cr_now_us() - start);
	cr_puts(&t, " end=");
	cr_puts(&t, late ? "deadline" : end_names[shared->end]);
	if (!late && shared->end == END_SIGNAL) {
		cr_puts(&t, ":");
		cr_putd(&t, shared->signal);
	}
	if (shared->at[0]) {
		cr_puts(&t, " at=");
		cr_put_escaped(&t, shared->at, strlen(shared->at));
		cr_puts(&t, " why=");
		cr_put_escaped(&t, shared->why, strlen(shared->why));
	}
	if (kids) {
		cr_puts(&t, " kids=");
		cr_putd(&t, kids);
	}
	if (strstr(shared->res, ":EEXIST"))
		put_taken(&t, program);
	if (shared->who[0]) {
		cr_puts(&t, " who=");
		cr_put_who(&t, shared->who);
	}
	cr_putn(&t, shared->res, shared->res_len);
	return t.cut ? -E2BIG : (int)t.len;
}

/*
 * In a process forked for it: run one case and leave it with nothing of the program that forked. As cr_supervise() otherwise.
 * @self: as cr_supervisor_init() takes it.
 */
int cr_supervise_apart(const char *program, unsigned int deadline_ms, unsigned long n,
		       const char *self, char *out, size_t outlen)
{
	int err;

	cr_shed_inheritance();
	/* Cases set System V IPC ids: not in this machine's own namespace. Who may not leave it may not set them either. */
	unshare(CLONE_NEWIPC);
	err = cr_supervisor_init(self);
	return err ? err : cr_supervise(NULL, program, deadline_ms, n, out, outlen);
}

struct handover {
	int len;
	char out[CR_PAYLOAD_MAX];
};

int cr_run_case(const char *program, unsigned int deadline_ms, const char *self, char *out,
		size_t outlen)
{
	struct handover *h;
	int len, status;
	pid_t pid;

	h = mmap(NULL, sizeof(*h), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h == MAP_FAILED)
		return -errno;
	h->len = -EIO; /* stands if the supervisor dies */
	pid = cr_fork();
	if (!pid) {
		h->len = cr_supervise_apart(program, deadline_ms, 0, self, h->out, sizeof(h->out));
		_exit(0);
	}
	if (pid < 0) {
		len = pid;
	} else {
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		len = h->len;
		if (len >= 0 && (size_t)len >= outlen)
			len = -E2BIG;
		if (len >= 0)
			memcpy(out, h->out, len + 1);
	}
	munmap(h, sizeof(*h));
	return len;
}
