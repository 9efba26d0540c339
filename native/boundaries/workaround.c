// SPDX-License-Identifier: MIT
/* What was done, and can be done, without the capability. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../core/core.h"

/* @arg: N: fork until the pid N ahead of the next one comes. Evidence: reached, and how many forks a second. */
static int step_cycle(struct cr_ctx *c, char *arg)
{
	long long ahead, forks = 0, start = cr_now_us(), us;
	char buf[48];
	struct cr_text t;
	pid_t pid, want;

	if (!cr_parse_long(arg, &ahead) || ahead < 1)
		return CR_MISUSED;
	pid = cr_fork();
	if (!pid)
		_exit(0);
	if (pid < 0)
		return pid;
	cr_reap(pid);
	want = pid + ahead;
	while (pid != want && forks++ < 3 * ahead) {
		pid = cr_fork();
		if (!pid)
			_exit(0);
		if (pid < 0)
			return pid;
		cr_reap(pid);
		/* Somebody else was faster: the next one, then. */
		if (pid > want && cr_taken_down_from(want))
			want = pid + ahead;
	}
	us = cr_now_us() - start;
	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, pid == want ? "reached, " : "missed, ");
	cr_putd(&t, forks * 1000000 / (us ? us : 1));
	cr_puts(&t, " forks a second");
	cr_value(c, buf);
	return 0;
}

/*
 * @arg: PATH: execute it under ptrace and write over its code before its first instruction. Evidence: whether the
 * code changed, and whether /proc/PID/exe still names the file.
 */
static int step_ptrace_exe(struct cr_ctx *c, char *arg)
{
	char *argv[] = { arg, "--version", NULL }, *envp[] = { NULL }, link[64];
	unsigned long entry = getauxval(AT_ENTRY);
	struct stat want, have;
	bool rewritten, named;
	struct cr_text t;
	int status;
	pid_t pid;

	if (stat(arg, &want))
		return -errno;
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execve(arg, argv, envp);
		_exit(1);
	}
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) {
		return -EPERM;
	}
	/* The file is a copy of this helper, linked at fixed addresses: its first instruction stands where ours does. */
	ptrace(PTRACE_POKETEXT, pid, (void *)entry, (void *)0x5a5a5a5aL);
	rewritten = ptrace(PTRACE_PEEKTEXT, pid, (void *)entry, NULL) == 0x5a5a5a5aL;
	cr_text_init(&t, link, sizeof(link));
	cr_puts(&t, "/proc/");
	cr_putd(&t, pid);
	cr_puts(&t, "/exe");
	named = !stat(link, &have) && have.st_dev == want.st_dev && have.st_ino == want.st_ino;
	kill(pid, SIGKILL);
	cr_reap(pid);
	cr_value(c,
		 rewritten ? named ? "rewritten, exe kept" : "rewritten, exe lost" : "untouched");
	return 0;
}

/* Needs nothing but itself, so it runs wherever it is mapped. */
static __attribute__((noinline, noclone, section(".text.loaded"), aligned(64))) int
loaded_code(int n)
{
	return n * 2 + 1;
}

/*
 * @arg: PATH: map the code of another file and run it, as a loader does. Evidence: what it answered.
 * The file is a copy of this helper: its function lies as far into its code segment as ours.
 */
static int step_load_code(struct cr_ctx *c, char *arg)
{
	const ElfW(Phdr) *ph = (const ElfW(Phdr) *)getauxval(AT_PHDR);
	unsigned long count = getauxval(AT_PHNUM), at = (unsigned long)loaded_code, i;
	long page = sysconf(_SC_PAGESIZE);
	int (*volatile code)(int);
	off_t offset = -1;
	char *mem;
	int fd;

	for (i = 0; ph && i < count; i++)
		if (ph[i].p_type == PT_LOAD && at >= ph[i].p_vaddr &&
		    at < ph[i].p_vaddr + ph[i].p_filesz)
			offset = at - ph[i].p_vaddr + ph[i].p_offset;
	if (offset < 0)
		return -ENOEXEC;
	fd = open(arg, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	mem = mmap(NULL, 2 * page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, offset & ~(page - 1));
	close(fd);
	if (mem == MAP_FAILED)
		return -errno;
	code = (int (*)(int))(uintptr_t)(mem + (offset & (page - 1)));
	cr_value_num(c, code(20));
	munmap(mem, 2 * page);
	return 0;
}

const struct cr_step cr_steps_workaround[] = {
	{ "cycle", step_cycle, STEP_OP, "=N fork until the pid N ahead comes" },
	{ "ptrace_exe", step_ptrace_exe, STEP_OP,
	  "=PATH execute a copy of this helper under ptrace and rewrite its code" },
	{ "load_code", step_load_code, STEP_OP,
	  "=PATH map a copy of this helper and run code from it" },
	{ NULL, NULL, 0, NULL },
};
