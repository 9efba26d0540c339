// SPDX-License-Identifier: MIT
/* Landlock: a domain of the subject's own, in which no file may be read. */
#include <errno.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../core/core.h"

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif

/* LANDLOCK_ACCESS_FS_READ_FILE */
#define READ_FILE 4

static int step_landlock(struct cr_ctx *c, char *arg)
{
	uint64_t handled = READ_FILE;
	long ruleset = syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0L);
	int err = 0;

	(void)c;
	(void)arg;
	if (ruleset < 0)
		return -errno;
	/* Without CAP_SYS_ADMIN a domain takes no_new_privs, which no boundary here looks at. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0L))
		err = -errno;
	close(ruleset);
	return err;
}

const struct cr_step cr_steps_landlock[] = {
	{ "landlock", step_landlock, STEP_SETUP, "enter a domain in which no file may be read" },
	{ NULL, NULL, 0, NULL },
};
