// SPDX-License-Identifier: MIT
/* Another process, as far as it shows without asking it for anything. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor.h"

/* "/proc/PID/NAME" */
static const char *path_of(pid_t pid, const char *name, char buf[64])
{
	struct cr_text t;

	cr_text_init(&t, buf, 64);
	cr_puts(&t, "/proc/");
	cr_putd(&t, pid);
	cr_puts(&t, "/");
	cr_puts(&t, name);
	return buf;
}

static const char *field(const char *status, const char *line)
{
	const char *p = strstr(status, line);

	return p ? p + strlen(line) : NULL;
}

static long long number(const char *p)
{
	long long v = 0;

	for (; p && *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (*p - '0');
	return v;
}

/* The range of the first mapping that has a file, as "START-END" without leading zeroes, which is how map_files names it. */
static void find_mapping(pid_t pid, char *out, size_t size)
{
	static char maps[16 * 1024];
	char *rest = maps, *line, *range, *end;
	char path[64];
	struct cr_text t;

	cr_text_init(&t, out, size);
	if (cr_slurp(path_of(pid, "maps", path), maps, sizeof(maps)) <= 0)
		return;
	while ((line = cr_next(&rest, '\n'))) {
		if (!strchr(line, '/'))
			continue;
		range = cr_next(&line, ' ');
		end = strchr(range, '-');
		if (!end)
			return;
		range += strspn(range, "0");
		cr_putn(&t, range, end - range + 1);
		end++;
		cr_puts(&t, end + strspn(end, "0"));
		return;
	}
}

bool doctor_target(pid_t pid, struct target *t)
{
	char status[4096], path[64];
	const char *p;
	struct stat st;

	memset(t, 0, sizeof(*t));
	t->pid = pid;
	t->dumpable = true;
	if (cr_slurp(path_of(pid, "status", path), status, sizeof(status)) <= 0)
		return !kill(pid, 0) || errno == EPERM;
	t->visible = true;
	t->tracer = number(field(status, "\nTracerPid:\t"));
	/* real, effective, ...: the effective one owns what /proc shows of a process that can be dumped */
	p = field(status, "\nUid:\t");
	p = p ? strchr(p, '\t') : NULL;
	t->uid = p ? number(p + 1) : 0;
	p = field(status, "\nCapPrm:\t");
	t->prm = p ? cr_hex_set(p) : 0;
	t->memory = field(status, "\nVmPeak:\t") != NULL;
	if (!stat(path_of(pid, "mem", path), &st))
		t->dumpable = st.st_uid == t->uid;
	find_mapping(pid, t->mapping, sizeof(t->mapping));
	return true;
}
