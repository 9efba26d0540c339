// SPDX-License-Identifier: MIT
/*
 * The agent on a machine that nobody reaches: its requests stand in a file, and what it would send becomes lines of a log, which are
 * comments in TAP. What can be judged there and then is told as KTAP among them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

#define FIRST_LINE "crcap-requests 1 "

/* Where what a person or a TAP reader sees goes, and what went wrong. */
static int report_fd = -1, trouble_fd = -1;

static struct {
	long long number;
	char *id;   /* its name in reports */
	char *must; /* what its operations give on every kernel; "-": that hangs on the kernel */
} current;

static int complain(const char *path, const char *what)
{
	dprintf(trouble_fd, "crprobe: %s: %s\n", path, what);
	return 1;
}

/*
 * Is a result that should not be a hole in a permission check, or a right that is kept from who has it? Whatever else differs may
 * be what this kernel lacks, which is judged where its facts are read.
 */
static bool is_breach(const char *must, const char *result)
{
	if (*must == 'E')
		return *result == '0';
	return *must == '0' && (!strcmp(result, "EPERM") || !strcmp(result, "EACCES"));
}

enum judgement { JUDGED_OK, JUDGED_BREACH, JUDGED_LATER };

/* The results of an observation against "RESULT[:VALUE],…". */
static enum judgement judge(const char *observation, char *must)
{
	char copy[CR_PAYLOAD_MAX], *rest = copy, *word, *want, *result, *value;
	enum judgement all = JUDGED_OK;

	if (!strstr(observation, " end=ok") || strlen(observation) >= sizeof(copy))
		return JUDGED_LATER;
	strcpy(copy, observation);
	while ((word = cr_next(&rest, ' '))) {
		if (strncmp(word, "r=", 2))
			continue;
		want = cr_next(&must, ',');
		cr_next(&word, ':');
		result = cr_next(&word, ':');
		if (!want || !result)
			return JUDGED_LATER;
		value = cr_next(&want, ':');
		if (is_breach(value, result))
			return JUDGED_BREACH;
		if (strcmp(value, result) || (want && (!word || strcmp(want, word))))
			all = JUDGED_LATER;
	}
	return must ? JUDGED_LATER : all;
}

static void tell_case(void)
{
	static const char *const words[] = {
		[JUDGED_OK] = "ok %lld %s\n",
		[JUDGED_BREACH] = "not ok %lld %s\n",
		[JUDGED_LATER] = "ok %lld %s # SKIP judged later\n",
	};
	enum judgement how = JUDGED_LATER;

	if (!current.id)
		return;
	if (current.must && strcmp(current.must, "-"))
		how = judge(cr_latest_observation(), current.must);
	dprintf(report_fd, words[how], ++current.number, current.id);
	current.id = NULL;
}

/* @rest: KEY ID MUST, of the case that the next line asks for; KEY and ID go into the log. */
static void take_about(char *rest)
{
	char buf[512];
	struct cr_text t;
	char *key = cr_next(&rest, ' ');

	current.id = cr_next(&rest, ' ');
	current.must = rest;
	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "about ");
	cr_puts(&t, key);
	cr_puts(&t, " ");
	cr_puts(&t, current.id ? current.id : "?");
	cr_channel_send(buf, t.len);
}

/* A name that no other run has, as far as clocks and pids go: lines of two logs that were put together don't pass for one. */
static const char *name_run(const char *bundle)
{
	static char name[16];
	struct timespec now[2];
	struct cr_text t;
	pid_t pid = getpid();
	uint32_t sum;

	clock_gettime(CLOCK_REALTIME, &now[0]);
	clock_gettime(CLOCK_MONOTONIC, &now[1]);
	sum = cr_crc32(0, bundle, strlen(bundle));
	sum = cr_crc32(cr_crc32(sum, now, sizeof(now)), &pid, sizeof(pid));
	cr_text_init(&t, name, sizeof(name));
	cr_putx(&t, sum, 8);
	cr_puts(&t, " ");
	return name;
}

/* Is what follows the first line what it was when it was made? */
static bool is_whole(const char *first, const char *rest, size_t size)
{
	const char *at = strstr(first, " crc=");
	char sum[9];
	struct cr_text t;

	cr_text_init(&t, sum, sizeof(sum));
	cr_putx(&t, cr_crc32(0, rest, size), 8);
	return at && !strncmp(at + 5, sum, 8);
}

static void begin(char *first)
{
	char *cases = strstr(first, " cases=");

	dprintf(report_fd, "KTAP version 1\n");
	if (cases)
		dprintf(report_fd, "1..%.*s\n", (int)strspn(cases + 7, "0123456789"), cases + 7);
	cr_channel_send(first, strlen(first));
	cr_say_hello();
}

/*
 * @path: the requests. @log: where the log goes; NULL: to standard output, with what is told. Returns the exit status: 0 where every
 * case was asked and the log is whole.
 */
int cr_batch(const char *path, const char *log)
{
	size_t size = 0;
	char *rest, *line;
	int out, err;

	report_fd = fcntl(1, F_DUPFD_CLOEXEC, CHANNEL_FD);
	trouble_fd = fcntl(2, F_DUPFD_CLOEXEC, CHANNEL_FD);
	rest = cr_read_whole(path, &size);
	if (!rest || strncmp(rest, FIRST_LINE, strlen(FIRST_LINE)))
		return complain(path, "no requests of crcap are there");
	line = cr_next(&rest, '\n');
	if (!rest || !is_whole(line, rest, size - (rest - line)))
		return complain(path, "they were changed or cut short: unpack the bundle again");
	out = log ? open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : report_fd;
	if (out < 0)
		return complain(log, strerror(errno));
	err = cr_hide_standard_ends();
	if (!err)
		err = cr_channel_log(out, name_run(line));
	if (err || !cr_cases_open(cr_on_host) || !cr_requests_open())
		return complain(path, "no memory for what is asked");
	cr_apart_open(-1, false);
	begin(line);
	while (!cr_apart_over() && (line = cr_next(&rest, '\n'))) {
		if (!strncmp(line, "about ", 6)) {
			take_about(line + 6);
			continue;
		}
		cr_obey(line);
		if (!strncmp(line, "case", 4) && !cr_apart_over())
			tell_case();
	}
	if (cr_apart_over())
		return complain(path, "it was interrupted, so the log is cut short");
	cr_say_bye();
	if (cr_channel_failed())
		return complain(log ? log : "standard output",
				"the log could not be written in full");
	return 0;
}
