// SPDX-License-Identifier: MIT
/* clone3's flags beside the pid: what the new process and its parent see of each, so that a flag that was lost shows. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clone_effect.h"

static pid_t parent_before;
static ino_t time_before;

static ino_t time_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/time_for_children", &st) ? 0 : st.st_ino;
}

static void handler(int sig)
{
	(void)sig;
}

static void handle(void (*with)(int))
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = with;
	sigaction(SIGUSR2, &act, NULL);
}

void cr_clone_before(uint64_t flags)
{
	if (flags & CR_CLONE_CLEAR_SIGHAND)
		handle(handler);
	parent_before = getppid();
	time_before = time_namespace();
}

/* In the child: the first flag that had no effect, in words; NULL where all had. */
static const char *lost(const struct cr_shared *sh, uint64_t flags)
{
	struct sigaction act;

	if (flags & CLONE_PARENT && getppid() != parent_before)
		return "!parent";
	if (flags & CR_CLONE_CLEAR_SIGHAND &&
	    (sigaction(SIGUSR2, NULL, &act) || act.sa_handler != SIG_DFL))
		return "!sighand";
	if (flags & CR_CLONE_NEWTIME && time_namespace() == time_before)
		return "!time";
	if (flags & CR_CLONE_INTO_CGROUP && !cr_in_cgroup(sh))
		return "!cgroup";
	return NULL;
}

/* Behind the pids: it spoils them as evidence. */
static void add(struct cr_shared *sh, const char *word)
{
	struct cr_text t = { sh->child_nspid, sizeof(sh->child_nspid), strlen(sh->child_nspid),
			     false };

	cr_puts(&t, word);
}

void cr_clone_tell(struct cr_shared *sh, uint64_t flags)
{
	const char *word = lost(sh, flags);

	if (word)
		add(sh, word);
}

bool cr_pids_in(const char *text, const char *label, char *out, size_t size)
{
	const char *p = strstr(text, label), *end;
	struct cr_text t;

	cr_text_init(&t, out, size);
	for (p = p ? p + strlen(label) : ""; *p && *p != '\n'; p = end) {
		p += strspn(p, "\t ");
		end = p + strcspn(p, "\t \n");
		if (t.len)
			cr_puts(&t, "/");
		cr_putn(&t, p, end - p);
	}
	return t.len;
}

/*
 * Whether the descriptor's pids are the child's, as /proc/self/fdinfo has them, which is before the process is reaped.
 * A kernel without pid namespaces writes the one pid that there is, as Pid, and no NSpid, neither here nor for the
 * child (pidfd_show_fdinfo(), task_state(), CONFIG_PID_NS).
 */
static bool names(int pidfd, const struct cr_shared *sh)
{
	char path[64], info[1024], list[96], only[24];
	const char *pids = sh->child_nspid;
	struct cr_text t;

	if (!*pids) {
		cr_text_init(&t, only, sizeof(only));
		cr_putd(&t, sh->child_pid);
		pids = only;
	}
	cr_text_init(&t, path, sizeof(path));
	cr_puts(&t, "/proc/self/fdinfo/");
	cr_putd(&t, pidfd);
	return cr_slurp(path, info, sizeof(info)) > 0 &&
	       (cr_pids_in(info, "\nNSpid:", list, sizeof(list)) ||
		cr_pids_in(info, "\nPid:", list, sizeof(list))) &&
	       !strcmp(list, pids);
}

void cr_clone_after(struct cr_shared *sh, uint64_t flags, pid_t pid, int pidfd)
{
	const struct timespec moment = { 0, 1000000 };
	siginfo_t info;
	int i;

	if (flags & CR_CLONE_CLEAR_SIGHAND)
		handle(SIG_DFL);
	/* A sibling is another's to wait for. */
	for (i = 0; flags & CLONE_PARENT && i < 2000 && !sh->child_pid; i++)
		nanosleep(&moment, NULL);
	if (!(flags & CR_CLONE_PIDFD))
		return;
	while (waitid(P_PID, pid, &info, WEXITED | WNOWAIT | __WALL) && errno == EINTR)
		;
	if (!names(pidfd, sh))
		add(sh, "!pidfd");
	close(pidfd);
}
