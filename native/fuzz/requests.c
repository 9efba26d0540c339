// SPDX-License-Identifier: MIT
/*
 * What the agent is asked: the request catalogue's files, then lines over the port, obeyed to the end; each case is answered with an
 * observation that is made up of its program.
 *
 * An input has three parts, divided by the byte 0xfe: the names, the cases, and texts of lines, which are numbered and summed here.
 * Where the last part begins with 0xfd it is sent as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/reboot.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "../core/prepared.h"
#include "../agent/agent.h"

/* The files and the port that the agent sees. */
enum { NAMES_FD = 1001, CASES_FD, PORT_FD };
static struct part {
	const char *data;
	size_t size, at;
} files[3];

static struct part *part_of(int fd)
{
	return fd >= NAMES_FD && fd <= PORT_FD ? &files[fd - NAMES_FD] : NULL;
}

static int fake_open(const char *path, int flags)
{
	(void)flags;
	return !strcmp(path, "/crcap/names")   ? NAMES_FD
	       : !strcmp(path, "/crcap/cases") ? CASES_FD
					       : -1;
}

static int fake_fstat(int fd, struct stat *st)
{
	struct part *part = part_of(fd);

	if (!part)
		return -1;
	st->st_size = part->size;
	return 0;
}

static ssize_t fake_read(int fd, void *buf, size_t size)
{
	struct part *part = part_of(fd);

	if (!part)
		return -1;
	if (fd == PORT_FD && size > 97)
		size = 97; /* lines come in pieces */
	if (size > part->size - part->at)
		size = part->size - part->at;
	memcpy(buf, part->data + part->at, size);
	part->at += size;
	return size;
}

static ssize_t fake_write(int fd, const void *buf, size_t size)
{
	/* Every byte that would be sent is looked at. */
	volatile unsigned char sum = 0;
	size_t i;

	(void)fd;
	for (i = 0; i < size; i++)
		sum += ((const unsigned char *)buf)[i];
	return size;
}

static int fake_poll(struct pollfd *p, int n, int ms)
{
	(void)p;
	(void)n;
	(void)ms;
	return files[2].at < files[2].size;
}

#define open(path, flags)	  fake_open(path, flags)
#define fstat(fd, st)		  fake_fstat(fd, st)
#define read(fd, buf, size)	  fake_read(fd, buf, size)
#define write(fd, buf, size)	  fake_write(fd, buf, size)
#define pread(fd, buf, size, at)  ((void)(fd), (void)(at), fake_taint(buf, size))
#define poll(p, n, ms)		  fake_poll(p, n, ms)
#define close(fd)		  ((void)(fd))
#define waitpid(...)		  0
#define fork			  no_fork
#define cr_slurp(path, buf, size) fake_stat(buf, size)

/* The kernel's flags change now and then. */
static ssize_t fake_taint(char *buf, size_t size)
{
	static unsigned int calls;

	return snprintf(buf, size, "%u\n", ++calls / 3 % 4);
}

/* What measure() finds in /proc/stat. */
static ssize_t fake_stat(char *buf, size_t size)
{
	return snprintf(buf, size, "cpu 1 2 3\nprocesses 4711\n");
}

#include "../agent/requests.c"
#define find channel_find
#include "../agent/channel.c"
#include "../agent/cases.c"
#include "../agent/talk.c"

/* Memory that an input got, of its exact size; what is large is kept, and cleared where that matters. */
static void *owned[8];
static size_t nowned;

void *cr_own_memory(size_t size)
{
	static void *requests_memory, *channel_memory;
	void **kept = size == sizeof(*requests) ? &requests_memory
		      : size == sizeof(*own)	? &channel_memory
						: NULL;

	if (kept)
		return *kept ? *kept : (*kept = calloc(1, size));
	if (nowned == sizeof(owned) / sizeof(owned[0]))
		return NULL;
	return owned[nowned++] = calloc(1, size);
}

static void clear(void)
{
	while (nowned)
		free(owned[--nowned]);
	memset(requests->names, 0, sizeof(requests->names));
	requests->used = requests->ncached = requests->cached_used = 0;
	own->ring_at = own->first = 0;
	next_seq = next_line = have = used = 0;
	told_bad = -1;
	cases = NULL;
	ncases = 0;
	cr_cases_fresh(false);
}

/* An observation as a case gives it, made of its program. */
void cr_leave_steps(const char *program)
{
	(void)program;
}

int cr_supervise(struct cr_prepared *from, const char *program, unsigned int deadline_ms,
		 unsigned long n, char *out, size_t outlen)
{
	struct cr_text t;

	(void)deadline_ms;
	cr_text_init(&t, out, outlen);
	cr_puts(&t, "obs ");
	cr_putu(&t, n);
	cr_puts(&t, from ? " us=1 end=ok who=" : " us=2 end=ok who=");
	cr_put_escaped(&t, program, strcspn(program, " "));
	cr_puts(&t, " r=");
	cr_put_escaped(&t, program, strlen(program));
	return t.cut ? -E2BIG : (int)t.len;
}

struct cr_prepared *cr_prepared_find(const char *subject)
{
	static struct cr_prepared one = { .pid = 1 };

	return subject[0] == 'u' ? &one : NULL;
}

bool cr_can_be_prepared(const char *subject)
{
	return subject[0] == 'c';
}

struct cr_prepared *cr_prepare(const char *subject, unsigned int deadline_ms)
{
	(void)subject;
	(void)deadline_ms;
	return NULL;
}

int cr_facts(char *out, size_t outlen)
{
	(void)out;
	(void)outlen;
	return -1;
}

int cr_supervisor_init(const char *self)
{
	(void)self;
	return -1;
}

int cr_run_case_apart(const char *program, unsigned int deadline_ms, unsigned long n, char *out,
		      size_t outlen)
{
	(void)program;
	(void)deadline_ms;
	(void)n;
	(void)out;
	(void)outlen;
	return -1;
}

/* It would set this machine's clock. */
void cr_obey_resumed(char *rest)
{
	(void)rest;
}

pid_t cr_fork(void)
{
	return 1;
}

/* Texts of lines as they travel. */
static size_t wrap(const char *texts, size_t size, char *out, size_t space)
{
	unsigned long num = 0;
	size_t used = 0;

	while (size) {
		const char *end = memchr(texts, '\n', size);
		size_t len = end ? (size_t)(end - texts) : size;
		bool again = len > 7 && !memcmp(texts, "resend ", 7);
		char want[32];
		uint32_t sum;
		int n;

		n = again ? snprintf(want, sizeof(want), "r ")
			  : snprintf(want, sizeof(want), "%lu ", num++);
		sum = cr_crc32(cr_crc32(0, want, n), texts, len);
		if (len + 48 > space - used)
			break;
		used += snprintf(out + used, space - used, "%s%08x ", want, sum);
		memcpy(out + used, texts, len);
		used += len;
		out[used++] = '\n';
		texts += len + (end ? 1 : 0);
		size -= len + (end ? 1 : 0);
	}
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char lines[64 * 1024];
	const char *rest = (const char *)data, *cut;
	char *line;
	size_t i;

	for (i = 0; i < 3; i++) {
		cut = i < 2 ? memchr(rest, 0xfe, size) : NULL;
		files[i] = (struct part){ rest, cut ? (size_t)(cut - rest) : size, 0 };
		rest += files[i].size + (cut ? 1 : 0);
		size -= files[i].size + (cut ? 1 : 0);
	}
	if (files[2].size && (uint8_t)files[2].data[0] == 0xfd)
		files[2] = (struct part){ files[2].data + 1, files[2].size - 1, 0 };
	else
		files[2] = (struct part){ lines,
					  wrap(files[2].data, files[2].size, lines, sizeof(lines)),
					  0 };
	payload = cr_own_memory(CR_PAYLOAD_MAX);
	own = cr_own_memory(sizeof(*own));
	from = to = PORT_FD;
	taint_fd = PORT_FD;
	if (cr_requests_open())
		while ((line = cr_channel_line()) && strcmp(line, "quit")) {
			unsigned long before = answered;

			cr_obey(line);
			if (answered - before > ANSWERS_MAX)
				abort();
		}
	clear();
	return 0;
}
