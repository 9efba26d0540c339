// SPDX-License-Identifier: MIT
/*
 * CRIU itself, in a guest that carries it: a victim that counts is checkpointed and restored. What counts is that the same
 * process, under the same pid, goes on from where it was; CRIU's own word is only told.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../core/core.h"
#include "criu_victim.h"

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT		 47
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

#define CRIU	"/usr/sbin/criu"
#define RUNTIME "/tmp/criu-runtime"

/* How a checkpoint and restore came out. */
static const char RESUMED[] = "resumed";

/* CRIU asks TCP over the loopback device what it can do. A kernel without it leaves CRIU to complain. */
static int step_loopback(struct cr_ctx *c, char *arg)
{
	struct ifreq request;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)c;
	(void)arg;
	if (fd < 0)
		return 0;
	memset(&request, 0, sizeof(request));
	strcpy(request.ifr_name, "lo");
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return 0;
}

/* @arg: 0 to 2. The supervisor sets it back. */
static int step_yama(struct cr_ctx *c, char *arg)
{
	static const char path[] = "/proc/sys/kernel/yama/ptrace_scope";
	char was[8];

	if (arg[0] < '0' || arg[0] > '2' || arg[1])
		return CR_MISUSED;
	if (cr_slurp(path, was, sizeof(was)) <= 0)
		return -ENOENT;
	c->sh->yama_was = *was;
	return cr_spit(path, arg, 1);
}

/* @arg: PATH: a copy of CRIU that can have capabilities of its own. */
static int step_criu_copy(struct cr_ctx *c, char *arg)
{
	static char buf[32 * 1024];
	int in = open(CRIU, O_RDONLY | O_CLOEXEC), out, err = 0;
	ssize_t n;

	(void)c;
	if (in < 0)
		return -errno;
	out = open(arg, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (out < 0)
		err = -errno;
	while (!err && (n = read(in, buf, sizeof(buf)))) {
		if (n < 0 || write(out, buf, n) != n)
			err = errno ? -errno : -EIO;
	}
	close(in);
	close(out);
	return err;
}

static void name_file(char *out, size_t size, const char *what, const char *slot)
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

static bool read_hands(const char *path, struct cr_hand *hands, int n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = n * sizeof(*hands), got = 0;

	if (fd >= 0)
		got = pread(fd, hands, size, 0);
	close(fd);
	return got == size;
}

/* Does every hand count, beyond @before where that is given? */
static bool hands_count(const char *path, const struct cr_hand *before, int n)
{
	struct cr_hand now[CR_HANDS_MAX];
	int i, counting = 0, waits;

	for (waits = 0; waits < WAITS; waits++) {
		if (read_hands(path, now, n))
			for (i = counting = 0; i < n; i++)
				counting += now[i].count > (before ? before[i].count + 2 : 2);
		if (counting == n)
			return true;
		sleep_a_little();
	}
	return false;
}

static void become_victim(const char *kind, const char *path, long long uid)
	__attribute__((noreturn));
static void become_victim(const char *kind, const char *path, long long uid)
{
	char *argv[] = { "victim", "--victim", (char *)kind, (char *)path, NULL };
	char *envp[] = { NULL };
	int fd;

	if (uid >= 0 && (syscall(SYS_setgroups, 0L, NULL) ||
			 syscall(SYS_setresgid, (long)uid, (long)uid, (long)uid) ||
			 syscall(SYS_setresuid, (long)uid, (long)uid, (long)uid)))
		_exit(1);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	fd = open("/dev/null", O_RDWR);
	if (cr_cap_set(0, 0, 0) || setsid() < 0 || chdir("/") || fd < 0 || dup2(fd, 0) < 0 ||
	    dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
		_exit(1);
	/* By its path: CRIU looks for files in the mount namespace that they are used in, and the case may have one of its own. */
	execve("/init", argv, envp);
	_exit(1);
}

/* @arg: S,KIND[,UID] */
static int step_victim(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ','), *kind = cr_next(&arg, ',');
	int hands = kind ? cr_victim_hands(kind) : 0;
	long long uid = -1;
	char path[64];
	pid_t pid;

	if (!hands || (arg && (!cr_parse_long(arg, &uid) || uid < 0)))
		return CR_MISUSED;
	if (c->nspawned == (int)(sizeof(c->spawned) / sizeof(c->spawned[0])))
		return -EAGAIN;
	name_file(path, sizeof(path), "victim", slot);
	/* What a victim leaves is ours to reap: until that is done its pids are taken. */
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid)
		become_victim(kind, path, uid);
	c->spawned[c->nspawned++] = pid;
	cr_slot_set(c, slot, SLOT_PID, pid);
	/* Where CRIU finds how many hands it had. */
	cr_slot(c, slot)->start = hands;
	return hands_count(path, NULL, hands) ? 0 : -ETIME;
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
	char *dump[] = { "criu", "dump",     "--unprivileged", "-v1", "-t", pid,
			 "-o",	 "dump.log", NULL };
	char *restore[] = { "criu", "restore",	 "--unprivileged", "-v1", "-d",
			    "-o",   "restore.log", NULL };
	struct cr_text t;

	cr_text_init(&t, pid, sizeof(pid));
	cr_putd(&t, victim->num);
	name_file(path, sizeof(path), "victim", slot);
	if (run_criu(program, dir, dump)) {
		note_log(c->sh, dir, "dump.log");
		return refuses(dir) ? "refused by CRIU itself" : "dump failed";
	}
	if (!read_hands(path, before, hands))
		return "no record of the victim";
	cr_reap(victim->num);
	for (i = 1; i < hands; i++)
		cr_reap(before[i].pid);
	if (run_criu(program, dir, restore)) {
		note_log(c->sh, dir, "restore.log");
		return "restore failed";
	}
	if (!hands_count(path, before, hands))
		return "restored, but it does not go on";
	if (!read_hands(path, after, hands))
		return "no record of the victim";
	for (i = 0; i < hands; i++) {
		if (after[i].born != before[i].born)
			return "restored, but it began anew";
		if (after[i].pid != before[i].pid || after[i].tid != before[i].tid)
			return "restored with another pid";
	}
	return RESUMED;
}

/* Which program: the guest's, or a copy with capabilities of its own. */
static const char *program_of(const char *arg)
{
	return arg && *arg ? arg : CRIU;
}

/* @arg: S[,PROGRAM] */
static int step_criu(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ','), dir[64];
	struct cr_text t;

	if (cr_slot(c, slot)->type != SLOT_PID)
		return CR_NOT_TRIED;
	name_file(dir, sizeof(dir), "criu", slot);
	if (mkdir(dir, 0700))
		return -errno;
	c->sh->log[0] = '\0';
	cr_text_init(&t, c->sh->outcome, sizeof(c->sh->outcome));
	cr_puts(&t, checkpoint_and_restore(c, program_of(arg), slot, dir));
	cr_value(c, c->sh->outcome);
	return 0;
}

/* What went wrong in the last one, in CRIU's words; nothing where nothing did. */
static int step_criu_log(struct cr_ctx *c, char *arg)
{
	(void)arg;
	cr_value(c, c->sh->log);
	return 0;
}

/* @arg: [PROGRAM]: what "criu check" says of this kernel. */
static int step_criu_check(struct cr_ctx *c, char *arg)
{
	static const char dir[] = "/tmp/criu-check";
	char *check[] = { "criu", "check", "--unprivileged", "-v1", "-o", "check.log", NULL };

	if (mkdir(dir, 0700))
		return -errno;
	if (run_criu(program_of(arg), dir, check)) {
		note_log(c->sh, dir, "check.log");
		cr_value(c, c->sh->log);
		c->sh->log[0] = '\0';
	} else {
		cr_value(c, "Looks good.");
	}
	return 0;
}

/*
 * @arg: S: the steps of another subject, who does the same. They are taken by a process that keeps its privileges and waits
 * until it is asked: only where CRIU fails does it matter whether it would have failed anyway.
 */
static int step_control(struct cr_ctx *c, char *arg)
{
	const char *block = c->p;
	int ends[2];
	char byte;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	pid = cr_fork();
	if (pid < 0)
		return pid;
	if (!pid) {
		close(ends[0]);
		if (read(ends[1], &byte, 1) != 1)
			_exit(0);
		c->nspawned = 0;
		c->quiet = true;
		cr_interpret(c);
		cr_finish(c, END_NONE, "", "");
	}
	close(ends[1]);
	cr_slot_set(c, arg, SLOT_FD, ends[0]);
	c->p = cr_skip_block(block);
	return 0;
}

/* @arg: S: how it came out for the control, where it had to be asked. */
static int step_controlled(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg);
	char text[1200], byte;
	struct cr_text t;

	if (fd < 0)
		return CR_MISUSED;
	if (!strcmp(c->sh->outcome, RESUMED)) {
		cr_value(c, "not asked");
		return 0;
	}
	c->sh->outcome[0] = c->sh->log[0] = '\0';
	if (write(fd, "", 1) != 1)
		return -errno;
	while (read(fd, &byte, 1) > 0)
		;
	if (c->sh->end != END_NONE)
		cr_finish(c, END_NONE, "", "");
	cr_text_init(&t, text, sizeof(text));
	cr_puts(&t, c->sh->outcome);
	if (c->sh->log[0]) {
		cr_puts(&t, ": ");
		cr_puts(&t, c->sh->log);
	}
	cr_value(c, text);
	return 0;
}

const struct cr_step cr_steps_criu[] = {
	{ "loopback", step_loopback, STEP_SETUP, "the loopback device up, where there is one" },
	{ "yama", step_yama, STEP_SETUP, "=0|1|2 yama's ptrace_scope, for this case" },
	{ "criu_copy", step_criu_copy, STEP_SETUP, "=PATH a copy of CRIU" },
	{ "victim", step_victim, STEP_SETUP,
	  "=S,plain|memfd|deleted|threads|tree[,UID] a program that counts, for CRIU" },
	{ "criu_check", step_criu_check, STEP_OP, "[=PROGRAM] what criu check says" },
	{ "criu", step_criu, STEP_OP, "=S[,PROGRAM] CRIU dumps the victim in slot S and restores it" },
	{ "criu_log", step_criu_log, STEP_OP, "what went wrong in that, in CRIU's words" },
	{ "control", step_control, STEP_BLOCK,
	  "=S { steps } by a process that waits until controlled=S" },
	{ "controlled", step_controlled, STEP_OP,
	  "=S how CRIU came out for the control, where it did not succeed" },
	{ NULL, NULL, 0, NULL },
};
