// SPDX-License-Identifier: MIT
/* Steps on paths: what is told of a file without opening it, and file capabilities in the formats that there have been. */
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

/* @arg: PATH,SET,FLAGS[,ROOTID]: file capabilities; FLAGS: ep, p, i, ei */
static int step_filecap(struct cr_ctx *c, char *arg)
{
	char *path = cr_next(&arg, ','), *expr = cr_next(&arg, ','), *flags = cr_next(&arg, ',');
	uint32_t v[6] = { 0 };
	uint64_t set;
	long long root = 0;

	(void)c;
	if (!flags || !cr_parse_caps(expr, &set) || (arg && !cr_parse_long(arg, &root)))
		return CR_MISUSED;
	v[0] = arg ? 0x03000000 : VFS_CAP_REVISION_2;
	if (strchr(flags, 'e'))
		v[0] |= VFS_CAP_FLAGS_EFFECTIVE;
	if (strchr(flags, 'p')) {
		v[1] = set;
		v[3] = set >> 32;
	}
	if (strchr(flags, 'i')) {
		v[2] = set;
		v[4] = set >> 32;
	}
	v[5] = root;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (int i = 0; i < 6; i++)
		v[i] = __builtin_bswap32(v[i]);
#endif
	return setxattr(path, "security.capability", v, arg ? 24 : 20, 0) ? -errno : 0;
}

/* @arg: PATH: the first format, 32 bits a set, every bit on: no kernel that can make user namespaces takes it. */
static int step_filecap_v1(struct cr_ctx *c, char *arg)
{
	static const unsigned char v1[12] = { 1, 0, 0, 1, 0xff, 0xff, 0xff, 0xff };

	(void)c;
	return setxattr(arg, "security.capability", v1, sizeof(v1), 0) ? -errno : 0;
}

const struct cr_step cr_steps_path[] = {
	{ "stat", step_stat, STEP_OP, "=PATH following links" },
	{ "lstat", step_lstat, STEP_OP, "=PATH the link itself" },
	{ "readlink", step_readlink, STEP_OP, "=PATH where it points" },
	{ "access", step_access, STEP_OP, "=r|w|x,PATH access(2): the real user's rights" },
	{ "eaccess", step_eaccess, STEP_OP, "=r|w|x,PATH faccessat2(2) with AT_EACCESS" },
	{ "chmod", step_chmod, STEP_OP, "=MODE,PATH" },
	{ "ls", step_ls, STEP_OP, "=PATH some or none" },
	{ "filecap", step_filecap, STEP_SETUP, "=PATH,SET,FLAGS[,ROOTID] file capabilities" },
	{ "filecap_v1", step_filecap_v1, STEP_OP, "=PATH file capabilities of revision 1" },
	{ NULL, NULL, 0, NULL },
};
