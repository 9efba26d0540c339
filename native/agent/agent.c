// SPDX-License-Identifier: MIT
/* The life of PID 1: mount, tell the facts, obey lines, power off. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
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
	{ "selinuxfs", "/sys/fs/selinux", NULL, false },
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

/* One case by hand, named on the kernel's command line: its observation goes to the console. */
static void run_by_hand(const char *program) __attribute__((noreturn));
static void run_by_hand(const char *program)
{
	static char out[CR_PAYLOAD_MAX];
	int len = cr_supervisor_init(NULL);

	if (!len)
		len = cr_supervise(NULL, program, 60000, 0, out, sizeof(out));
	if (len < 0)
		complain(program, len);
	else
		complain(out, 0);
	cr_power_off();
}

void cr_agent(void)
{
	const char *by_hand = getenv("crcap_program");
	char device[64], *line;
	int err;

	make_mounts();
	if (by_hand)
		run_by_hand(by_hand);
	if (getenv("crcap_shell"))
		cr_shell();
	if (!find_channel(device, sizeof(device))) {
		complain("no channel is named: neither /crcap/channel nor crcap_channel= is there",
			 0);
		cr_power_off();
	}
	if (!cr_cases_open(cr_in_guest) || !cr_requests_open()) {
		complain("no memory for what is asked", 0);
		cr_power_off();
	}
	err = cr_channel_open(device);
	if (err) {
		complain(device, err);
		cr_power_off();
	}
	err = cr_supervisor_init(NULL);
	if (err) {
		complain("the supervisor can't start", err);
		cr_power_off();
	}
	cr_say_hello();
	while ((line = cr_channel_line()) && strcmp(line, "quit"))
		cr_obey(line);
	cr_say_bye();
	cr_channel_drain();
	cr_power_off();
}
