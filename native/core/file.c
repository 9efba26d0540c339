// SPDX-License-Identifier: MIT
/* Files, and the sysctl files among them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

static const struct {
	const char *name;
	int flag;
} open_flags[] = {
	{ "r", O_RDONLY },	{ "w", O_WRONLY },	    { "rw", O_RDWR },
	{ "path", O_PATH },	{ "creat", O_CREAT },	    { "trunc", O_TRUNC },
	{ "dir", O_DIRECTORY }, { "nofollow", O_NOFOLLOW }, { "nonblock", O_NONBLOCK },
	{ "noctty", O_NOCTTY },
};

/* r+nofollow and the like; -1 for a word that is none. */
static int parse_flags(char *arg)
{
	char *word;
	int flags = 0;
	size_t i;

	while ((word = cr_next(&arg, '+'))) {
		for (i = 0; i < sizeof(open_flags) / sizeof(open_flags[0]); i++)
			if (!strcmp(word, open_flags[i].name))
				break;
		if (i == sizeof(open_flags) / sizeof(open_flags[0]))
			return -1;
		flags |= open_flags[i].flag;
	}
	return flags;
}

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#define MFD_EXEC	16U
#endif

/* An executable memfd, unless @flags say otherwise: vm.memfd_noexec=1 makes others of those that don't ask. Returns -1 and errno. */
int cr_memfd(const char *name, unsigned int flags)
{
	unsigned int exec = flags & MFD_NOEXEC_SEAL ? 0 : MFD_EXEC;
	int fd = syscall(SYS_memfd_create, name, flags | exec);

	/* Before 6.3 there is no such flag. */
	if (fd < 0 && errno == EINVAL && exec)
		fd = syscall(SYS_memfd_create, name, flags);
	return fd;
}

/* @arg: S,FLAGS,PATH */
static int step_open(struct cr_ctx *c, char *arg)
{
	char *rest = arg, *slot = cr_next(&rest, ','), *how = cr_next(&rest, ',');
	int flags, fd;

	if (!how || !rest)
		return CR_MISUSED;
	flags = parse_flags(how);
	if (flags < 0)
		return CR_MISUSED;
	cr_unescape(rest);
	cr_slot_set(c, slot, SLOT_NONE, 0);
	fd = open(rest, flags, 0644);
	if (fd < 0)
		return -errno;
	cr_slot_set(c, slot, SLOT_FD, fd);
	return 0;
}

/*
 * @arg: S,FLAGS,RESOLVE,PATH; RESOLVE: no_magiclinks, no_symlinks, no_xdev, beneath, in_root or none. DIRECTORY//NAME starts
 * at the directory.
 */
static int step_openat2(struct cr_ctx *c, char *arg)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} resolve[] = { { "none", 0 },	      { "no_xdev", 1 }, { "no_magiclinks", 2 },
			{ "no_symlinks", 4 }, { "beneath", 8 }, { "in_root", 16 } };
	char *rest = arg, *slot = cr_next(&rest, ','), *how = cr_next(&rest, ','),
	     *res = cr_next(&rest, ','), *name;
	struct {
		uint64_t flags, mode, resolve;
	} open_how = { 0, 0, 0 };
	int flags, dir = AT_FDCWD, err;
	size_t i;
	long fd;

	if (!res || !rest)
		return CR_MISUSED;
	flags = parse_flags(how);
	if (flags < 0)
		return CR_MISUSED;
	open_how.flags = flags;
	for (i = 0; i < sizeof(resolve) / sizeof(resolve[0]); i++)
		if (!strcmp(res, resolve[i].name))
			break;
	if (i == sizeof(resolve) / sizeof(resolve[0]))
		return CR_MISUSED;
	open_how.resolve = resolve[i].flag;
	cr_slot_set(c, slot, SLOT_NONE, 0);
	name = strstr(rest, "//");
	if (name) {
		*name = '\0';
		dir = open(rest, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return -errno;
		rest = name + 2;
	}
	fd = syscall(SYS_openat2, dir, rest, &open_how, sizeof(open_how));
	err = fd < 0 ? -errno : 0;
	if (dir >= 0)
		close(dir);
	if (err)
		return err;
	cr_slot_set(c, slot, SLOT_FD, fd);
	return 0;
}

/* @arg: S,COUNT[,OFFSET]; evidence: the bytes */
static int step_read(struct cr_ctx *c, char *arg)
{
	char *rest = arg, *slot = cr_next(&rest, ','), *count = cr_next(&rest, ',');
	long long n, off = -1;
	ssize_t got;
	int fd = cr_slot_fd(c, slot);

	if (!count || !cr_parse_long(count, &n) || n < 0 || n > (long long)sizeof(c->value) ||
	    (rest && !cr_parse_long(rest, &off)))
		return CR_MISUSED;
	if (fd < 0)
		return CR_NOT_TRIED;
	got = off < 0 ? read(fd, c->value, n) : pread(fd, c->value, n, off);
	if (got < 0)
		return -errno;
	c->value_len = got;
	return 0;
}

/* @arg: S,BYTES[,OFFSET]; evidence: how many bytes were taken */
static int step_write(struct cr_ctx *c, char *arg)
{
	char *rest = arg, *slot = cr_next(&rest, ','), *data = cr_next(&rest, ',');
	int fd = cr_slot_fd(c, slot);
	long long off = -1;
	size_t len;
	ssize_t n;

	if (!data || (rest && !cr_parse_long(rest, &off)))
		return CR_MISUSED;
	if (fd < 0)
		return CR_NOT_TRIED;
	len = cr_unescape(data);
	n = off < 0 ? write(fd, data, len) : cr_pwrite(fd, data, len, off);
	if (n < 0)
		return -errno;
	cr_value_num(c, n);
	return 0;
}

/* What comes through a pipe by splice(2): how much of it was taken. */
static int step_splice(struct cr_ctx *c, char *arg)
{
	char *rest = arg, *slot = cr_next(&rest, ',');
	int fd = cr_slot_fd(c, slot), ends[2], err = 0;
	size_t len;
	ssize_t n;

	if (!rest)
		return CR_MISUSED;
	if (fd < 0)
		return CR_NOT_TRIED;
	len = cr_unescape(rest);
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	if (write(ends[1], rest, len) != (ssize_t)len)
		err = -EIO;
	n = err ? err : splice(ends[0], NULL, fd, NULL, len, 0);
	if (n < 0 && !err)
		err = -errno;
	else if (!err)
		cr_value_num(c, n);
	close(ends[0]);
	close(ends[1]);
	return err;
}

/* For this open file alone, without waiting: another one of the same file is another holder. */
static int step_flock(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg);

	if (fd < 0)
		return CR_NOT_TRIED;
	return flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
}

static int step_seek(struct cr_ctx *c, char *arg)
{
	char *rest = arg, *slot = cr_next(&rest, ',');
	int fd = cr_slot_fd(c, slot);
	long long off;

	if (fd < 0)
		return CR_NOT_TRIED;
	if (!rest || !cr_parse_long(rest, &off))
		return CR_MISUSED;
	return lseek(fd, off, SEEK_SET) < 0 ? -errno : 0;
}

static int step_close(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg);

	if (fd < 0)
		return CR_NOT_TRIED;
	cr_slot_set(c, arg, SLOT_NONE, 0);
	return close(fd) ? -errno : 0;
}

/* @arg: PATH; evidence: its first line */
static int step_cat(struct cr_ctx *c, char *arg)
{
	ssize_t n = cr_slurp(arg, c->value, sizeof(c->value));

	if (n < 0)
		return n;
	c->value_len = strcspn(c->value, "\n");
	return 0;
}

/* @arg: S,PATH[,DELTA]: the number in a file, plus DELTA, into slot S. */
static int step_number(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ','), *path = cr_next(&arg, ','), buf[64];
	long long v, delta = 0;
	ssize_t n;

	if (!path || (arg && !cr_parse_long(arg, &delta)))
		return CR_MISUSED;
	n = cr_slurp(path, buf, sizeof(buf));
	if (n < 0)
		return n;
	buf[strcspn(buf, "\n")] = '\0';
	if (!cr_parse_long(buf, &v))
		return -ERANGE;
	cr_slot_set(c, slot, SLOT_NUM, v + delta);
	return 0;
}

/* @arg: S[,DELTA]: the size of a page, plus DELTA, into slot S. */
static int step_page(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ',');
	long long delta = 0;

	if (arg && !cr_parse_long(arg, &delta))
		return CR_MISUSED;
	cr_slot_set(c, slot, SLOT_NUM, sysconf(_SC_PAGESIZE) + delta);
	return 0;
}

/* @arg: PATH,TEXT */
static int step_put(struct cr_ctx *c, char *arg)
{
	char *path = cr_next(&arg, ',');

	(void)c;
	return arg ? cr_spit(path, arg, cr_unescape(arg)) : CR_MISUSED;
}

/* @arg: PATH[,MODE[,UID[,TEXT]]]: a file made for the case */
static int step_mkfile(struct cr_ctx *c, char *arg)
{
	char *path = cr_next(&arg, ','), *mode = cr_next(&arg, ','), *uid = cr_next(&arg, ',');
	unsigned int bits = cr_octal(mode);
	long long owner = 0;
	size_t len = 0;
	int fd, err = 0;

	(void)c;
	if (uid && !cr_parse_long(uid, &owner))
		return CR_MISUSED;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (arg)
		len = cr_unescape(arg);
	if (len && write(fd, arg, len) != (ssize_t)len)
		err = -EIO;
	if (!err && ((uid && fchown(fd, owner, owner)) || fchmod(fd, bits ? bits : 0644)))
		err = -errno;
	close(fd);
	return err;
}

static int step_mkdir(struct cr_ctx *c, char *arg)
{
	char *path = cr_next(&arg, ','), *mode = cr_next(&arg, ',');
	unsigned int bits = cr_octal(mode);

	(void)c;
	if (mkdir(path, 0700) && errno != EEXIST)
		return -errno;
	return chmod(path, mode ? bits : 0755) ? -errno : 0;
}

static int step_unlink(struct cr_ctx *c, char *arg)
{
	(void)c;
	return unlink(arg) && rmdir(arg) ? -errno : 0;
}

/* @arg: PATH,NEW: a second name of a file */
static int step_link(struct cr_ctx *c, char *arg)
{
	char *path = cr_next(&arg, ',');

	(void)c;
	if (!arg)
		return CR_MISUSED;
	return link(path, arg) ? -errno : 0;
}

const struct cr_step cr_steps_file[] = {
	{ "open", step_open, STEP_OP,
	  "=S,FLAGS,PATH flags: r w rw path creat trunc dir nofollow, joined by +" },
	{ "openat2", step_openat2, STEP_OP, "=S,FLAG,RESOLVE,PATH" },
	{ "read", step_read, STEP_OP, "=S,COUNT[,OFFSET] the bytes" },
	{ "write", step_write, STEP_OP, "=S,BYTES[,OFFSET] how many were taken" },
	{ "splice", step_splice, STEP_OP, "=S,BYTES through a pipe; how many were taken" },
	{ "flock", step_flock, STEP_OP, "=S LOCK_EX|LOCK_NB" },
	{ "seek", step_seek, STEP_OP, "=S,OFFSET" },
	{ "close", step_close, STEP_OP, "=S" },
	{ "cat", step_cat, STEP_OP, "=PATH its first line" },
	{ "number", step_number, STEP_SETUP,
	  "=S,PATH[,DELTA] the number in a file, plus DELTA, into slot S" },
	{ "page", step_page, STEP_SETUP, "=S[,DELTA] the size of a page, plus DELTA, into slot S" },
	{ "put", step_put, STEP_SETUP, "=PATH,TEXT write it" },
	{ "mkfile", step_mkfile, STEP_SETUP, "=PATH[,MODE[,UID[,TEXT]]]" },
	{ "mkdir", step_mkdir, STEP_SETUP, "=PATH[,MODE]" },
	{ "unlink", step_unlink, STEP_SETUP, "=PATH a file or an empty directory" },
	{ "link", step_link, STEP_SETUP, "=PATH,NEW a hard link" },
	{ NULL, NULL, 0, NULL },
};
