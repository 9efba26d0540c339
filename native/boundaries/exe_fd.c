// SPDX-License-Identifier: MIT
/* /proc/self/exe and the prctl(PR_SET_MM) that may change it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../core/core.h"

/*
 * struct prctl_mm_map, spelled for a 32-bit program on a 64-bit kernel, too: the kernel translates nothing, so such a
 * program needs the kernel's own layout, where the pointer has 64 bits.
 */
struct mm_map {
	uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
	uint64_t arg_start, arg_end, env_start, env_end;
	union {
		struct {
			uint64_t auxv;
			uint32_t auxv_size, exe_fd;
		} wide;
		struct {
			uint32_t auxv, auxv_size, exe_fd;
		} narrow;
	};
};

#define WIDE_SIZE 104

/* The size that this kernel expects; what a program of this word size was compiled with, where it does not tell. */
static unsigned int map_size(void)
{
	unsigned int size = 0;

	if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, &size, 0UL, 0UL))
		size = sizeof(struct prctl_mm_map);
	return size;
}

/* Does the kernel read the layout with the 64-bit pointer? */
static bool is_wide(void)
{
	return sizeof(long) == 8 || map_size() > sizeof(struct prctl_mm_map);
}

static void set_tail(struct mm_map *m, uint64_t auxv, uint32_t auxv_size, uint32_t exe_fd)
{
	if (is_wide()) {
		m->wide.auxv = auxv;
		m->wide.auxv_size = auxv_size;
		m->wide.exe_fd = exe_fd;
	} else {
		m->narrow.auxv = auxv;
		m->narrow.auxv_size = auxv_size;
		m->narrow.exe_fd = exe_fd;
	}
}

/* The process's memory layout as the kernel has it: /proc/self/stat's fields, numbered as in proc(5). */
static int own_map(struct mm_map *m)
{
	char buf[1024], *p, *word;
	unsigned long long f[52] = { 0 };
	int i;

	if (cr_slurp("/proc/self/stat", buf, sizeof(buf)) <= 0)
		return -EIO;
	p = strrchr(buf, ')');
	if (!p)
		return -EIO;
	p += 2;
	for (i = 3; i < 52 && (word = cr_next(&p, ' ')); i++)
		for (; *word >= '0' && *word <= '9'; word++)
			f[i] = f[i] * 10 + (*word - '0');
	memset(m, 0, sizeof(*m));
	m->start_code = f[26];
	m->end_code = f[27];
	m->start_stack = f[28];
	m->start_data = f[45];
	m->end_data = f[46];
	m->start_brk = f[47];
	m->arg_start = f[48];
	m->arg_end = f[49];
	m->env_start = f[50];
	m->env_end = f[51];
	m->brk = syscall(SYS_brk, 0);
	set_tail(m, 0, 0, -1);
	return 0;
}

/* One field made wrong, for the checks that come before the capability's. */
static int spoil(struct mm_map *m, const char *what)
{
	if (!strcmp(what, "start_code"))
		m->start_code = m->end_code; /* must be below */
	else if (!strcmp(what, "brk"))
		m->brk = m->start_brk - 4096;
	else if (!strcmp(what, "arg_high"))
		m->arg_start = m->arg_end = ~0ULL; /* beyond any task */
	else if (!strcmp(what, "arg_low"))
		m->arg_start = m->arg_end = 1; /* below mmap_min_addr */
	else if (!strcmp(what, "data_equal"))
		m->start_data = m->end_data; /* allowed since 5.2 */
	else
		return CR_MISUSED;
	return 0;
}

static uint64_t arg_start; /* before the last shift */

/* What auxv:ok installs: an entry that no kernel makes, and the end. */
static const unsigned long own_auxv[] = { 0x6372, 0x6361, 0, 0 };

/*
 * @arg: items KEY:VALUE joined by ',': exe:S|NUMBER (default -1), size:N, arg5:N, spoil:FIELD,
 * auxv:ok|bad|big|null, ptr:bad, shift:N (arg_start moves)
 */
static int step_mm_map(struct cr_ctx *c, char *arg)
{
	static const uint64_t big[128];
	unsigned long size = map_size(), arg5 = 0;
	uint64_t auxv_at = 0;
	uint32_t auxv_size = 0, exe_fd = -1;
	struct mm_map m;
	char *item, *key;
	bool bad = false;
	long long v;
	int err = own_map(&m);

	if (err)
		return err;
	while (arg && *arg) {
		item = cr_next(&arg, ',');
		key = cr_next(&item, ':');
		if (!item)
			return CR_MISUSED;
		if (!strcmp(key, "exe")) {
			if (cr_parse_long(item, &v)) {
				exe_fd = v;
			} else {
				if (cr_slot_fd(c, item) < 0)
					return CR_NOT_TRIED;
				exe_fd = cr_slot_fd(c, item);
			}
		} else if (!strcmp(key, "spoil")) {
			if (spoil(&m, item))
				return CR_MISUSED;
		} else if (!strcmp(key, "ptr")) {
			if (strcmp(item, "bad"))
				return CR_MISUSED;
			bad = true;
		} else if (!strcmp(key, "auxv")) {
			auxv_size = sizeof(own_auxv);
			if (!strcmp(item, "ok")) {
				auxv_at = (uintptr_t)own_auxv;
			} else if (!strcmp(item, "big")) {
				auxv_at = (uintptr_t)big;
				auxv_size = sizeof(big);
			} else if (!strcmp(item, "bad")) {
				auxv_at = 16;
			} else if (strcmp(item, "null")) {
				return CR_MISUSED;
			}
		} else if (!cr_parse_long(item, &v)) {
			return CR_MISUSED;
		} else if (!strcmp(key, "size")) {
			size = v;
		} else if (!strcmp(key, "shift")) {
			arg_start = m.arg_start;
			m.arg_start += v;
		} else if (!strcmp(key, "arg5")) {
			arg5 = v;
		} else {
			return CR_MISUSED;
		}
	}
	set_tail(&m, auxv_at, auxv_size, exe_fd);
	return prctl(PR_SET_MM, PR_SET_MM_MAP, bad ? (void *)16 : (void *)&m, size, arg5) ? -errno
											  : 0;
}

/* Evidence: how far the last shift moved arg_start. */
static int step_arg_shift(struct cr_ctx *c, char *arg)
{
	struct mm_map m;
	int err = own_map(&m);

	(void)arg;
	if (!err)
		cr_value_num(c, (long long)(m.arg_start - arg_start));
	return err;
}

/* Evidence: is /proc/self/auxv what mm_map's auxv:ok installs? */
static int step_auxv(struct cr_ctx *c, char *arg)
{
	char buf[1024];
	ssize_t n = cr_slurp("/proc/self/auxv", buf, sizeof(buf));

	(void)arg;
	if (n < 0)
		return n;
	cr_value(c, n >= (ssize_t)sizeof(own_auxv) && !memcmp(buf, own_auxv, sizeof(own_auxv))
			    ? "yes"
			    : "no");
	return 0;
}

/* @arg: "", "bad" for a bad pointer, "arg4" for rubbish in the argument that is not used. Evidence: the size. */
static int step_mm_map_size(struct cr_ctx *c, char *arg)
{
	unsigned int size = 0;

	if (*arg && strcmp(arg, "bad") && strcmp(arg, "arg4"))
		return CR_MISUSED;
	if (prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, *arg == 'b' ? (void *)16 : (void *)&size,
		  *arg == 'a' ? 0x5a5aUL : 0UL, 0UL))
		return -errno;
	if (size == sizeof(struct prctl_mm_map))
		cr_value(c, "native");
	else if (size == WIDE_SIZE)
		cr_value(c, "the 64-bit kernel's");
	else
		cr_value_num(c, size);
	return 0;
}

/* @arg: OPTION[,S]: the older operations, each with the value that is there already. */
static int step_mm(struct cr_ctx *c, char *arg)
{
	static const struct {
		const char *name;
		int option;
		size_t field; /* where struct mm_map has the value that is there already */
	} names[] = {
		{ "start_code", PR_SET_MM_START_CODE, offsetof(struct mm_map, start_code) },
		{ "end_code", PR_SET_MM_END_CODE, offsetof(struct mm_map, end_code) },
		{ "start_data", PR_SET_MM_START_DATA, offsetof(struct mm_map, start_data) },
		{ "end_data", PR_SET_MM_END_DATA, offsetof(struct mm_map, end_data) },
		{ "start_stack", PR_SET_MM_START_STACK, offsetof(struct mm_map, start_stack) },
		{ "start_brk", PR_SET_MM_START_BRK, offsetof(struct mm_map, start_brk) },
		{ "brk", PR_SET_MM_BRK, offsetof(struct mm_map, brk) },
		{ "arg_start", PR_SET_MM_ARG_START, offsetof(struct mm_map, arg_start) },
		{ "arg_end", PR_SET_MM_ARG_END, offsetof(struct mm_map, arg_end) },
		{ "env_start", PR_SET_MM_ENV_START, offsetof(struct mm_map, env_start) },
		{ "env_end", PR_SET_MM_ENV_END, offsetof(struct mm_map, env_end) },
		{ "auxv", PR_SET_MM_AUXV, 0 },
		{ "exe_file", PR_SET_MM_EXE_FILE, 0 },
		{ "unknown", 99, 0 },
	};
	char *name = cr_next(&arg, ',');
	static uint64_t auxv[2];
	uint64_t value;
	struct mm_map m;
	size_t i;
	int err = own_map(&m);

	if (err)
		return err;
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && strcmp(name, names[i].name); i++)
		;
	if (i == sizeof(names) / sizeof(names[0]))
		return CR_MISUSED;
	switch (names[i].option) {
	case PR_SET_MM_AUXV:
		return prctl(PR_SET_MM, PR_SET_MM_AUXV, auxv, 2UL * sizeof(long), 0UL) ? -errno : 0;
	case PR_SET_MM_EXE_FILE:
		if (cr_slot_fd(c, arg) < 0)
			return CR_NOT_TRIED;
		value = cr_slot_fd(c, arg);
		break;
	case 99:
		value = 0;
		break;
	default:
		memcpy(&value, (const char *)&m + names[i].field, sizeof(value));
	}
	return prctl(PR_SET_MM, names[i].option, (unsigned long)value, 0UL, 0UL) ? -errno : 0;
}

/* @arg: S: is /proc/self/exe the file in slot S? Evidence: yes or no. */
static int step_exe(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg);
	struct stat a, b;

	if (fd < 0)
		return CR_NOT_TRIED;
	if (fstat(fd, &a) || stat("/proc/self/exe", &b))
		return -errno;
	cr_value(c, a.st_dev == b.st_dev && a.st_ino == b.st_ino ? "yes" : "no");
	return 0;
}

/* Quick where the supervisor has done it already: then nothing is left to replace. */
static int step_exe_unmap(struct cr_ctx *c, char *arg)
{
	(void)c;
	(void)arg;
	return cr_leave_executable();
}

/* @arg: S[,noexec] */
static int step_memfd(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ',');
	int fd;

	if (arg && strcmp(arg, "noexec"))
		return CR_MISUSED;
	fd = cr_memfd("exe", arg ? 8U /* MFD_NOEXEC_SEAL */ : 0);
	if (fd < 0)
		return -errno;
	cr_slot_set(c, slot, SLOT_FD, fd);
	return 0;
}

const struct cr_step cr_steps_exe_fd[] = {
	{ "mm_map", step_mm_map, STEP_OP,
	  "=KEY:VALUE,... PR_SET_MM_MAP: exe:S|N size:N arg5:N spoil:FIELD auxv:KIND ptr:bad" },
	{ "arg_shift", step_arg_shift, STEP_OP, "how far mm_map's shift moved arg_start" },
	{ "auxv", step_auxv, STEP_OP, "is /proc/self/auxv mm_map's auxv:ok: yes or no" },
	{ "mm_map_size", step_mm_map_size, STEP_OP, "[=bad|arg4] PR_SET_MM_MAP_SIZE" },
	{ "mm", step_mm, STEP_OP,
	  "=OPTION[,S] an older PR_SET_MM operation with the value that is there" },
	{ "exe", step_exe, STEP_OP, "=S is /proc/self/exe the file in slot S: yes or no" },
	{ "exe_unmap", step_exe_unmap, STEP_SETUP, "live on without a mapping of the executable" },
	{ "memfd", step_memfd, STEP_SETUP, "=S[,noexec] an empty memfd" },
	{ NULL, NULL, 0, NULL },
};
