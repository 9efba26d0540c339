// SPDX-License-Identifier: MIT
/* Victims of CRIU: programs that count in the kind of memory, threads or processes that is to be restored, and write it down. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "criu.h"

enum victim { PLAIN, MEMFD, DELETED, THREADS, TREE, PROGRAM };

static const struct {
	const char *name;
	int hands;
} kinds[] = {
	[PLAIN] = { "plain", 1 },     [MEMFD] = { "memfd", 1 }, [DELETED] = { "deleted", 1 },
	[THREADS] = { "threads", 2 }, [TREE] = { "tree", 2 },	[PROGRAM] = { "program", 1 },
};

static int find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return i;
	return -1;
}

int cr_victim_hands(const char *kind)
{
	int i = find_kind(kind);

	return i < 0 ? 0 : kinds[i].hands;
}

static struct cr_hand hands[CR_HANDS_MAX];
static int record = -1;

static void count_on(struct cr_hand *h, int n) __attribute__((noreturn));
static void count_on(struct cr_hand *h, int n)
{
	const struct timespec pause = { 0, 2000000 };
	struct timespec now;
	struct stat exe;

	clock_gettime(CLOCK_MONOTONIC, &now);
	h->born = now.tv_sec * 1000000000ULL + now.tv_nsec;
	for (;;) {
		h->pid = getpid();
		h->tid = syscall(SYS_gettid);
		if (stat("/proc/self/exe", &exe))
			_exit(1);
		h->dev = exe.st_dev;
		h->ino = exe.st_ino;
		h->count++;
		if (pwrite(record, h, sizeof(*h), n * sizeof(*h)) != sizeof(*h))
			_exit(1);
		nanosleep(&pause, NULL);
	}
}

static char thread_stack[16 * 1024] __attribute__((aligned(64)));

static int second_hand(void *arg)
{
	(void)arg;
	count_on(&hands[1], 1);
}

/* A mapping of a file that has no name, or none any more. */
static struct cr_hand *map_nameless(enum victim kind, const char *path)
{
	char mapped[128];
	struct cr_text t;
	void *p;
	int fd;

	cr_text_init(&t, mapped, sizeof(mapped));
	cr_puts(&t, path);
	cr_puts(&t, ".mapped");
	fd = kind == MEMFD ? cr_memfd("victim", 0) : open(mapped, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (fd < 0 || ftruncate(fd, 4096))
		return NULL;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED || (kind == DELETED && unlink(mapped)))
		return NULL;
	close(fd);
	return p;
}

/* A program of its own: counts until it is killed. @path: where it writes that down. Returns where it could not begin. */
int cr_victim(const char *name, const char *path)
{
	int flags =
		CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
	int kind = find_kind(name);
	struct cr_hand *h = &hands[0];

	record = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (kind < 0 || record < 0)
		return 1;
	if (kind == MEMFD || kind == DELETED)
		h = map_nameless(kind, path);
	if (!h)
		return 1;
	if (kind == TREE) {
		pid_t pid = cr_fork();

		if (pid < 0)
			return 1;
		if (!pid)
			count_on(&hands[1], 1);
	}
	if (kind == THREADS &&
	    clone(second_hand, thread_stack + sizeof(thread_stack), flags, NULL) < 0)
		return 1;
	count_on(h, 0);
}
