// SPDX-License-Identifier: MIT
/* System V IPC: the id that comes next. The next_id sysctls themselves are files: open, write. */
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "core.h"

/* @arg: msg, sem or shm: make one, remove it. Evidence: its id. */
static int step_ipc_new(struct cr_ctx *c, char *arg)
{
	int id;

	if (!strcmp(arg, "msg")) {
		id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
		if (id >= 0)
			msgctl(id, IPC_RMID, NULL);
	} else if (!strcmp(arg, "sem")) {
		id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
		if (id >= 0)
			semctl(id, 0, IPC_RMID);
	} else if (!strcmp(arg, "shm")) {
		id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
		if (id >= 0)
			shmctl(id, IPC_RMID, NULL);
	} else {
		return -EINVAL;
	}
	if (id < 0)
		return -errno;
	cr_value_num(c, id);
	return 0;
}

const struct cr_step cr_steps_ipc[] = {
	{ "ipc_new", step_ipc_new, STEP_OP, "=msg|sem|shm make one and remove it; its id" },
	{ NULL, NULL, 0, NULL },
};
