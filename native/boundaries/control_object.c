// SPDX-License-Identifier: MIT
/* What the capability must not unlock: queues, pipes, terminals, mounts, the host's name. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../core/core.h"

#ifndef F_SETPIPE_SZ
#define F_SETPIPE_SZ 1031
#define F_GETPIPE_SZ 1032
#endif
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

/* A pipe twice as large as anyone may have. Evidence: larger, or how large it is. */
static int step_pipe_size(struct cr_ctx *c, char *arg)
{
	char buf[32];
	int ends[2], err = 0, size;
	long long most;

	(void)arg;
	if (cr_slurp("/proc/sys/fs/pipe-max-size", buf, sizeof(buf)) < 0)
		return -errno;
	buf[strcspn(buf, "\n")] = '\0';
	if (!cr_parse_long(buf, &most))
		return -ERANGE;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	if (fcntl(ends[0], F_SETPIPE_SZ, (int)(2 * most)) < 0)
		err = -errno;
	size = fcntl(ends[0], F_GETPIPE_SZ);
	if (!err && size > most)
		cr_value(c, "larger");
	else if (!err)
		cr_value_num(c, size);
	close(ends[0]);
	close(ends[1]);
	return err;
}

/* @arg: the name; only in a uts namespace of the case's own. Evidence: the name as it then is. */
static int step_hostname(struct cr_ctx *c, char *arg)
{
	struct utsname u;

	if (sethostname(arg, strlen(arg)) || uname(&u))
		return -errno;
	cr_value(c, u.nodename);
	return 0;
}

static int slot_queue(struct cr_ctx *c, const char *name)
{
	struct cr_slot *s = cr_slot(c, name);

	return s->type == SLOT_NUM ? (int)s->num : -1;
}

/* @arg: S: a message queue for its maker only; in an ipc namespace of the case's own, with which it goes. */
static int step_msgq(struct cr_ctx *c, char *arg)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);

	if (id < 0)
		return -errno;
	cr_slot_set(c, arg, SLOT_NUM, id);
	return 0;
}

/* @arg: S; evidence: the queue's mode */
static int step_msg_stat(struct cr_ctx *c, char *arg)
{
	struct msqid_ds ds;

	if (msgctl(slot_queue(c, arg), IPC_STAT, &ds))
		return -errno;
	cr_value(c, (ds.msg_perm.mode & 0777) == 0600 ? "0600" : "other");
	return 0;
}

static int step_msg_remove(struct cr_ctx *c, char *arg)
{
	return msgctl(slot_queue(c, arg), IPC_RMID, NULL) ? -errno : 0;
}

/* Let a queue of one's own hold a byte more than the limit. Evidence: how much more it holds. */
static int step_msg_qbytes(struct cr_ctx *c, char *arg)
{
	int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600), err = 0;
	struct msqid_ds before, after;

	(void)arg;
	if (id < 0)
		return -errno;
	if (msgctl(id, IPC_STAT, &before)) {
		err = -errno;
	} else {
		after = before; /* a new queue has the limit */
		after.msg_qbytes++;
		if (msgctl(id, IPC_SET, &after) || msgctl(id, IPC_STAT, &after))
			err = -errno;
		else
			cr_value_num(c, (long)(after.msg_qbytes - before.msg_qbytes));
	}
	msgctl(id, IPC_RMID, NULL);
	return err;
}

/* @arg: FROM,TO: a bind mount */
static int step_bind(struct cr_ctx *c, char *arg)
{
	char *from = cr_next(&arg, ',');

	(void)c;
	return mount(from, arg, NULL, MS_BIND, NULL) ? -errno : 0;
}

/* @arg: S: type a line into a terminal that is not one's own. Evidence: how many bytes it has to read. */
static int step_tty_type(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg), there = 0;

	if (fd < 0)
		return CR_NOT_TRIED;
	if (ioctl(fd, TIOCSTI, "\n") || ioctl(fd, FIONREAD, &there))
		return -errno;
	cr_value_num(c, there);
	return 0;
}

/* @arg: M: the console's output to a terminal that can't be written: who may is told that, and nothing changes. */
static int step_tty_cons(struct cr_ctx *c, char *arg)
{
	int master = cr_slot_fd(c, arg), fd, err;

	if (master < 0)
		return CR_NOT_TRIED;
	fd = ioctl(master, TIOCGPTPEER, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = ioctl(fd, TIOCCONS, NULL) ? -errno : 0;
	close(fd);
	return err;
}

/* @arg: S,M: open a terminal once more that TIOCEXCL has closed to others */
static int step_tty_exclusive(struct cr_ctx *c, char *arg)
{
	int slave = cr_slot_fd(c, cr_next(&arg, ',')), master = cr_slot_fd(c, arg), fd;

	if (slave < 0 || master < 0)
		return CR_NOT_TRIED;
	if (ioctl(slave, TIOCEXCL, NULL))
		return -errno;
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

const struct cr_step cr_steps_control_object[] = {
	{ "pipe_size", step_pipe_size, STEP_OP, "a pipe beyond pipe-max-size: larger" },
	{ "hostname", step_hostname, STEP_OP, "=NAME sethostname(); the name" },
	{ "msgq", step_msgq, STEP_SETUP, "=S a message queue with mode 0600" },
	{ "msg_stat", step_msg_stat, STEP_OP, "=S IPC_STAT; its mode" },
	{ "msg_remove", step_msg_remove, STEP_OP, "=S IPC_RMID" },
	{ "msg_qbytes", step_msg_qbytes, STEP_OP, "a queue beyond msgmnb; by how much" },
	{ "bind", step_bind, STEP_OP, "=FROM,TO a bind mount" },
	{ "tty_type", step_tty_type, STEP_OP, "=S TIOCSTI; how many bytes there are to read" },
	{ "tty_cons", step_tty_cons, STEP_OP, "=M TIOCCONS with a terminal that can't be written" },
	{ "tty_exclusive", step_tty_exclusive, STEP_OP, "=S,M TIOCEXCL, then open it once more" },
	{ NULL, NULL, 0, NULL },
};
