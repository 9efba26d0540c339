// SPDX-License-Identifier: MIT
/* crprobe --doctor [--pid PID] [--json]: try every boundary, explain what is refused, print it. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

static int usage(void)
{
	fputs("usage: crprobe --doctor [--pid PID] [--json]\n", stderr);
	return 2;
}

/* Is the boundary one of that other process's? */
static const struct target *about(enum boundary which, const struct target *target)
{
	return which == MAP_FILES || which == PTRACE ? target : NULL;
}

/*
 * Returns the exit status: 0 where all is usable, 1 where something is blocked, 2 for a wrong command line, 3 where nothing could be
 * tried.
 */
int cr_doctor(int argc, char **argv)
{
	static char out[32 * 1024];
	struct outcome outcomes[BOUNDARIES];
	struct target target, *named = NULL;
	bool json = false, usable = true;
	struct setting setting;
	struct cr_text t;
	long long pid = 0;
	int i, err;

	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (strcmp(argv[i], "--pid") || i + 1 == argc)
			return usage();
		else if (!cr_parse_long(argv[++i], &pid) || pid < 1 || pid > INT_MAX)
			return usage();
	}
	if (pid) {
		named = &target;
		if (!doctor_target(pid, named)) {
			fprintf(stderr, "crprobe: --pid %lld: there is no such process\n", pid);
			return 2;
		}
	}
	doctor_setting(&setting);
	/* Without procfs no case can be watched, and CRIU can do nothing. */
	memset(outcomes, 0, sizeof(outcomes));
	err = setting.proc ? cr_supervisor_init(NULL) : 0;
	for (i = 0; !err && i < BOUNDARIES; i++) {
		if (setting.proc)
			err = doctor_try(i, about(i, named), &outcomes[i]);
		doctor_explain(i, &setting, about(i, named), &outcomes[i]);
		usable = usable && outcomes[i].usable;
	}
	if (err) {
		fprintf(stderr, "crprobe: nothing can be tried here: %s\n", strerror(-err));
		return 3;
	}
	cr_text_init(&t, out, sizeof(out));
	(json ? doctor_json : doctor_text)(&t, &setting, named, outcomes);
	if (t.cut || fwrite(out, 1, t.len, stdout) != t.len || fflush(stdout)) {
		fputs("crprobe: the diagnosis can't be written\n", stderr);
		return 3;
	}
	return usable ? 0 : 1;
}
