// SPDX-License-Identifier: MIT
/*
 * CRIU itself, in a guest that carries it: a victim that counts is checkpointed and restored. What counts is that the same
 * process, under the same pid, goes on from where it was; CRIU's own word is only told.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "criu.h"

#define RUNTIME "/tmp/criu-runtime"

/* A file of the case's, for the victim in this slot. */
void cr_criu_file(char *out, size_t size, const char *what, const char *slot)
{
	struct cr_text t;

	cr_text_init(&t, out, size);
	cr_puts(&t, "/tmp/");
	cr_puts(&t, what);
	cr_puts(&t, "-");
	cr_puts(&t, slot);
}

static void sleep_a_little(void)
{
	const struct timespec pause = { 0, 2000000 };

	nanosleep(&pause, NULL);
}

/* Waits at most 10 s. */
#define WAITS 5000

bool cr_read_hands(const char *path, struct cr_hand *hands, int n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = n * sizeof(*hands), got = 0;

	if (fd >= 0)
		got = pread(fd, hands, size, 0);
	close(fd);
	return got == size;
}

/* Does every hand count, beyond @before where that is given? */
bool cr_hands_count(const char *path, const struct cr_hand *before, int n)
{
	struct cr_hand now[CR_HANDS_MAX];
	int i, counting = 0, waits;

	for (waits = 0; waits < WAITS; waits++) {
		if (cr_read_hands(path, now, n))
			for (i = counting = 0; i < n; i++)
				counting += now[i].count > (before ? before[i].count + 2 : 2);
		if (counting == n)
			return true;
		sleep_a_little();
	}
	return false;
}

/* Run CRIU in @dir with what it says in the file "said" there. Returns its exit status, or -1. */
static int run_criu(const char *program, const char *dir, char *const argv[])
{
	/* Its cache of what the kernel can do is the case's own, and of no other subject. */
	char *envp[] = { "PATH=/usr/sbin", "XDG_RUNTIME_DIR=" RUNTIME, NULL };
	int status, fd;
	pid_t pid;

	if (mkdir(RUNTIME, 0700) && errno != EEXIST)
		return -1;
	pid = cr_fork();
	if (!pid) {
		if (chdir(dir))
			_exit(126);
		fd = open("said", O_WRONLY | O_CREAT | O_APPEND, 0600);
		if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || open("/dev/null", O_RDONLY) < 0)
			_exit(126);
		for (fd = 3; fd < 256; fd++)
			close(fd);
		execve(program, argv, envp);
		_exit(127);
	}
	status = pid < 0 ? -1 : cr_reap(pid);
	return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A log's last bytes that a payload has place for. */
#define LOG_SHOWN 900

/* CRIU's lines of errors, without their times, the last of them: "FILE:LINE: WHAT / …". */
static void take_errors(struct cr_text *out, char *log)
{
	static char all[8 * 1024];
	char *rest = log, *line, *text, *end;
	const char *from;
	struct cr_text t;

	cr_text_init(&t, all, sizeof(all));
	while ((line = cr_next(&rest, '\n'))) {
		text = strstr(line, "Error (");
		end = text ? strstr(text, "): ") : NULL;
		/* Which all guests without modules have, and which stops nothing. */
		if (!end || strstr(end, "Diag module missing"))
			continue;
		if (t.len)
			cr_puts(&t, " / ");
		text += strlen("Error (");
		cr_putn(&t, text, end - text);
		cr_puts(&t, end + 1);
	}
	from = all;
	while (t.len - (from - all) > LOG_SHOWN) {
		const char *next = strstr(from, " / ");

		from = next ? next + 3 : all + t.len - LOG_SHOWN;
	}
	cr_puts(out, from);
}

static bool read_file(const char *dir, const char *name, char *buf, size_t size)
{
	char path[96];
	struct cr_text t;

	cr_text_init(&t, path, sizeof(path));
	cr_puts(&t, dir);
	cr_puts(&t, "/");
	cr_puts(&t, name);
	return cr_slurp(path, buf, size) > 0;
}

/* What CRIU did last in @dir, for people: its log's errors, or what it said before it had a log. */
static void note_log(struct cr_shared *sh, const char *dir, const char *log)
{
	static char buf[32 * 1024];
	struct cr_text t;

	cr_text_init(&t, sh->log, sizeof(sh->log));
	if (read_file(dir, log, buf, sizeof(buf)))
		take_errors(&t, buf);
	if (t.len)
		return;
	if (read_file(dir, "said", buf, sizeof(buf))) {
		buf[LOG_SHOWN < sizeof(buf) ? LOG_SHOWN : sizeof(buf) - 1] = '\0';
		buf[strcspn(buf, "\n")] = '\0';
		cr_puts(&t, buf);
	}
}

/* CRIU looks at its own capabilities before it does anything. */
static bool refuses(const char *dir)
{
	char buf[4096];

	return read_file(dir, "said", buf, sizeof(buf)) &&
	       strstr(buf, "CRIU needs to have the CAP_SYS_ADMIN or");
}

static const char *checkpoint_and_restore(struct cr_ctx *c, const char *program, const char *slot,
					  const char *dir)
{
	struct cr_slot *victim = cr_slot(c, slot);
	struct cr_hand before[CR_HANDS_MAX], after[CR_HANDS_MAX];
	int hands = victim->start, i;
	char pid[24], path[64];
	char *dump[] = {
		"criu", "dump", "--unprivileged", "-v1", "-t", pid, "-o", "dump.log", NULL
	};
	char *restore[] = { "criu", "restore", "--unprivileged", "-v1",
			    "-d",   "-o",      "restore.log",	 NULL };
	struct cr_text t;

	cr_text_init(&t, pid, sizeof(pid));
	cr_putd(&t, victim->num);
	cr_criu_file(path, sizeof(path), "victim", slot);
	if (run_criu(program, dir, dump)) {
		note_log(c->sh, dir, "dump.log");
		return refuses(dir) ? "refused by CRIU itself" : "dump failed";
	}
	if (!cr_read_hands(path, before, hands))
		return "no record of the victim";
	cr_reap(victim->num);
	for (i = 1; i < hands; i++)
		cr_reap(before[i].pid);
	if (run_criu(program, dir, restore)) {
		note_log(c->sh, dir, "restore.log");
		return "restore failed";
	}
	if (!cr_hands_count(path, before, hands))
		return "restored, but it does not go on";
	if (!cr_read_hands(path, after, hands))
		return "no record of the victim";
	for (i = 0; i < hands; i++) {
		if (after[i].born != before[i].born)
			return "restored, but it began anew";
		if (after[i].pid != before[i].pid || after[i].tid != before[i].tid)
			return "restored with another pid";
		if (after[i].dev != before[i].dev || after[i].ino != before[i].ino)
			return "restored with another program";
	}
	return CR_RESUMED;
}

/* Which program: the guest's, or a copy with capabilities of its own. */
static const char *program_of(const char *arg)
{
	return arg && *arg ? arg : CR_CRIU;
}

/* @arg: S[,PROGRAM] */
int cr_criu(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ','), dir[64];
	struct cr_text t;

	if (cr_slot(c, slot)->type != SLOT_PID)
		return CR_NOT_TRIED;
	cr_criu_file(dir, sizeof(dir), "criu", slot);
	if (mkdir(dir, 0700))
		return -errno;
	c->sh->log[0] = '\0';
	cr_text_init(&t, c->sh->outcome, sizeof(c->sh->outcome));
	cr_puts(&t, checkpoint_and_restore(c, program_of(arg), slot, dir));
	cr_value(c, c->sh->outcome);
	return 0;
}

/* What went wrong in the last one, in CRIU's words; nothing where nothing did. */
int cr_criu_log(struct cr_ctx *c, char *arg)
{
	(void)arg;
	cr_value(c, c->sh->log);
	return 0;
}

/* @arg: [PROGRAM][,failed]: what "criu check" says of this kernel; with "failed" only where CRIU just did not succeed. */
int cr_criu_check(struct cr_ctx *c, char *arg)
{
	static const char dir[] = "/tmp/criu-check";
	char *check[] = { "criu", "check", "--unprivileged", "-v1", "-o", "check.log", NULL };
	const char *program = program_of(cr_next(&arg, ','));

	if (arg && *arg && strcmp(arg, "failed"))
		return CR_MISUSED;
	if (arg && *arg && !strcmp(c->sh->outcome, CR_RESUMED)) {
		cr_value(c, "not asked");
		return 0;
	}
	if (mkdir(dir, 0700))
		return -errno;
	if (run_criu(program, dir, check)) {
		note_log(c->sh, dir, "check.log");
		cr_value(c, c->sh->log);
		c->sh->log[0] = '\0';
	} else {
		cr_value(c, "Looks good.");
	}
	return 0;
}
