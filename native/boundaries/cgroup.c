// SPDX-License-Identifier: MIT
/*
 * Control groups of a case's own: PREFIX/from, where it is, and PREFIX/to, where its processes may be asked for. They are in the
 * one hierarchy of version 2 that all mount namespaces share, so the supervisor takes them away after the case.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boundaries.h"

/* Where a mount namespace of the case's own has the hierarchy. */
#define MOUNT "/tmp"

static const char *const groups[] = { "", "/from", "/to" };

/* The path of @file in the case's group number @i. */
static void path_of(const struct cr_shared *sh, int i, const char *file, char *out, size_t size)
{
	struct cr_text t;

	cr_text_init(&t, out, size);
	cr_puts(&t, MOUNT "/");
	cr_puts(&t, sh->cgroup);
	cr_puts(&t, groups[i]);
	cr_puts(&t, file);
}

static int mount_hierarchy(void)
{
	int err = cr_own_mounts();

	if (err)
		return err;
	return mount("cgroup2", MOUNT, "cgroup2", 0, NULL) ? -errno : 0;
}

/* @arg: "open": anyone may move processes into PREFIX/to; else root may. Everyone may take them out of PREFIX/from. */
static int step_cgroups(struct cr_ctx *c, char *arg)
{
	struct cr_text t;
	char path[128];
	bool open_to_all = arg && *arg;
	int i, err;

	if (open_to_all && strcmp(arg, "open"))
		return CR_MISUSED;
	err = mount_hierarchy();
	if (err)
		return err;
	cr_text_init(&t, c->sh->cgroup, sizeof(c->sh->cgroup));
	cr_puts(&t, "crcap-");
	cr_putd(&t, getpid());
	for (i = 0; i < 3; i++) {
		path_of(c->sh, i, "", path, sizeof(path));
		if (mkdir(path, 0755))
			return -errno;
		path_of(c->sh, i, "/cgroup.procs", path, sizeof(path));
		/* A move takes the right to write where the process goes, and above where it comes from. */
		if ((i != 2 || open_to_all) && chmod(path, 0666))
			return -errno;
	}
	path_of(c->sh, 1, "/cgroup.procs", path, sizeof(path));
	return cr_spit(path, "0", 1);
}

int cr_open_cgroup(const struct cr_shared *sh)
{
	char path[128];

	path_of(sh, 2, "", path, sizeof(path));
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

bool cr_in_cgroup(const struct cr_shared *sh)
{
	char text[512], wanted[64];
	struct cr_text t;

	cr_text_init(&t, wanted, sizeof(wanted));
	cr_puts(&t, "0::/");
	cr_puts(&t, sh->cgroup);
	cr_puts(&t, "/to\n");
	return cr_slurp("/proc/self/cgroup", text, sizeof(text)) > 0 && strstr(text, wanted);
}

void cr_undo_cgroups(const struct cr_shared *sh)
{
	char path[128];
	int i;
	pid_t pid;

	if (!sh->cgroup[0])
		return;
	pid = cr_fork();
	if (pid > 0)
		cr_reap(pid);
	if (pid)
		return;
	if (!mount_hierarchy())
		for (i = 3; i-- > 0;) {
			path_of(sh, i, "", path, sizeof(path));
			rmdir(path);
		}
	_exit(0);
}

const struct cr_step cr_steps_cgroup[] = {
	{ "cgroups", step_cgroups, STEP_SETUP,
	  "[=open] a cgroup to be in, and one to move to; open: for everyone" },
	{ NULL, NULL, 0, NULL },
};
