// SPDX-License-Identifier: MIT
/* What a restorer wants besides, and the capability must not unlock. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../core/core.h"

/* A filter that answers EXDEV for getsid(), without no_new_privs. Evidence: filtered, where it does. */
static int step_filter(struct cr_ctx *c, char *arg)
{
	int err = cr_filter_call(SYS_getsid, EXDEV);

	(void)arg;
	if (err)
		return err;
	cr_value(c, syscall(SYS_getsid, 0L) < 0 && errno == EXDEV ? "filtered" : "open");
	return 0;
}

static long long monotonic(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) ? 0 : now.tv_sec;
}

/*
 * The clock of the time namespace that children will have, 10000 seconds ahead. Evidence: ahead, where a child's is, or by how
 * many seconds.
 */
static int step_timens(struct cr_ctx *c, char *arg)
{
	static const char offset[] = "monotonic 10000 0\n";
	int err = cr_spit("/proc/self/timens_offsets", offset, sizeof(offset) - 1);
	long long before = monotonic(), ahead;
	pid_t pid;

	(void)arg;
	if (err)
		return err;
	c->sh->child_pid = 0;
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid) {
		c->sh->child_pid = monotonic() - before;
		_exit(0);
	}
	cr_reap(pid);
	ahead = c->sh->child_pid;
	if (ahead >= 10000 && ahead < 10100)
		cr_value(c, "ahead");
	else
		cr_value_num(c, ahead);
	return 0;
}

/* Make a process with RLIMIT_NPROC at 0. Evidence: made, where it ran. */
static int step_nproc(struct cr_ctx *c, char *arg)
{
	struct rlimit limit;
	pid_t pid;

	(void)arg;
	if (getrlimit(RLIMIT_NPROC, &limit))
		return -errno;
	limit.rlim_cur = 0;
	if (setrlimit(RLIMIT_NPROC, &limit))
		return -errno;
	c->sh->child_pid = 0;
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid) {
		c->sh->child_pid = getpid();
		_exit(0);
	}
	cr_reap(pid);
	cr_value(c, c->sh->child_pid == pid ? "made" : "other");
	return 0;
}

static struct {
	struct file_handle head;
	unsigned char bytes[MAX_HANDLE_SZ];
} handle;

/* @arg: PATH: its handle, for by_handle */
static int step_handle(struct cr_ctx *c, char *arg)
{
	int mount;

	(void)c;
	memset(&handle, 0, sizeof(handle));
	handle.head.handle_bytes = MAX_HANDLE_SZ;
	return name_to_handle_at(AT_FDCWD, arg, &handle.head, &mount, 0) ? -errno : 0;
}

/* @arg: DIRECTORY,COUNT: open the file of the handle, on the directory's mount. Evidence: the bytes. */
static int step_by_handle(struct cr_ctx *c, char *arg)
{
	char *path = cr_next(&arg, ',');
	int dir, fd, err = 0;
	long long count;
	ssize_t n;

	if (!arg || !cr_parse_long(arg, &count) || count < 0 || count > (long long)sizeof(c->value))
		return CR_MISUSED;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	fd = open_by_handle_at(dir, &handle.head, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err = -errno;
	close(dir);
	if (err)
		return err;
	n = read(fd, c->value, count);
	if (n < 0)
		err = -errno;
	else
		c->value_len = n;
	close(fd);
	return err;
}

/* A page that is not there yet, watched by the descriptor and filled through it from the page behind. */
static int fill_page(int fd, char *page, long size)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register watch = { .range = { (uintptr_t)page, size },
					 .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_copy copy = { .dst = (uintptr_t)page,
				    .src = (uintptr_t)page + size,
				    .len = size };

	memset(page + size, 'x', size);
	if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &watch) ||
	    ioctl(fd, UFFDIO_COPY, &copy))
		return -errno;
	return page[size - 1] == 'x' ? 0 : -EIO;
}

/* A userfaultfd for faults of the kernel as well as one's own. Evidence: filled, where it filled a page. */
static int step_userfaultfd(struct cr_ctx *c, char *arg)
{
	long size = sysconf(_SC_PAGESIZE);
	char *pages;
	int fd = syscall(SYS_userfaultfd, (long)O_CLOEXEC), err;

	(void)arg;
	if (fd < 0)
		return -errno;
	pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	err = pages == MAP_FAILED ? -errno : fill_page(fd, pages, size);
	if (!err)
		cr_value(c, "filled");
	close(fd);
	return err;
}

const struct cr_step cr_steps_control_restore[] = {
	{ "filter", step_filter, STEP_OP, "a seccomp filter without no_new_privs: filtered" },
	{ "timens", step_timens, STEP_OP, "/proc/self/timens_offsets; is a child's clock ahead" },
	{ "nproc", step_nproc, STEP_OP, "a process beyond RLIMIT_NPROC: made" },
	{ "handle", step_handle, STEP_SETUP, "=PATH its handle" },
	{ "by_handle", step_by_handle, STEP_OP, "=DIRECTORY,COUNT open_by_handle_at(); the bytes" },
	{ "userfaultfd", step_userfaultfd, STEP_OP, "one that takes the kernel's faults: filled" },
	{ NULL, NULL, 0, NULL },
};
