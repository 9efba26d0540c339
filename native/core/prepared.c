// SPDX-License-Identifier: MIT
/* Prepared subjects: see prepared.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prepared.h"

#define PREPARED_MAX 256
/* What the processes of one prepared subject cost, in pages. */
#define PAGES_EACH 40
/* Below this kernel.pid_max (CONFIG_BASE_SMALL's), the processes of prepared subjects would take the pids of cases. */
#define LEAST_PID_MAX 4096
/* A namespace's first process has so long to end what a case left there. */
#define CLEAN_MS 3000

static struct cr_prepared *table;
static int limit;
/* The first process of a namespace can't signal its parent outside: it writes a byte. */
static int bell[2] = { -1, -1 };

/* The steps that one process takes for itself: what they make is inherited by every fork. */
static const char *const inherited[] = {
	"uid", "euid",	  "ids",    "setuid", "group", "caps",	   "drop",
	"eff", "prm",	  "inh",    "amb",    "bnd",   "dumpable", "securebits",
	"nnp", "seccomp", "userns", "pidns",  "--",
};

bool cr_can_be_prepared(const char *p)
{
	int depth = 0;
	size_t i, len;
	bool known;

	for (; *p; p += strcspn(p, " "), p += *p == ' ') {
		len = strcspn(p, "= ");
		/* Not "ipc": what a case leaves in a namespace of System V IPC, the next one would find. */
		known = !strncmp(p, "unshare=uts ", 12) || !strncmp(p, "unshare=net ", 12);
		for (i = 0; i < sizeof(inherited) / sizeof(inherited[0]) && !known; i++)
			known = !strncmp(p, inherited[i], len) && !inherited[i][len];
		if (!known)
			return false;
		depth += len == 5 && !strncmp(p, "pidns", 5);
	}
	return depth <= CR_FIRST_MAX;
}

/* A limit of the kernel's; @otherwise where it has none. */
static long long limit_of(const char *path, long long otherwise)
{
	char text[24];
	ssize_t n = cr_slurp(path, text, sizeof(text));
	long long v;

	if (n <= 0)
		return otherwise;
	text[strcspn(text, "\n")] = '\0';
	return cr_parse_long(text, &v) ? v : otherwise;
}

/* A quarter of a limit is ours: what is under test must never meet it because of us. */
static int share_of(const char *path, int otherwise)
{
	long long v = limit_of(path, 4LL * otherwise) / 4;

	return v < otherwise ? v : otherwise;
}

static void open_table(void)
{
	struct sysinfo info;
	void *p;

	limit = -1;
	p = mmap(NULL, sizeof(*table) * PREPARED_MAX, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || pipe2(bell, O_CLOEXEC))
		return;
	madvise(p, sizeof(*table) * PREPARED_MAX, MADV_DONTFORK);
	table = p;
	limit = PREPARED_MAX;
	if (!sysinfo(&info)) {
		unsigned long long space = (unsigned long long)info.totalram * info.mem_unit / 8;
		unsigned long long each = PAGES_EACH * sysconf(_SC_PAGESIZE);

		if (space / each < PREPARED_MAX)
			limit = space / each;
	}
	limit = share_of("/proc/sys/user/max_user_namespaces", limit);
	limit = share_of("/proc/sys/user/max_pid_namespaces", limit);
	/* 0 would be asked for again at each case. */
	if (limit == 0 || limit_of("/proc/sys/kernel/pid_max", LEAST_PID_MAX) < LEAST_PID_MAX)
		limit = -1;
}

static bool wait_for_bell(int ms)
{
	struct pollfd in = { .fd = bell[0], .events = POLLIN };
	char byte;

	return poll(&in, 1, ms) > 0 && read(bell[0], &byte, 1) == 1;
}

/* Wait until so many first processes of namespaces have told their pids. */
bool cr_prepared_wait_for_first(int n)
{
	while (n-- > 0)
		if (!wait_for_bell(CLEAN_MS))
			return false;
	return true;
}

static void end_process(pid_t pid)
{
	if (pid > 0 && !kill(pid, SIGKILL))
		cr_reap_killed(pid, CLEAN_MS);
}

void cr_prepared_drop(struct cr_prepared *p)
{
	int i;

	end_process(p->pid);
	/* The innermost first: a namespace ends with its first process, and that waits for those within. */
	for (i = p->nfirst; i-- > 0;)
		end_process(p->first[i]);
	/* What they rang late must not pass for another's word. */
	while (wait_for_bell(0))
		;
	p->pid = 0;
	p->nfirst = 0;
	p->subject = NULL;
}

void cr_prepared_drop_all(void)
{
	int i;

	for (i = 0; i < limit; i++)
		if (table[i].subject)
			cr_prepared_drop(&table[i]);
}

bool cr_prepared_any(void)
{
	int i;

	for (i = 0; i < limit; i++)
		if (table[i].subject && table[i].pid)
			return true;
	return false;
}

bool cr_prepared_has(pid_t pid)
{
	int i, j;

	for (i = 0; i < limit; i++) {
		if (table[i].pid == pid)
			return true;
		for (j = 0; j < table[i].nfirst; j++)
			if (table[i].first[j] == pid)
				return true;
	}
	return false;
}

void cr_prepared_clean(struct cr_prepared *p)
{
	if (!p->nfirst)
		return;
	if (kill(p->first[p->nfirst - 1], SIGUSR1) || !wait_for_bell(CLEAN_MS))
		cr_prepared_drop(p);
}

/* The entry of the subject with these steps; NULL where it has none. Without @subject: a free one. */
struct cr_prepared *cr_prepared_find(const char *subject)
{
	int i;

	for (i = 0; i < limit; i++)
		if (table[i].subject == subject)
			return &table[i];
	return NULL;
}

/* An entry for the subject with these steps, which has none yet; NULL where the table is full or can't be. */
struct cr_prepared *cr_prepared_take(const char *subject)
{
	struct cr_prepared *p;

	if (!limit)
		open_table();
	p = cr_prepared_find(NULL);
	if (p)
		p->subject = subject;
	return p;
}

/* This process's pid where /proc was mounted, which is where the supervisor is. */
static pid_t outer_pid(void)
{
	char text[24];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);
	long long pid;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return cr_parse_long(text, &pid) ? pid : 0;
}

/*
 * The life of a pid namespace's first process: at each signal it ends all others there and sets the order of pids back, so that
 * every case finds the namespace as the first one did. It keeps the capabilities of the namespace's maker.
 */
static void first_process(struct cr_shared *sh, int i) __attribute__((noreturn));
static void first_process(struct cr_shared *sh, int i)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC), sig;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	signal(SIGCHLD, SIG_IGN);
	sh->first[i] = outer_pid();
	while (write(bell[1], "", 1) == 1) {
		if (sigwait(&set, &sig))
			break;
		kill(-1, SIGKILL);
		while (waitpid(-1, NULL, 0) >= 0 || errno == EINTR)
			;
		if (fd >= 0)
			cr_pwrite(fd, "1", 1, 0);
	}
	_exit(1);
}

/*
 * The step "pidns" while a subject is prepared: the process itself stays outside, with the namespace for its children, so that
 * only the namespace's first process and what belongs to a case are inside.
 */
int cr_prepare_pid_namespace(struct cr_ctx *c)
{
	struct cr_shared *sh = c->sh;
	int before = sh->base, nth = sh->nfirst, i;
	pid_t pid;

	if (sh->nfirst) {
		/* A namespace within the one made before: enter that. */
		pid = cr_clone(CLONE_PARENT, NULL);
		if (pid < 0)
			return pid;
		if (pid) {
			/* The supervisor must know the successor before it sees this end. */
			for (i = 0; i < 100000 && sh->base == before; i++)
				sched_yield();
			_exit(0);
		}
		sh->base = outer_pid();
	}
	if (unshare(CLONE_NEWPID))
		return -errno;
	pid = cr_clone(CLONE_PARENT, NULL);
	if (!pid)
		first_process(sh, nth);
	if (pid < 0)
		return pid;
	sh->nfirst++;
	return 0;
}

/* The subject is made: fork a case at once, which reads it back, and one more at each signal. Returns in the cases. */
void cr_fork_cases(struct cr_ctx *c)
{
	struct cr_shared *sh = c->sh;
	int ns = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC), sig;
	sigset_t set;
	bool by_kernel;
	pid_t pid;

	/* Out of the way of the descriptors that cases get. */
	c->ns = fcntl(ns, F_DUPFD_CLOEXEC, CR_SELF_FD - 8);
	close(ns);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	/* Where this process and the supervisor are in one pid namespace, the kernel tells the supervisor the pid itself. */
	by_kernel = sh->nfirst < 2;
	while ((pid = cr_clone(by_kernel ? CLONE_PARENT | CLONE_PARENT_SETTID : CLONE_PARENT,
			       &sh->worker)) > 0) {
		c->preparing = false;
		if (sigwait(&set, &sig))
			pid = -EINVAL;
	}
	if (pid)
		_exit(1);
	if (!by_kernel)
		sh->worker = outer_pid();
	setpgid(0, 0);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

/* A forked case is the subject that was read back, or ends here. */
void cr_prove(struct cr_ctx *c)
{
	struct cr_identity now;

	cr_note_identity(&now, c->ns);
	/* What lies between the members is zero in both. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	if (memcmp(&now, &c->sh->identity, sizeof(now)))
		cr_finish(c, END_SUBJECT, "--",
			  "a process forked from the subject is not as the subject was read back");
	c->probing = true;
	c->p = c->sh->program;
}
