// SPDX-License-Identifier: MIT
/* What a process leaves behind: the mapping of its own executable, without which it can change /proc/self/exe, and what it inherited. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static unsigned long long number(const char **p, unsigned int base)
{
	unsigned long long v = 0;

	for (;; (*p)++) {
		int d = **p >= '0' && **p <= '9'		 ? **p - '0'
			: (**p | 32) >= 'a' && (**p | 32) <= 'f' ? (**p | 32) - 'a' + 10
								 : 99;

		if (d >= (int)base)
			return v;
		v = v * base + d;
	}
}

#ifdef __SANITIZE_ADDRESS__
/* A whole mapping, with the gaps that the sanitizer put between variables: its memcpy() would take each for an overrun. */
__attribute__((no_sanitize("address"))) static void
copy_mapping(volatile unsigned long *to, const volatile unsigned long *from, size_t size)
{
	size_t i;

	for (i = 0; i < size / sizeof(*to); i++)
		to[i] = from[i];
}
#else
#define copy_mapping(to, from, size) memcpy(to, from, size)
#endif

/* Put an anonymous copy in the place of one mapping. The new page holds the code that runs here, too. */
static int replace(unsigned long start, unsigned long end, int prot)
{
	size_t size = end - start;
	char *copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (copy == MAP_FAILED)
		return -errno;
	if (prot & PROT_READ)
		copy_mapping((void *)copy, (void *)start, size);
	__builtin___clear_cache(copy, copy + size);
	if (mprotect(copy, size, prot))
		return -errno;
	return mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)start) == MAP_FAILED
		       ? -errno
		       : 0;
}

/*
 * No mapping of the old executable may remain, or the kernel answers EBUSY: live on in anonymous memory.
 * Returns 0 or -errno.
 */
int cr_leave_executable(void)
{
	static char buf[16 * 1024];
	const char *p = buf, *line, *end;
	struct stat st;
	int err;

	if (stat("/proc/self/exe", &st) || cr_slurp("/proc/self/maps", buf, sizeof(buf)) <= 0)
		return -errno;
	for (; (end = strchr(p, '\n')); p = end + 1) {
		unsigned long from, to, major, minor;
		int prot = 0;

		line = p;
		from = number(&line, 16);
		line++;
		to = number(&line, 16);
		line++;
		prot |= line[0] == 'r' ? PROT_READ : 0;
		prot |= line[1] == 'w' ? PROT_WRITE : 0;
		prot |= line[2] == 'x' ? PROT_EXEC : 0;
		line += 5;
		number(&line, 16);
		line++;
		major = number(&line, 16);
		line++;
		minor = number(&line, 16);
		line++;
		if (number(&line, 10) != st.st_ino || makedev(major, minor) != st.st_dev)
			continue;
		err = replace(from, to, prot);
		if (err)
			return err;
	}
	return 0;
}

/* Who forked may have had handlers, masks and descriptors that mean nothing here. */
void cr_shed_inheritance(void)
{
	struct sigaction sa;
	int sig, fd;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = SIG_DFL;
	for (sig = 1; sig < 65; sig++)
		sigaction(sig, &sa, NULL);
	/* Kernels before 5.9: as many as a process ordinarily may have. */
	if (syscall(SYS_close_range, 3U, ~0U, 0U))
		for (fd = 3; fd < 1024; fd++)
			close(fd);
	setpgid(0, 0);
}
