// SPDX-License-Identifier: MIT
/*
 * Every boundary is tried for real, by a program of the same steps that the suites use, in a process of its own. Nothing is
 * left behind: where success would change something that others share, a value is written that the kernel refuses only after
 * it has asked for the capability.
 */
#include <errno.h>
#include <string.h>

#include "../core/core.h"
#include "doctor.h"

/* Milliseconds for one trial: it takes few, unless something is stuck. */
#define DEADLINE 10000

/* What CRIU does first as well: a program with file capabilities starts out as not dumpable. */
#define SUBJECT "dumpable=1 -- "

/* In each, the operations before the last one take no capability: where they fail, something else is in the way. */
static const struct trial trials[BOUNDARIES] = {
	[NS_LAST_PID] = { SUBJECT "open=f,w,/proc/sys/kernel/ns_last_pid write=f,-1", "EINVAL",
			  NULL, NULL, "/proc/sys/kernel/ns_last_pid" },
	[SET_TID] = { SUBJECT "clone3 spawn=p { } kill=p clone3=tid:$p", "0", "EEXIST", NULL,
		      NULL },
	[MAP_FILES] = { SUBJECT "map=m,memfd,600,doctor open=f,r,/proc/self/map_files/$m read=f,6",
			"0", NULL, "doctor", NULL },
	[EXE_FD] = { SUBJECT "exe_unmap memfd=f mm_map mm_map=exe:f exe=f", "0", NULL, "yes",
		     NULL },
	[IPC_NEXT_ID] = { SUBJECT "open=f,w,/proc/sys/kernel/msg_next_id write=f,-1", "EINVAL",
			  NULL, NULL, "/proc/sys/kernel/msg_next_id" },
	[TTY_LOCK] = { SUBJECT "pty=s tty_lock=s tty_locked=s", "0", NULL, "echo", NULL },
	/* A sibling, which yama tells from a child, and one that has no more than this process. */
	[PTRACE] = { SUBJECT "spawn=p { caps=none } child { open=f,r,/proc/$p/mem seize=p }", "0",
		     NULL, NULL, NULL },
};

static void put_path(struct cr_text *t, const char *step, const struct target *target,
		     const char *name)
{
	cr_puts(t, step);
	cr_puts(t, "/proc/");
	cr_putd(t, target->pid);
	cr_puts(t, name);
}

/* Of another process nothing is touched: to open its memory asks what ptrace(2) asks, and O_PATH opens no file. */
static struct trial on_target(enum boundary which, const struct target *target, char buf[256])
{
	struct trial trial = { buf, "0", NULL, NULL, NULL };
	struct cr_text t;

	cr_text_init(&t, buf, 256);
	if (which == PTRACE) {
		put_path(&t, SUBJECT "open=f,r,", target, "/mem");
		return trial;
	}
	put_path(&t, SUBJECT "ls=", target, "/map_files");
	put_path(&t, " open=f,path,", target, "/map_files/");
	cr_puts(&t, *target->mapping ? target->mapping : "0-1");
	return trial;
}

static void copy(char *to, size_t size, const char *from)
{
	struct cr_text t;

	cr_text_init(&t, to, size);
	cr_puts(&t, from);
}

/* The word behind " KEY=" in an observation, in a buffer of its own. */
static bool word_of(const char *obs, const char *key, char *out, size_t size)
{
	const char *p = strstr(obs, key);
	struct cr_text t;

	if (!p)
		return false;
	p += strlen(key);
	cr_text_init(&t, out, size);
	cr_putn(&t, p, strcspn(p, " "));
	return true;
}

static bool is_last(const char *rest)
{
	return !rest || !strstr(rest, "r=");
}

/* The first operation that did not come to what it should. */
static bool read_results(char *obs, const struct trial *trial, struct outcome *o)
{
	char *rest = strstr(obs, " r="), *word, *step, *result;

	rest = rest ? rest + 1 : NULL;
	while ((word = cr_next(&rest, ' '))) {
		if (strncmp(word, "r=", 2))
			continue;
		word += 2;
		step = cr_next(&word, ':');
		result = cr_next(&word, ':');
		copy(o->step, sizeof(o->step), step);
		copy(o->error, sizeof(o->error), result ? result : "");
		if (!is_last(rest) && result && !strcmp(result, "0")) {
			o->nth++;
			continue;
		}
		return is_last(rest) && result &&
		       (!strcmp(result, trial->passes) ||
			(trial->also && !strcmp(result, trial->also))) &&
		       (!trial->evidence || (word && !strcmp(word, trial->evidence)));
	}
	return false;
}

int doctor_try(enum boundary which, const struct target *target, struct outcome *o)
{
	static char obs[CR_PAYLOAD_MAX];
	char program[256], end[24], why[256];
	const char *last;
	struct trial trial = target ? on_target(which, target, program) : trials[which];
	int len;

	memset(o, 0, sizeof(*o));
	o->pid = target ? target->pid : 0;
	/* Into what stands in a sysctl's place nothing is written. */
	if (trial.sysctl && doctor_file_state(trial.sysctl) == FILE_MASKED)
		return 0;
	len = cr_supervise(NULL, trial.program, DEADLINE, 0, obs, sizeof(obs));
	if (len < 0)
		return len;
	if (!word_of(obs, " end=", end, sizeof(end)))
		return -EPROTO;
	o->tried = true;
	if (!strcmp(end, "ok")) {
		o->usable = read_results(obs, &trial, o);
		return 0;
	}
	/* A step that only prepares failed, or the process was killed. */
	read_results(obs, &trial, o);
	if (!word_of(obs, " at=", o->step, sizeof(o->step)))
		copy(o->step, sizeof(o->step), "process");
	if (word_of(obs, " why=", why, sizeof(why)) && strstr(why, "%20")) {
		for (last = why; strstr(last, "%20"); last = strstr(last, "%20") + 3)
			;
		copy(o->error, sizeof(o->error), last);
	} else {
		copy(o->error, sizeof(o->error), end);
	}
	o->tried = !strncmp(end, "signal", 6);
	return 0;
}
