// SPDX-License-Identifier: MIT
/* The agent on a machine that is somebody's: it serves whoever holds the other ends of its standard input and output. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

/* This program's own file and its folder: nothing of it is left, however it ends. A running program needs no name. */
static void remove_self(const char *folder)
{
	char path[512];
	struct cr_text t;

	cr_text_init(&t, path, sizeof(path));
	cr_puts(&t, folder);
	cr_puts(&t, "/crprobe");
	if (!t.cut)
		unlink(path);
	rmdir(folder);
}

/* What cases inherit as standard input, output and error leads nowhere. Returns 0 or -errno. */
int cr_hide_standard_ends(void)
{
	int fd, i;

	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fd = cr_memfd("null", 0);
	if (fd < 0)
		return fd;
	for (i = 0; i <= 2; i++)
		if (dup2(fd, i) < 0)
			return -errno;
	if (fd > 2)
		close(fd);
	return 0;
}

/*
 * @folder: holds this program's file alone, and both are removed; NULL: they stay.
 * @patience: without a word from the other end for so many seconds, it counts as gone; 0: it may be silent.
 * Returns the exit status: 0 where the other end said that it is done.
 */
int cr_serve(const char *folder, unsigned int patience)
{
	int in = fcntl(0, F_DUPFD_CLOEXEC, CHANNEL_FD);
	int out = fcntl(1, F_DUPFD_CLOEXEC, CHANNEL_FD);
	char *line;
	int err;

	if (folder && !chdir("/"))
		remove_self(folder);
	if (in < 0 || out < 0)
		return 1;
	err = cr_hide_standard_ends();
	if (!err)
		err = cr_channel_take(in, out);
	if (err || !cr_cases_open(cr_on_host) || !cr_requests_open())
		return 1;
	cr_apart_open(in, patience > 0);
	cr_channel_expect(patience);
	cr_say_hello();
	while (!cr_apart_over() && (line = cr_channel_line())) {
		if (!strcmp(line, "quit")) {
			cr_say_bye();
			return 0;
		}
		cr_obey(line);
	}
	return 1;
}
