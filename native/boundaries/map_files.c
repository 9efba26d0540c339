// SPDX-License-Identifier: MIT
/* Mappings of every kind, for /proc/PID/map_files to link to. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../core/core.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef MFD_HUGETLB
#define MFD_HUGETLB 4U
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8U
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif

static int keep(struct cr_ctx *c, const char *slot, void *at, size_t size)
{
	struct cr_slot *s = cr_slot(c, slot);

	if (at == MAP_FAILED)
		return -errno;
	s->type = SLOT_RANGE;
	s->start = (unsigned long)at;
	s->end = s->start + size;
	return 0;
}

/* Fill a new file, give it its mode, map it, and let the descriptor go. */
static int map_fd(struct cr_ctx *c, const char *slot, int fd, const char *mode, const char *data,
		  size_t len)
{
	long page = sysconf(_SC_PAGESIZE);
	int err = 0;
	void *at;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, page) || cr_pwrite(fd, data, len, 0) != (ssize_t)len ||
	    (mode && fchmod(fd, cr_octal(mode))))
		err = -errno;
	if (!err) {
		at = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		err = keep(c, slot, at, page);
	}
	close(fd);
	return err;
}

/* F_SEAL_WRITE allows no shared mapping that could be written, not even later. */
static int map_sealed(struct cr_ctx *c, const char *slot, const char *data, size_t len)
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = cr_memfd("sealed", 2 /* MFD_ALLOW_SEALING */), err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, page) || write(fd, data, len) != (ssize_t)len ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE))
		err = -errno;
	else
		err = keep(c, slot, mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0), page);
	close(fd);
	return err;
}

static int map_sysv(struct cr_ctx *c, const char *slot, const char *mode, const char *data,
		    size_t len)
{
	long page = sysconf(_SC_PAGESIZE);
	int id = shmget(IPC_PRIVATE, page, IPC_CREAT | cr_octal(mode));
	char *at;

	if (id < 0)
		return -errno;
	at = shmat(id, NULL, 0);
	shmctl(id, IPC_RMID, NULL);
	if (at == (char *)-1)
		return -errno;
	memcpy(at, data, len);
	return keep(c, slot, at, page);
}

static int map_secret(struct cr_ctx *c, const char *slot, const char *data, size_t len)
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = syscall(SYS_memfd_secret, 0), err;
	char *at;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, page)) {
		err = -errno;
	} else {
		at = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		err = keep(c, slot, at, page);
		if (!err)
			memcpy(at, data, len);
	}
	close(fd);
	return err;
}

/*
 * @arg: S,KIND,... :
 *   file,PATH            a file that exists, read-only and private
 *   deleted,PATH,MODE,BYTES   a new file, shared, unlinked at once
 *   new,PATH,MODE,BYTES       the same, not unlinked
 *   memfd,MODE,BYTES     sealed,BYTES     anon,BYTES     sysv,MODE,BYTES     secret,BYTES     hugetlb
 */
static int step_map(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ','), *kind = cr_next(&arg, ','), *path, *mode;
	long page = sysconf(_SC_PAGESIZE);
	struct stat st;
	size_t len;
	int fd, err;
	void *at;

	if (!kind)
		return CR_MISUSED;
	if (!strcmp(kind, "hugetlb")) {
		fd = cr_memfd("huge", MFD_HUGETLB);
		if (fd < 0)
			return -errno;
		/* The size of the default huge page: the mapping has as much, whatever is asked for. */
		if (fstat(fd, &st)) {
			err = -errno;
		} else {
			at = mmap(NULL, st.st_blksize, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd,
				  0);
			err = keep(c, slot, at, st.st_blksize);
		}
		close(fd);
		return err;
	}
	if (!arg)
		return CR_MISUSED;
	if (!strcmp(kind, "file")) {
		fd = open(arg, O_RDONLY);
		if (fd < 0)
			return -errno;
		at = mmap(NULL, page, PROT_READ, MAP_PRIVATE, fd, 0);
		err = keep(c, slot, at, page);
		close(fd);
		return err;
	}
	if (!strcmp(kind, "deleted") || !strcmp(kind, "new")) {
		path = cr_next(&arg, ',');
		mode = cr_next(&arg, ',');
		if (!arg)
			return CR_MISUSED;
		len = cr_unescape(arg);
		/* /tmp may be everybody's: nothing that stands there already is used. */
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		err = map_fd(c, slot, fd, mode, arg, len);
		if (fd >= 0 && *kind == 'd')
			unlink(path);
		return err;
	}
	if (!strcmp(kind, "memfd") || !strcmp(kind, "sysv")) {
		mode = cr_next(&arg, ',');
		if (!arg)
			return CR_MISUSED;
		len = cr_unescape(arg);
		if (*kind == 's')
			return map_sysv(c, slot, mode, arg, len);
		return map_fd(c, slot, cr_memfd("crcap", 0), mode, arg, len);
	}
	len = cr_unescape(arg);
	if (!strcmp(kind, "sealed"))
		return map_sealed(c, slot, arg, len);
	if (!strcmp(kind, "secret"))
		return map_secret(c, slot, arg, len);
	if (strcmp(kind, "anon"))
		return CR_MISUSED;
	at = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	err = keep(c, slot, at, page);
	if (!err)
		memcpy(at, arg, len);
	return err;
}

/* @arg: S,BYTES: what the mapping holds now. Evidence for writes that went through a link. */
static int step_mapped(struct cr_ctx *c, char *arg)
{
	struct cr_slot *s = cr_slot(c, cr_next(&arg, ','));
	long long n;

	if (s->type != SLOT_RANGE || !arg || !cr_parse_long(arg, &n) || n < 0 ||
	    n > (long long)sizeof(c->value))
		return CR_MISUSED;
	memcpy(c->value, (void *)s->start, n);
	c->value_len = n;
	return 0;
}

const struct cr_step cr_steps_map_files[] = {
	{ "map", step_map, STEP_SETUP,
	  "=S,KIND,... a mapping: file deleted new memfd sealed anon sysv secret hugetlb" },
	{ "mapped", step_mapped, STEP_OP, "=S,COUNT the bytes in the mapping" },
	{ NULL, NULL, 0, NULL },
};
