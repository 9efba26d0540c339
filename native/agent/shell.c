// SPDX-License-Identifier: MIT
/* A guest for a person: a shell on the console, and the end of the guest when it ends. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

#define BUSYBOX "/bin/busybox"

/* The runner waits for its first words (vm/shell/shell.ts) before it sends what was typed. */
static const char welcome[] =
	"crprobe: this is a shell, as root, in a guest of its own. `crprobe PROGRAM` runs "
	"one case, `crprobe --doctor` tells\n"
	"what checkpoint/restore can do here, `exit` ends the guest.\n";

static char *const environment[] = { "PATH=/bin", "HOME=/", "TERM=linux", "PS1=# ", NULL };

/* /dev/console controls no session: the terminal that stands behind it does. */
static int open_terminal(void)
{
	char active[128], path[160];
	const char *last;
	struct cr_text t;
	int fd = -1;

	if (cr_slurp("/sys/class/tty/console/active", active, sizeof(active)) > 0) {
		active[strcspn(active, "\n")] = '\0';
		last = strrchr(active, ' ');
		cr_text_init(&t, path, sizeof(path));
		cr_puts(&t, "/dev/");
		cr_puts(&t, last ? last + 1 : active);
		fd = open(path, O_RDWR | O_NOCTTY);
	}
	return fd < 0 ? open("/dev/console", O_RDWR | O_NOCTTY) : fd;
}

static void end(int sig)
{
	(void)sig;
	/* System calls are all that it makes. NOLINTNEXTLINE(bugprone-signal-handler) */
	cr_power_off();
}

static void run(char *const argv[]) __attribute__((noreturn));
static void run(char *const argv[])
{
	int fd;

	setsid();
	fd = open_terminal();
	ioctl(fd, TIOCSCTTY, 0);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	execve(BUSYBOX, argv, environment);
	_exit(127);
}

static int wait_for(pid_t pid)
{
	int status = -1;
	pid_t gone;

	do {
		gone = wait(&status);
	} while (gone != pid && (gone > 0 || errno == EINTR));
	return status;
}

void cr_shell(void)
{
	char *const install[] = { BUSYBOX, "--install", "-s", "/bin", NULL };
	char *const shell[] = { "-sh", NULL };
	ssize_t said;
	pid_t pid;
	int fd;

	/* What busybox's halt, poweroff and reboot tell PID 1 ends it, and with it the guest. */
	signal(SIGUSR1, end);
	signal(SIGUSR2, end);
	signal(SIGTERM, end);
	pid = cr_fork();
	if (!pid)
		run(install);
	wait_for(pid);
	fd = open_terminal();
	if (fd >= 0) {
		said = write(fd, welcome, sizeof(welcome) - 1);
		(void)said;
		/* What the shell starts would have it as well, and CRIU can't dump that. */
		close(fd);
	}
	pid = cr_fork();
	if (!pid)
		run(shell);
	wait_for(pid);
	cr_power_off();
}
