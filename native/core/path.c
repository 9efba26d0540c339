// SPDX-License-Identifier: MIT
/* Steps on paths: what is told of a file without opening it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "core.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

static int stat_at(const char *path, int flags)
{
	struct stat st;

	return fstatat(AT_FDCWD, path, &st, flags) ? -errno : 0;
}

static int step_stat(struct cr_ctx *c, char *arg)
{
	(void)c;
	return stat_at(arg, 0);
}

static int step_lstat(struct cr_ctx *c, char *arg)
{
	(void)c;
	return stat_at(arg, AT_SYMLINK_NOFOLLOW);
}

static int step_readlink(struct cr_ctx *c, char *arg)
{
	ssize_t n = readlink(arg, c->value, sizeof(c->value));

	if (n < 0)
		return -errno;
	c->value_len = n;
	return 0;
}

/* @arg: MODE,PATH with MODE r, w or x: access(2), which asks for the real user */
static int access_at(char *arg, bool effective)
{
	char *how = cr_next(&arg, ',');
	int mode = *how == 'w' ? W_OK : *how == 'x' ? X_OK : R_OK;

	if (!arg)
		return CR_MISUSED;
	if (effective)
		return syscall(SYS_faccessat2, AT_FDCWD, arg, mode, AT_EACCESS) ? -errno : 0;
	return syscall(SYS_faccessat, AT_FDCWD, arg, mode) ? -errno : 0;
}

static int step_access(struct cr_ctx *c, char *arg)
{
	(void)c;
	return access_at(arg, false);
}

static int step_eaccess(struct cr_ctx *c, char *arg)
{
	(void)c;
	return access_at(arg, true);
}

static int step_chmod(struct cr_ctx *c, char *arg)
{
	char *mode = cr_next(&arg, ',');
	unsigned int bits = cr_octal(mode);

	(void)c;
	if (!arg)
		return CR_MISUSED;
	return chmod(arg, bits) ? -errno : 0;
}

/* @arg: PATH; evidence: "some" or "none" entries besides the dots */
static int step_ls(struct cr_ctx *c, char *arg)
{
	char buf[4096];
	bool some = false;
	int err, fd;
	long n;

	fd = open(arg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0) {
		long pos = 0;

		while (pos < n) {
			const char *name = buf + pos + 19; /* struct linux_dirent64: d_name */
			unsigned short len;

			memcpy(&len, buf + pos + 16, sizeof(len));
			some = some || (strcmp(name, ".") && strcmp(name, ".."));
			pos += len;
		}
	}
	err = n < 0 ? -errno : 0;
	close(fd);
	if (!err)
		cr_value(c, some ? "some" : "none");
	return err;
}

const struct cr_step cr_steps_path[] = {
	{ "stat", step_stat, STEP_OP, "=PATH following links" },
	{ "lstat", step_lstat, STEP_OP, "=PATH the link itself" },
	{ "readlink", step_readlink, STEP_OP, "=PATH where it points" },
	{ "access", step_access, STEP_OP, "=r|w|x,PATH access(2): the real user's rights" },
	{ "eaccess", step_eaccess, STEP_OP, "=r|w|x,PATH faccessat2(2) with AT_EACCESS" },
	{ "chmod", step_chmod, STEP_OP, "=MODE,PATH" },
	{ "ls", step_ls, STEP_OP, "=PATH some or none" },
	{ NULL, NULL, 0, NULL },
};
