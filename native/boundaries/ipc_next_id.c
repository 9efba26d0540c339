// SPDX-License-Identifier: MIT
/* System V IPC: the id that comes next. The next_id sysctls themselves are files: open, write. */
#include <errno.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "../core/core.h"

/* Keys that nobody else uses. */
#define KEY(n) ((key_t)(0x63720000 + (n)))

static int get(const char *kind, key_t key, int flags)
{
	if (!strcmp(kind, "msg"))
		return msgget(key, flags);
	if (!strcmp(kind, "sem"))
		return semget(key, 1, flags);
	if (!strcmp(kind, "shm"))
		return shmget(key, 4096, flags);
	errno = EINVAL;
	return -1;
}

static void drop(const char *kind, int id)
{
	if (*kind == 'm')
		msgctl(id, IPC_RMID, NULL);
	else if (kind[1] == 'e')
		semctl(id, 0, IPC_RMID);
	else
		shmctl(id, IPC_RMID, NULL);
}

/*
 * @arg: msg, sem or shm[,KEY[,keep]]: make one, with a key or private, and remove it unless it is to be kept, which only an
 * ipc namespace of the case's own may do. Evidence: its id.
 */
static int step_ipc_new(struct cr_ctx *c, char *arg)
{
	char *rest = arg, *kind = cr_next(&rest, ','), *key = cr_next(&rest, ',');
	long long n = 0;
	int id;

	if (key && !cr_parse_long(key, &n))
		return CR_MISUSED;
	id = get(kind, key ? KEY(n) : IPC_PRIVATE, IPC_CREAT | IPC_EXCL | 0600);
	if (id < 0)
		return -errno;
	if (!rest)
		drop(kind, id);
	cr_value_num(c, id);
	return 0;
}

/* @arg: msg, sem or shm, and a key: look one up. Evidence: its id. */
static int step_ipc_find(struct cr_ctx *c, char *arg)
{
	char *rest = arg, *kind = cr_next(&rest, ',');
	long long n;
	int id;

	if (!rest || !cr_parse_long(rest, &n))
		return CR_MISUSED;
	id = get(kind, KEY(n), 0);
	if (id < 0)
		return -errno;
	cr_value_num(c, id);
	return 0;
}

const struct cr_step cr_steps_ipc[] = {
	{ "ipc_new", step_ipc_new, STEP_OP,
	  "=msg|sem|shm[,KEY[,keep]] make one and remove it; its id" },
	{ "ipc_find", step_ipc_find, STEP_OP, "=msg|sem|shm,KEY look one up; its id" },
	{ NULL, NULL, 0, NULL },
};
