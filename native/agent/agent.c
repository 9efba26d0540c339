// SPDX-License-Identifier: MIT
/* The life of PID 1: mount, tell the facts, obey lines, power off. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

static const struct {
	const char *type, *path, *options;
	bool needed;
} mounts[] = {
	{ "proc", "/proc", NULL, true },
	{ "sysfs", "/sys", NULL, false },
	{ "devtmpfs", "/dev", NULL, false },
	{ "devpts", "/dev/pts", "ptmxmode=0666,mode=0620", false },
	{ "tmpfs", "/tmp", "mode=1777", true },
	{ "tmpfs", "/crcap/exec", "mode=0755", false },
	{ "securityfs", "/sys/kernel/security", NULL, false },
};

/* For the console: what a person reads when the channel never came up. */
static void complain(const char *what, int err)
{
	static char buf[CR_PAYLOAD_MAX + 32];
	char name[16];
	struct cr_text t;
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "crprobe: ");
	cr_puts(&t, what);
	if (err) {
		cr_puts(&t, ": ");
		cr_puts(&t, cr_errno_name(-err, name));
	}
	cr_puts(&t, "\n");
	if (fd < 0 || write(fd, buf, t.len) < 0)
		return;
	close(fd);
}

static void power_off(void) __attribute__((noreturn));
static void power_off(void)
{
	sync();
#if defined(__x86_64__) || defined(__i386__)
	/* Without ACPI nothing switches the machine off, and the call would halt it and end us; a restart (-no-reboot) does. */
	if (access("/sys/firmware/acpi", F_OK))
		reboot(RB_AUTOBOOT);
#endif
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void make_mounts(void)
{
	size_t i;

	mkdir("/crcap", 0755);
	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].path, 0755);
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, 0, mounts[i].options) &&
		    mounts[i].needed)
			complain(mounts[i].path, -errno);
	}
}

/*
 * The device with the channel: named in the initramfs, or as crcap_channel=DEVICE on the kernel's command line, which
 * hands words that it does not know to PID 1 as environment.
 */
static bool find_channel(char *out, size_t size)
{
	ssize_t n = cr_slurp("/crcap/channel", out, size);
	const char *env = getenv("crcap_channel");

	if (n > 0) {
		out[strcspn(out, "\n")] = '\0';
		return true;
	}
	if (!env || strlen(env) >= size)
		return false;
	strcpy(out, env);
	return true;
}

/* Longest list of places in a line. */
#define PLACES_MAX 1024

static int kmsg = -1;

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
static void reset_pids(void)
{
	static int fd = -2;

	if (fd == -2)
		fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && cr_pwrite(fd, "300", 3, 0) < 0)
		fd = -1;
}

static char *payload;

/* @subject, @steps: NULL for what was never named. @num: the case's number as text. */
static void run_case(const char *num, long long n, long long ms, const char *subject,
		     const char *steps)
{
	char program[CR_PROGRAM_MAX];
	int len;

	note_case(num);
	if (!subject || !steps) {
		reply_text("obs", num, " us=0 end=parse at=name why=never%20named");
		return;
	}
	if (!compose(subject, steps, program, sizeof(program))) {
		reply_text("obs", num, " us=0 end=parse at=program why=too%20long");
		return;
	}
	reset_pids();
	len = cr_supervise(program, ms, n, payload, CR_PAYLOAD_MAX);
	if (len < 0)
		reply_text("obs", num,
			   " us=0 end=parse at=fork why=no%20process%20could%20be%20made");
	else
		cr_channel_send(payload, cr_readback_cache(payload, len));
}

/* Takes "N DEADLINE_MS " off the line; false where it does not begin so. */
static bool take_number_and_deadline(char **rest, char **num, long long *n, long long *ms)
{
	char *deadline;

	*num = cr_next(rest, ' ');
	deadline = cr_next(rest, ' ');
	return *rest && cr_parse_long(*num, n) && *n >= 0 && cr_parse_long(deadline, ms) && *ms > 0;
}

/* @rest: N DEADLINE_MS SUBJECT PROGRAM. Returns how many cases were answered. */
static unsigned long obey_case(char *rest)
{
	char *num, *who;
	long long n, ms;

	if (!take_number_and_deadline(&rest, &num, &n, &ms))
		return 0;
	who = cr_next(&rest, ' ');
	if (!rest)
		return 0;
	run_case(num, n, ms, strcmp(who, "-") ? cr_requests_find(cr_subjects, who) : "",
		 *rest == '=' ? cr_requests_find(cr_programs, rest + 1) : rest);
	return 1;
}

/* @rest: N DEADLINE_MS PLACES: cases of the initramfs, numbered from N on. Returns how many were answered. */
static unsigned long obey_cases(char *rest)
{
	const char *subject, *steps;
	unsigned long answered = 0;
	long long n, ms, from, to;
	char text[24], places[PLACES_MAX], *num, *first;
	struct cr_text t;

	if (!take_number_and_deadline(&rest, &num, &n, &ms) || strlen(rest) >= sizeof(places))
		return 0;
	/* What is read between two cases may take the line's place. */
	rest = strcpy(places, rest);
	while ((num = cr_next(&rest, ','))) {
		first = cr_next(&num, '-');
		if (!cr_parse_long(first, &from))
			return answered;
		to = from;
		if (num && !cr_parse_long(num, &to))
			return answered;
		for (; from <= to; from++, n++, answered++) {
			cr_requests_case(from, &subject, &steps);
			cr_text_init(&t, text, sizeof(text));
			cr_putu(&t, n);
			run_case(text, n, ms, subject, steps);
			cr_channel_attend();
		}
	}
	return answered;
}

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

/* Returns how many cases were answered. */
static unsigned long obey(char *line)
{
	char *verb = cr_next(&line, ' ');

	if (!line)
		return 0;
	if (!strcmp(verb, "case"))
		return obey_case(line);
	if (!strcmp(verb, "cases"))
		return obey_cases(line);
	if (!strcmp(verb, "subject"))
		cr_requests_name(cr_subjects, line);
	else if (!strcmp(verb, "program"))
		cr_requests_name(cr_programs, line);
	else if (!strcmp(verb, "rate"))
		measure(line);
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

/* One case by hand, named on the kernel's command line: its observation goes to the console. */
static void run_by_hand(const char *program) __attribute__((noreturn));
static void run_by_hand(const char *program)
{
	static char out[CR_PAYLOAD_MAX];
	int len = cr_supervisor_init(NULL);

	if (!len)
		len = cr_supervise(program, 60000, 0, out, sizeof(out));
	if (len < 0)
		complain(program, len);
	else
		complain(out, 0);
	power_off();
}

void cr_agent(void)
{
	const char *by_hand = getenv("crcap_program");
	char device[64], buf[128], *line;
	unsigned long answered = 0;
	struct utsname u;
	struct cr_text t;
	int err;

	make_mounts();
	if (by_hand)
		run_by_hand(by_hand);
	if (!find_channel(device, sizeof(device))) {
		complain("no channel is named: neither /crcap/channel nor crcap_channel= is there",
			 0);
		power_off();
	}
	payload = cr_own_memory(CR_PAYLOAD_MAX);
	if (!payload || !cr_requests_open()) {
		complain("no memory for what is asked", 0);
		power_off();
	}
	err = cr_channel_open(device);
	if (err) {
		complain(device, err);
		power_off();
	}
	/* Debugging messages would share the port with frames, or cost time; complaints (warnings and worse) stay. */
	cr_spit("/proc/sys/kernel/printk_devkmsg", "on\n", 3);
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	err = cr_supervisor_init(NULL);
	if (err) {
		complain("the supervisor can't start", err);
		power_off();
	}
	uname(&u);
	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "hello proto=1 crprobe=" CRPROBE_VERSION " arch=");
	cr_put_escaped(&t, u.machine, strlen(u.machine));
	cr_channel_send(buf, t.len);
	tell_facts();
	cr_channel_send("ready", 5);
	while ((line = cr_channel_line()) && strcmp(line, "quit"))
		answered += obey(line);
	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "bye ");
	cr_putu(&t, answered);
	cr_channel_send(buf, t.len);
	power_off();
}
