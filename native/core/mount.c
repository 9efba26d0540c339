// SPDX-License-Identifier: MIT
/* Mounts that a case makes for itself, in a mount namespace of its own. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"

int cr_own_mounts(void)
{
	if (unshare(CLONE_NEWNS))
		return -errno;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ? -errno : 0;
}

static int step_mntns(struct cr_ctx *c, char *arg)
{
	(void)c;
	(void)arg;
	return cr_own_mounts();
}

/* A /tmp of the case's own, which goes with it. */
static int step_scratch(struct cr_ctx *c, char *arg)
{
	int err = step_mntns(c, arg);

	return err ? err : mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") ? -errno : 0;
}

/* A word of @options that is a flag of the mount: out of them with it. */
static bool takes_flag(char **options, const char *word)
{
	size_t len = strlen(word);

	if (!*options || strncmp(*options, word, len) ||
	    ((*options)[len] && (*options)[len] != ','))
		return false;
	*options = (*options)[len] ? *options + len + 1 : NULL;
	return true;
}

/* @arg: PATH[,nosuid][,noexec][,OPTIONS] */
static int mount_fs(const char *type, char *arg)
{
	char *rest = arg, *path = cr_next(&rest, ',');
	unsigned long flags = 0;

	if (takes_flag(&rest, "nosuid"))
		flags |= MS_NOSUID;
	if (takes_flag(&rest, "noexec"))
		flags |= MS_NOEXEC;
	if (mkdir(path, 0755) && errno != EEXIST)
		return -errno;
	return mount(type, path, type, flags, rest) ? -errno : 0;
}

static int step_tmpfs(struct cr_ctx *c, char *arg)
{
	(void)c;
	return mount_fs("tmpfs", arg);
}

static int step_proc(struct cr_ctx *c, char *arg)
{
	(void)c;
	return mount_fs("proc", arg);
}

/* @arg: PATH: a writable overlay of PATH/lower and PATH/upper at PATH/merged. */
static int step_overlay(struct cr_ctx *c, char *arg)
{
	static const char *const dirs[] = { "/lower", "/upper", "/work", "/merged" };
	char path[256], options[768];
	struct cr_text t, o;
	int i;

	(void)c;
	cr_text_init(&o, options, sizeof(options));
	for (i = 0; i < 4; i++) {
		cr_text_init(&t, path, sizeof(path));
		cr_puts(&t, arg);
		cr_puts(&t, dirs[i]);
		if (mkdir(path, 0755) && errno != EEXIST)
			return -errno;
		if (i < 3) {
			cr_puts(&o, i == 0 ? "lowerdir=" : i == 1 ? ",upperdir=" : ",workdir=");
			cr_puts(&o, path);
		}
	}
	return mount("overlay", path, "overlay", 0, options) ? -errno : 0;
}

static int step_bindro(struct cr_ctx *c, char *arg)
{
	(void)c;
	if (mount(arg, arg, NULL, MS_BIND, NULL))
		return -errno;
	return mount(NULL, arg, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) ? -errno : 0;
}

static int step_chroot(struct cr_ctx *c, char *arg)
{
	(void)c;
	return chroot(arg) || chdir("/") ? -errno : 0;
}

const struct cr_step cr_steps_mount[] = {
	{ "mntns", step_mntns, STEP_SETUP, "a private mount namespace" },
	{ "scratch", step_scratch, STEP_SETUP, "a private mount namespace with an empty /tmp" },
	{ "tmpfs", step_tmpfs, STEP_SETUP, "=PATH[,nosuid][,noexec][,OPTIONS] mount a tmpfs" },
	{ "proc", step_proc, STEP_SETUP, "=PATH[,OPTIONS] mount a new proc" },
	{ "proc?", step_proc, STEP_OP, "=PATH[,OPTIONS] the same as an operation under test" },
	{ "overlay", step_overlay, STEP_SETUP, "=PATH mount an overlay at PATH/merged" },
	{ "bindro", step_bindro, STEP_SETUP, "=PATH make it read-only by a bind mount" },
	{ "chroot", step_chroot, STEP_SETUP, "=PATH" },
	{ NULL, NULL, 0, NULL },
};
