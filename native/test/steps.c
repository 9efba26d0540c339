// SPDX-License-Identifier: MIT
/* Steps that end a guest or spoil what it has prepared, for the tests of what watches that. They are compiled into the tests' own agent only. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../core/core.h"

static int step_sysrq(struct cr_ctx *c, char *arg)
{
	int err = cr_spit("/proc/sys/kernel/sysrq", "1", 1);

	(void)c;
	return err ? err : cr_spit("/proc/sysrq-trigger", arg, 1);
}

static int step_hang(struct cr_ctx *c, char *arg)
{
	struct sched_param sp = { .sched_priority = 99 };

	(void)c;
	/* Alone on its processor, past every other task: the guest hangs as a spinning kernel would. */
	if (!strcmp(arg, "guest")) {
		cr_spit("/proc/sys/kernel/sched_rt_runtime_us", "-1", 2);
		/* Not by the library: musl only says that it can't. */
		syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &sp);
		for (;;)
			;
	}
	for (;;)
		pause();
	return 0;
}

/* Every process that this one may kill, with it the prepared subjects. */
static int step_killall(struct cr_ctx *c, char *arg)
{
	(void)c;
	(void)arg;
	return kill(-1, SIGKILL) ? -errno : 0;
}

/* Another process's view of its case, which stands where this one's does: it was forked, or forks, from the same. */
static int forget_namespaces(struct cr_ctx *c, long long pid)
{
	char path[48];
	struct cr_text t;
	int fd, err, none = -1;

	cr_text_init(&t, path, sizeof(path));
	cr_puts(&t, "/proc/");
	cr_putd(&t, pid);
	cr_puts(&t, "/mem");
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = pwrite(fd, &none, sizeof(none), (uintptr_t)&c->ns) == sizeof(none) ? 0 : -errno;
	close(fd);
	return err;
}

/* What is forked from a prepared subject from here on finds itself in other namespaces. Only one may be prepared so far. */
static int step_spoil_subject(struct cr_ctx *c, char *arg)
{
	char buf[256], *rest = buf, *word;
	long long pid;
	int err = -ESRCH;

	(void)arg;
	if (cr_slurp("/proc/1/task/1/children", buf, sizeof(buf)) <= 0)
		return err;
	while ((word = cr_next(&rest, ' ')))
		if (cr_parse_long(word, &pid) && pid != getpid())
			err = forget_namespaces(c, pid);
	return err;
}

const struct cr_step cr_steps_test[] = {
	{ "sysrq", step_sysrq, STEP_SETUP,
	  "=C write C to /proc/sysrq-trigger (c crashes the kernel)" },
	{ "killall", step_killall, STEP_OP, "kill every other process" },
	{ "spoil_subject", step_spoil_subject, STEP_OP,
	  "have all that is forked from the subject be another one" },
	{ "hang", step_hang, STEP_SETUP, "=case|guest never return" },
	{ NULL, NULL, 0, NULL },
};
