// SPDX-License-Identifier: MIT
/* What the agent says before and after all cases, and what it does at each line: wherever it runs. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

static unsigned long answered;

/* How many processes the kernel has made so far, threads included; 0 where it does not say. */
static long long processes(void)
{
	static char buf[16 * 1024];
	long long n;
	char *p;

	if (cr_slurp("/proc/stat", buf, sizeof(buf)) <= 0)
		return 0;
	p = strstr(buf, "\nprocesses ");
	if (!p)
		return 0;
	p += strlen("\nprocesses ");
	p[strcspn(p, "\n")] = '\0';
	return cr_parse_long(p, &n) ? n : 0;
}

static void measure(char *num)
{
	char buf[96];
	struct timespec a, b;
	struct cr_text t;
	long long n, i, before = processes();

	if (!cr_parse_long(num, &n) || n < 1 || n > 1000000)
		n = 1;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < n; i++) {
		pid_t pid = cr_fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "rate ");
	cr_putd(&t, n);
	cr_puts(&t, " ");
	cr_putd(&t, (b.tv_sec - a.tv_sec) * 1000000LL + (b.tv_nsec - a.tv_nsec) / 1000);
	cr_puts(&t, " ");
	cr_putd(&t, before);
	cr_channel_send(buf, t.len);
}

/* Returns how many cases the line brought to their end. */
static unsigned long answer(char *line)
{
	char *verb = cr_next(&line, ' ');

	if (!line)
		return 0;
	if (!strcmp(verb, "case"))
		return cr_obey_case(line);
	if (!strcmp(verb, "cases"))
		return cr_obey_cases(line);
	if (!strcmp(verb, "fresh"))
		cr_cases_fresh(!strcmp(line, "1"));
	else if (!strcmp(verb, "subject"))
		cr_requests_name(cr_subjects, line);
	else if (!strcmp(verb, "program"))
		cr_requests_name(cr_programs, line);
	else if (!strcmp(verb, "rate"))
		measure(line);
	else if (!strcmp(verb, "resumed"))
		cr_obey_resumed(line);
	return 0;
}

static void tell_facts(void)
{
	static char out[16 * 1024];
	char *rest = out, *line;

	if (cr_facts(out, sizeof(out)) < 0)
		return;
	while ((line = cr_next(&rest, '\n')))
		if (*line)
			cr_channel_send(line, strlen(line));
}

/* Who speaks, the kernel facts, and that requests are welcome. */
void cr_say_hello(void)
{
	char buf[128];
	struct utsname u;
	struct cr_text t;

	uname(&u);
	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "hello proto=1 crprobe=" CRPROBE_VERSION " arch=");
	cr_put_escaped(&t, u.machine, strlen(u.machine));
	cr_channel_send(buf, t.len);
	tell_facts();
	cr_channel_send("ready", 5);
}

void cr_obey(char *line)
{
	answered += answer(line);
}

/* The end marker: how many cases were answered. */
void cr_say_bye(void)
{
	char buf[32];
	struct cr_text t;

	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "bye ");
	cr_putu(&t, answered);
	cr_channel_send(buf, t.len);
}
