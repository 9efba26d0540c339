// SPDX-License-Identifier: MIT
/*
 * A case on a machine that is somebody's: nothing that it starts outlives it, nor the one who asked for it. Each has a supervisor
 * of its own; what that leaves, killed before its end, comes to this process.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

static int line_of_life = -1;
static bool listens;
static volatile sig_atomic_t in_case, over;
static struct handover {
	int len;
	char out[CR_PAYLOAD_MAX];
} * handover;

static void on_child(int sig)
{
	(void)sig;
}

/* Between two cases there is nothing to end but this process. */
static void on_stop(int sig)
{
	over = 1;
	if (!in_case)
		_exit(128 + sig);
}

/*
 * @lifeline: a descriptor whose other end is who asked; with it gone, or a signal that ends programs, the running case is killed
 * with all that it started. -1: nobody.
 * @listening: it is the channel, and what comes there is heard while a case runs.
 */
void cr_apart_open(int lifeline, bool listening)
{
	struct sigaction sa;

	line_of_life = lifeline;
	listens = listening;
	handover = mmap(NULL, sizeof(*handover), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (handover == MAP_FAILED)
		handover = NULL;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_child;
	sigaction(SIGCHLD, &sa, NULL);
	sa.sa_handler = on_stop;
	sigaction(SIGHUP, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* True once nobody wants to know any more. */
bool cr_apart_over(void)
{
	return over;
}

/* Sleep until the supervisor ends: true; or until nobody wants to know: false. All signals are blocked but while it sleeps. */
static bool wait_for(pid_t pid)
{
	struct pollfd line = { .fd = line_of_life,
			       .events = listens ? POLLRDHUP | POLLIN : POLLRDHUP };
	sigset_t none;

	sigemptyset(&none);
	while (!waitpid(pid, NULL, WNOHANG)) {
		if (ppoll(&line, 1, NULL, &none) > 0 &&
		    (line.revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL) ||
		     (line.revents & POLLIN && !cr_channel_listen())))
			over = 1;
		if (over)
			return false;
	}
	return true;
}

/* As cr_supervise(); -EPIPE where the case was ended since nobody wants to know any more. */
int cr_run_case_apart(const char *program, unsigned int deadline_ms, unsigned long n, char *out,
		      size_t outlen)
{
	sigset_t all, before;
	pid_t pid;
	int len;

	if (!handover)
		return -ENOMEM;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	in_case = 1;
	handover->len = -EIO; /* stands if the supervisor dies */
	pid = cr_fork();
	if (!pid) {
		handover->len = cr_supervise_apart(program, deadline_ms, n, NULL, handover->out,
						   sizeof(handover->out));
		_exit(0);
	}
	len = pid;
	if (pid > 0 && wait_for(pid)) {
		len = handover->len;
		if (len >= 0 && (size_t)len < outlen)
			memcpy(out, handover->out, len + 1);
	} else if (pid > 0) {
		kill(pid, SIGKILL);
		cr_clean_up(pid);
		len = -EPIPE;
	}
	in_case = 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return len;
}
