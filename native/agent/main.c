// SPDX-License-Identifier: MIT
/*
 * crprobe: PID 1 of a guest, and a command.
 *
 *   crprobe PROGRAM            run one case here and print its observation; 3 where it did not come to its end
 *   crprobe --facts            print the kernel facts
 *   crprobe --steps            list the steps of a program
 *   crprobe --doctor           tell what checkpoint/restore can do here, and what is in its way
 *   crprobe --batch FILE [LOG] run the requests of a bundle, and log what they gave
 *   crprobe --serve [FOLDER [SECONDS]]
 *                              run what is asked on standard input (PROTOCOL.md); FOLDER holds this file, and both are removed;
 *                              who asks counts as gone after so many seconds without a word
 *   crprobe --ktap FILE        run a list of cases, judge them, print KTAP
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../core/core.h"
#include "../criu/criu.h"
#include "../doctor/doctor.h"
#include "agent.h"

static void print_step(const struct cr_step *s)
{
	static const char *const kinds[] = { "op", "setup", "block" };

	printf("  %s (%s)\n      %s\n", s->name, kinds[s->kind], s->help);
}

static int usage(FILE *to, int status)
{
	fputs("usage: crprobe [--deadline SECONDS] PROGRAM | --facts | --steps | --version\n"
	      "       crprobe --doctor [--pid PID] [--json]\n"
	      "       crprobe --batch FILE [LOG] | --serve [FOLDER [SECONDS]] | --ktap FILE\n"
	      "Runs one case of crcap on this kernel and prints the observation.\n"
	      "A program is a list of steps; the step -- ends those that make the subject:\n"
	      "  crprobe 'uid=1000 caps=checkpoint_restore dumpable=1 -- clone3=tid:20000'\n",
	      to);
	return status;
}

static bool read_seconds(const char *text, long long *seconds)
{
	return cr_parse_long(text, seconds) && *seconds >= 1 && *seconds <= 86400;
}

/* Where standard ends come closed, what is opened later would take their place; what is written to these fails, as it did. */
static void fill_standard_ends(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

int main(int argc, char **argv)
{
	static char out[CR_PAYLOAD_MAX];
	unsigned int deadline_ms = 10000;
	long long seconds;
	int len;

	if (argc == 2 && !strcmp(argv[1], "--resume"))
		cr_resume();
	if (argc == 4 && !strcmp(argv[1], "--victim"))
		return cr_victim(argv[2], argv[3]);
	/* PID 1 of a container has another name: only what the kernel starts as /init is the guest's agent. */
	if (getpid() == 1 && !strcmp(argv[0], "/init"))
		cr_agent();
	fill_standard_ends();
	if (argc >= 2 && !strcmp(argv[1], "--doctor"))
		return cr_doctor(argc - 2, argv + 2);
	if (argc <= 4 && argc > 1 && !strcmp(argv[1], "--serve"))
		return argc < 4				 ? cr_serve(argv[2], 0)
		       : read_seconds(argv[3], &seconds) ? cr_serve(argv[2], seconds)
							 : usage(stderr, 2);
	if (argc >= 3 && argc <= 4 && !strcmp(argv[1], "--batch"))
		return cr_batch(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "--ktap"))
		return cr_ktap(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "--deadline")) {
		if (!read_seconds(argv[2], &seconds)) {
			fprintf(stderr,
				"crprobe: --deadline %s: it is a whole number of seconds from 1 to "
				"86400\n",
				argv[2]);
			return 2;
		}
		deadline_ms = 1000 * seconds;
		argv += 2;
		argc -= 2;
	}
	if (argc != 2)
		return usage(stderr, 2);
	if (!strcmp(argv[1], "--help"))
		return usage(stdout, 0);
	if (!strcmp(argv[1], "--version")) {
		puts(CRPROBE_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "--steps")) {
		puts("op: its errno is the observation; setup: where it fails, the case is in "
		     "error; block: { steps } follow");
		cr_for_each_step(print_step);
		return 0;
	}
	if (!strcmp(argv[1], "--facts")) {
		len = cr_facts(out, sizeof(out));
	} else if (argv[1][0] == '-' && strcmp(argv[1], "--") && strncmp(argv[1], "-- ", 3)) {
		return usage(stderr, 2);
	} else {
		len = cr_supervisor_init(NULL);
		if (!len)
			len = cr_supervise(NULL, argv[1], deadline_ms, 0, out, sizeof(out));
	}
	if (len < 0) {
		fprintf(stderr, "crprobe: %s\n", strerror(-len));
		return 1;
	}
	if (puts(out) < 0 || fflush(stdout)) {
		fprintf(stderr, "crprobe: standard output: %s\n", strerror(errno));
		return 1;
	}
	/* What the case showed is for the reader; that it could not be tried is no success. */
	return strstr(out, " end=") && !strstr(out, " end=ok") ? 3 : 0;
}
