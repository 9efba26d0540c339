// SPDX-License-Identifier: MIT
/* Steps that end a guest, for the tests of what watches it. They are compiled into the tests' own agent only. */
#include <errno.h>
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

const struct cr_step cr_steps_test[] = {
	{ "sysrq", step_sysrq, STEP_SETUP,
	  "=C write C to /proc/sysrq-trigger (c crashes the kernel)" },
	{ "killall", step_killall, STEP_OP, "kill every other process" },
	{ "hang", step_hang, STEP_SETUP, "=case|guest never return" },
	{ NULL, NULL, 0, NULL },
};
