// SPDX-License-Identifier: MIT
/* Namespaces: making them, mapping ids into them, entering them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "prepared.h"

static int write_map(pid_t pid, const char *file, const char *map)
{
	char path[64], text[256];
	struct cr_text t;
	size_t i;

	cr_text_init(&t, path, sizeof(path));
	cr_puts(&t, "/proc/");
	if (pid)
		cr_putd(&t, pid);
	else
		cr_puts(&t, "self");
	cr_puts(&t, file);
	cr_text_init(&t, text, sizeof(text));
	for (i = 0; map[i]; i++)
		cr_putn(&t, map[i] == ':' ? " " : map[i] == ',' ? "\n" : map + i, 1);
	return t.cut ? -E2BIG : cr_spit(path, text, t.len);
}

/* Is it one id, the caller's own? That much an unprivileged process may map itself. */
static bool maps_itself(const char *map)
{
	char copy[64], *rest = copy, *out, *count;
	long long id;

	if (strchr(map, ',') || strlen(map) >= sizeof(copy))
		return false;
	strcpy(copy, map);
	cr_next(&rest, ':');
	out = cr_next(&rest, ':');
	count = cr_next(&rest, ':');
	return out && count && !strcmp(count, "1") && cr_parse_long(out, &id) &&
	       id == (long long)geteuid() && id == (long long)getegid();
}

/* A privileged process of the parent namespace writes the maps: a child that stays behind there. */
static int map_by_helper(const char *map)
{
	int go[2], status, err;
	pid_t self = getpid(), helper;
	char byte;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	helper = cr_fork();
	if (helper < 0)
		return helper;
	if (!helper) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(EPIPE);
		err = write_map(self, "/uid_map", map);
		if (!err)
			err = write_map(self, "/gid_map", map);
		_exit(-err);
	}
	close(go[0]);
	err = unshare(CLONE_NEWUSER) ? -errno : 0;
	if (!err && write(go[1], "", 1) != 1)
		err = -EPIPE;
	close(go[1]);
	if (waitpid(helper, &status, 0) < 0)
		return -errno;
	return err ? err : WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

/* @arg: INSIDE:OUTSIDE:COUNT[,...] for users and groups alike; empty: no map at all. */
static int step_userns(struct cr_ctx *c, char *arg)
{
	int err;

	(void)c;
	if (*arg && !maps_itself(arg))
		return map_by_helper(arg);
	if (unshare(CLONE_NEWUSER))
		return -errno;
	if (!*arg)
		return 0;
	err = cr_spit("/proc/self/setgroups", "deny", 4);
	if (!err)
		err = write_map(0, "/uid_map", arg);
	if (!err)
		err = write_map(0, "/gid_map", arg);
	return err;
}

static int ns_flags(const char *arg)
{
	static const struct {
		const char *name;
		int flag;
	} names[] = {
		{ "user", CLONE_NEWUSER }, { "pid", CLONE_NEWPID },
		{ "ipc", CLONE_NEWIPC },   { "time", 0x00000080 /* CLONE_NEWTIME */ },
		{ "mnt", CLONE_NEWNS },	   { "net", CLONE_NEWNET },
		{ "uts", CLONE_NEWUTS },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(arg, names[i].name))
			return names[i].flag;
	return 0;
}

static int step_unshare(struct cr_ctx *c, char *arg)
{
	int flag = ns_flags(arg);

	(void)c;
	return flag ? unshare(flag) ? -errno : 0 : CR_MISUSED;
}

/* A new pid namespace, with the case going on as its first process. */
static int step_pidns(struct cr_ctx *c, char *arg)
{
	(void)arg;
	if (c->preparing)
		return cr_prepare_pid_namespace(c);
	if (unshare(CLONE_NEWPID))
		return -errno;
	return cr_go_on_as_child(c, 0);
}

/* Children are made in the namespace entered last: go on as one. */
static int step_inside(struct cr_ctx *c, char *arg)
{
	(void)arg;
	return cr_go_on_as_child(c, 0);
}

/* @arg: TYPE,S: the namespace of the process in slot S; fd,S: that of the descriptor. */
static int step_setns(struct cr_ctx *c, char *arg)
{
	char *rest = arg, *type = cr_next(&rest, ','), *name = cr_next(&rest, ',');
	struct cr_slot *s = cr_slot(c, name);
	char path[64];
	struct cr_text t;
	int fd, err;

	if (s->type == SLOT_FD && !strcmp(type, "fd"))
		return setns(s->num, 0) ? -errno : 0;
	if (s->type != SLOT_PID || !ns_flags(type))
		return CR_MISUSED;
	cr_text_init(&t, path, sizeof(path));
	cr_puts(&t, "/proc/");
	cr_putd(&t, s->num);
	cr_puts(&t, "/ns/");
	cr_puts(&t, type);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = setns(fd, ns_flags(type)) ? -errno : 0;
	close(fd);
	return err;
}

const struct cr_step cr_steps_namespace[] = {
	{ "userns", step_userns, STEP_SETUP,
	  "[=IN:OUT:COUNT,...] a new user namespace with this id map" },
	{ "pidns", step_pidns, STEP_SETUP, "a new pid namespace; go on as its first process" },
	{ "inside", step_inside, STEP_SETUP,
	  "fork, and go on as the child: in the pid namespace entered last" },
	{ "unshare", step_unshare, STEP_SETUP, "=user|pid|ipc|mnt|net|uts" },
	{ "unshare?", step_unshare, STEP_OP, "=TYPE the same as an operation under test" },
	{ "setns", step_setns, STEP_SETUP,
	  "=TYPE,S enter the namespace of the process (fd: descriptor) in slot S" },
	{ "setns?", step_setns, STEP_OP, "=TYPE,S the same as an operation under test" },
	{ NULL, NULL, 0, NULL },
};
