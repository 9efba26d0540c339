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

/* An emulated machine that is busy may take so long to start a large program, us. */
#define WAIT_US 120000000LL

bool cr_read_hands(const char *path, struct cr_hand *hands, int n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = n * sizeof(*hands), got = 0;

	if (fd >= 0)
		got = pread(fd, hands, size, 0);
	close(fd);
	return got == size;
}

/* Does every hand count, beyond @before where that is given? @pid: a child that may end before; 0 for none. */
bool cr_hands_count(const char *path, const struct cr_hand *before, int n, pid_t pid)
{
	struct cr_hand now[CR_HANDS_MAX];
	long long deadline = cr_now_us() + WAIT_US;
	int i, counting = 0;

	while (cr_now_us() < deadline) {
		if (cr_read_hands(path, now, n))
			for (i = counting = 0; i < n; i++)
				counting += now[i].count > (before ? before[i].count + 2 : 2);
		if (counting == n)
			return true;
		if (pid && waitpid(pid, NULL, WNOHANG | __WALL) == pid)
			return false;
		sleep_a_little();
	}
	return false;
}

/* In a process of its own: become CRIU. Where that is refused, the errno goes to @error_fd, which execve closes. */
static void become_criu(const char *program, const char *dir, char *const argv[], int error_fd)
	__attribute__((noreturn));
static void become_criu(const char *program, const char *dir, char *const argv[], int error_fd)
{
	/* Its cache of what the kernel can do is the case's own, and of no other subject. */
	char *envp[] = { "PATH=/usr/sbin", "XDG_RUNTIME_DIR=" RUNTIME, NULL };
	int fd;

	if (chdir(dir))
		_exit(126);
	fd = open("said", O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || open("/dev/null", O_RDONLY) < 0)
		_exit(126);
	for (fd = 3; fd < 256; fd++)
		if (fd != error_fd)
			close(fd);
	execve(program, argv, envp);
	fd = errno;
	if (write(error_fd, &fd, sizeof(fd)) != sizeof(fd))
		_exit(126);
	_exit(127);
}

/*
 * Run CRIU in @dir with what it says in the file "said" there. Returns its exit status; -errno where it could not be executed;
 * or 128 where it came to nothing otherwise.
 */
static int run_criu(const char *program, const char *dir, char *const argv[])
{
	int status, error_pipe[2], err = 0;
	pid_t pid;

	if ((mkdir(RUNTIME, 0700) && errno != EEXIST) || pipe2(error_pipe, O_CLOEXEC))
		return 128;
	pid = cr_fork();
	if (!pid)
		become_criu(program, dir, argv, error_pipe[1]);
	close(error_pipe[1]);
	if (pid > 0 && read(error_pipe[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(error_pipe[0]);
	status = pid < 0 ? -1 : cr_reap(pid);
	if (err)
		return -err;
	return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* "not executed: EPERM" */
static const char *not_executed(int err)
{
	static char words[40];
	char name[16];
	struct cr_text t;

	cr_text_init(&t, words, sizeof(words));
	cr_puts(&t, "not executed: ");
	cr_puts(&t, cr_errno_name(err, name));
	return words;
}

/* A log's last bytes that a payload has space for. */
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
	int hands = victim->start, i, status;
	long long began;
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
	status = run_criu(program, dir, dump);
	if (status < 0)
		return not_executed(-status);
	if (status) {
		note_log(c->sh, dir, "dump.log");
		return refuses(dir) ? "refused by CRIU itself" : "dump failed";
	}
	if (!cr_read_hands(path, before, hands))
		return "no record of the victim";
	cr_reap(victim->num);
	for (i = 1; i < hands; i++)
		cr_reap(before[i].pid);
	began = cr_now_us();
	if (run_criu(program, dir, restore)) {
		note_log(c->sh, dir, "restore.log");
		return "restore failed";
	}
	if (!cr_hands_count(path, before, hands, 0))
		return "restored, but it does not go on";
	c->sh->restored_us = cr_now_us() - began;
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
	int status;

	if (arg && *arg && strcmp(arg, "failed"))
		return CR_MISUSED;
	if (arg && *arg && !strcmp(c->sh->outcome, CR_RESUMED)) {
		cr_value(c, "not asked");
		return 0;
	}
	if (mkdir(dir, 0700))
		return -errno;
	status = run_criu(program, dir, check);
	if (status < 0) {
		cr_value(c, not_executed(-status));
	} else if (status) {
		note_log(c->sh, dir, "check.log");
		cr_value(c, c->sh->log);
		c->sh->log[0] = '\0';
	} else {
		cr_value(c, "Looks good.");
	}
	return 0;
}

static void put_ms(struct cr_text *t, const char *what, long long us)
{
	cr_puts(t, what);
	cr_putd(t, us / 1000);
	cr_puts(t, " ms");
}

/* What a checkpoint is good for: how long the victim took until it counted, from nothing and from the images. */
int cr_startup(struct cr_ctx *c, char *arg)
{
	char text[80];
	struct cr_text t;

	(void)arg;
	if (strcmp(c->sh->outcome, CR_RESUMED))
		return CR_NOT_TRIED;
	cr_text_init(&t, text, sizeof(text));
	put_ms(&t, "from nothing ", c->sh->started_us);
	put_ms(&t, ", restored ", c->sh->restored_us);
	cr_value(c, text);
	return 0;
}
