// SPDX-License-Identifier: MIT
/* A case as the agent runs it: found by its numbers, from a prepared subject where that can be, answered in a frame. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "../core/prepared.h"
#include "agent.h"

/* Longest list of indexes in a line. */
#define INDEXES_MAX 1024
/* So many answers at most to a line. */
#define ANSWERS_MAX 64
/* The highest number of a case, and the highest index into the catalogue: nine digits. */
#define NUMBER_MAX 999999999

static int kmsg = -1;

static char *payload;

/* /proc/sys/kernel/tainted, and what it said when it was last told. */
static int taint_fd = -1;
static char taint[24];

/* Reads the kernel's flags; false where they can't be read. */
static bool read_taint(char *out, size_t size)
{
	ssize_t n = taint_fd < 0 ? -1 : pread(taint_fd, out, size - 1, 0);

	if (n <= 0)
		return false;
	out[n] = '\0';
	out[strcspn(out, "\n")] = '\0';
	return true;
}

/* Adds the flags to the answer of the case that changed them. Where there is no space they are told with the next one. */
static size_t tell_taint(char *obs, size_t len)
{
	char now[sizeof(taint)];
	struct cr_text t;

	if (!read_taint(now, sizeof(now)) || !strcmp(now, taint))
		return len;
	cr_text_init(&t, obs + len, CR_PAYLOAD_MAX - len);
	cr_puts(&t, " taint=");
	cr_puts(&t, now);
	if (t.cut)
		return len;
	strcpy(taint, now);
	return len + t.len;
}

static enum cr_where cases_run;

/* False where there is no memory for it. */
bool cr_cases_open(enum cr_where where)
{
	cases_run = where;
	payload = cr_own_memory(CR_PAYLOAD_MAX);
	if (cases_run == cr_on_host)
		return payload;
	/* Debugging messages would share the port with frames, or cost time; complaints (warnings and worse) stay. */
	cr_spit("/proc/sys/kernel/printk_devkmsg", "on\n", 3);
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	taint_fd = open("/proc/sys/kernel/tainted", O_RDONLY | O_CLOEXEC);
	read_taint(taint, sizeof(taint));
	return payload;
}

/* So that a console shows which case ran when the kernel complained. */
static void note_case(const char *n)
{
	char buf[48];
	struct cr_text t;

	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "<1>crcap: case ");
	cr_puts(&t, n);
	cr_puts(&t, "\n");
	if (kmsg >= 0 && write(kmsg, buf, t.len) < 0)
		kmsg = -1;
}

/* The subject's steps in the place of the step "@", or in front. Returns false where it does not fit. */
static bool compose(const char *subject, const char *program, char *out, size_t size)
{
	const char *at = strstr(program, " @ ");
	struct cr_text t;

	cr_text_init(&t, out, size);
	if (at) {
		cr_putn(&t, program, at - program);
		cr_puts(&t, " ");
		program = at + 3;
	} else if (!strncmp(program, "@ ", 2)) {
		program += 2;
	}
	cr_puts(&t, subject);
	cr_puts(&t, " ");
	cr_puts(&t, program);
	return !t.cut;
}

static void reply_text(const char *kind, const char *n, const char *rest)
{
	char buf[256];
	struct cr_text t;

	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, kind);
	cr_puts(&t, " ");
	cr_puts(&t, n);
	cr_puts(&t, rest);
	cr_channel_send(buf, t.len);
}

/*
 * Every case starts from the same place in the order of pids, whatever the case before it did, so that no result hangs
 * on the order of cases. Where the kernel does not let us (it is under test), nothing is lost but that.
 */
static void reset_pids(const char *to)
{
	static int fd = -2;

	if (fd == -2)
		fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		cr_pwrite(fd, to, strlen(to), 0);
}

static long remove_ipc(int which, int id)
{
	switch (which) {
	case 0:
		return msgctl(id, IPC_RMID, NULL);
	case 1:
		return semctl(id, 0, IPC_RMID);
	default:
		return shmctl(id, IPC_RMID, NULL);
	}
}

/*
 * No case finds the id that another one asked for and did not use: -1, none, can't be written, so an object takes it. (A namespace
 * that a case makes goes with it.)
 */
static void reset_ipc(void)
{
	static const char *const paths[] = {
		"/proc/sys/kernel/msg_next_id",
		"/proc/sys/kernel/sem_next_id",
		"/proc/sys/kernel/shm_next_id",
	};
	static int fds[] = { -2, -2, -2 };
	char first;
	int i, id;

	for (i = 0; i < 3; i++) {
		if (fds[i] == -2)
			fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0 || pread(fds[i], &first, 1, 0) != 1 || first == '-')
			continue;
		id = i == 0   ? msgget(IPC_PRIVATE, 0600)
		     : i == 1 ? semget(IPC_PRIVATE, 1, 0600)
			      : shmget(IPC_PRIVATE, 4096, 0600);
		if (id >= 0)
			remove_ipc(i, id);
	}
}

/* True where this case or the one before it has to do with those ids. */
static bool names_ids(const char *steps)
{
	static bool before;
	bool now = steps && strstr(steps, "_next"), either = now || before;

	before = now;
	return either;
}

/* The pids after which cases begin, and those of prepared subjects, which stay and must not be in a case's way. */
#define CASE_PIDS     "300"
#define PREPARED_PIDS "3000"

static bool fresh_subjects;

void cr_cases_fresh(bool fresh)
{
	fresh_subjects = fresh;
}

/* Run the steps from a prepared subject. Returns false where they make a subject of their own. */
static bool run_prepared(const char *subject, const char *steps, unsigned int ms, long long n,
			 int *len)
{
	struct cr_prepared *from;

	if (fresh_subjects || strstr(steps, " @ ") || !*subject)
		return false;
	from = cr_prepared_find(subject);
	if (!from && cr_can_be_prepared(subject)) {
		reset_pids(PREPARED_PIDS);
		from = cr_prepare(subject, ms);
	}
	if (!from || !from->pid)
		return false;
	reset_pids(CASE_PIDS);
	*len = cr_supervise(from, strncmp(steps, "@ ", 2) ? steps : steps + 2, ms, n, payload,
			    CR_PAYLOAD_MAX);
	return *len != -ESRCH;
}

/* @subject, @steps: NULL for what was never named. They may be gone once the case runs: what is read meanwhile takes a line's place. */
static void run_case(long long n, long long ms, const char *subject, const char *steps)
{
	char program[CR_PROGRAM_MAX], num[24];
	struct cr_text t;
	int len;

	cr_text_init(&t, num, sizeof(num));
	cr_putu(&t, n);
	*payload = '\0';
	if (cases_run == cr_in_guest) {
		/* What the kernel has to say to that is not this case's. */
		cr_leave_steps(steps ? steps : "");
		note_case(num);
		if (names_ids(steps))
			reset_ipc();
	}
	if (!subject || !steps) {
		reply_text("obs", num, " us=0 end=parse at=name why=never%20named");
		return;
	}
	if (!compose(subject, steps, program, sizeof(program))) {
		reply_text("obs", num, " us=0 end=parse at=program why=too%20long");
		return;
	}
	if (cases_run == cr_on_host) {
		/* Nothing of this machine's is set back, and every case makes its subject itself, in a family of processes of its own. */
		len = cr_run_case_apart(program, ms, n, payload, CR_PAYLOAD_MAX);
		if (len == -EPIPE)
			return;
	} else if (!run_prepared(subject, steps, ms, n, &len)) {
		reset_pids(CASE_PIDS);
		len = cr_supervise(NULL, program, ms, n, payload, CR_PAYLOAD_MAX);
	}
	if (len < 0)
		reply_text("obs", num,
			   " us=0 end=parse at=fork why=no%20process%20could%20be%20made");
	else
		cr_channel_send(payload, tell_taint(payload, cr_readback_cache(payload, len)));
}

static bool parse_number(const char *text, long long *n)
{
	return cr_parse_long(text, n) && *n >= 0 && *n <= NUMBER_MAX;
}

/* Takes "N DEADLINE_MS " off the line; false where it does not begin so. */
static bool take_number_and_deadline(char **rest, long long *n, long long *ms)
{
	char *num, *deadline;

	num = cr_next(rest, ' ');
	deadline = cr_next(rest, ' ');
	return *rest && parse_number(num, n) && parse_number(deadline, ms) && *ms > 0;
}

/* @rest: N DEADLINE_MS SUBJECT PROGRAM. Returns how many cases were answered. */
unsigned long cr_obey_case(char *rest)
{
	char *who;
	long long n, ms;

	if (!take_number_and_deadline(&rest, &n, &ms))
		return 0;
	who = cr_next(&rest, ' ');
	if (!rest)
		return 0;
	run_case(n, ms, strcmp(who, "-") ? cr_requests_find(cr_subjects, who) : "",
		 *rest == '=' ? cr_requests_find(cr_programs, rest + 1) : rest);
	return 1;
}

/*
 * @rest: N DEADLINE_MS INDEXES: cases of the initramfs, numbered from N on. Whoever asks for more than a line may ask for gets
 * the answers of the first. Returns how many were answered.
 */
unsigned long cr_obey_cases(char *rest)
{
	const char *subject, *steps;
	unsigned long answered = 0;
	long long n, ms, from, to;
	char indexes[INDEXES_MAX], *num, *first;

	if (!take_number_and_deadline(&rest, &n, &ms) || strlen(rest) >= sizeof(indexes))
		return 0;
	/* What is read between two cases may take the line's place. */
	rest = strcpy(indexes, rest);
	while ((num = cr_next(&rest, ','))) {
		first = cr_next(&num, '-');
		if (!parse_number(first, &from))
			return answered;
		to = from;
		if (num && !parse_number(num, &to))
			return answered;
		for (; from <= to; from++, n++, answered++) {
			if (answered == ANSWERS_MAX)
				return answered;
			cr_requests_case(from, &subject, &steps);
			run_case(n, ms, subject, steps);
			cr_channel_attend();
		}
	}
	return answered;
}

/* The latest case's observation; empty where there is none. */
const char *cr_latest_observation(void)
{
	return payload;
}
