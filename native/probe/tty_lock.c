// SPDX-License-Identifier: MIT
/* A pseudo-terminal's locked termios. */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core.h"

int ioctl(int fd, unsigned long request, ...);

/* @arg: S: a pseudo-terminal's slave side; the master stays open. */
static int step_pty(struct cr_ctx *c, char *arg)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, zero = 0;

	if (master < 0)
		return -errno;
	if (ioctl(master, TIOCSPTLCK, &zero))
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	if (slave < 0)
		return -errno;
	cr_slot_set(c, arg, SLOT_FD, slave);
	return 0;
}

/* @arg: S[,none|bad]: lock ECHO; lock nothing; hand over a bad pointer. */
static int step_tty_lock(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, cr_next(&arg, ','));
	struct termios t;

	if (fd < 0)
		return CR_NOT_TRIED;
	memset(&t, 0, sizeof(t));
	if (!arg)
		t.c_lflag = ECHO;
	return ioctl(fd, TIOCSLCKTRMIOS, arg && *arg == 'b' ? (void *)16 : (void *)&t) ? -errno : 0;
}

/* @arg: S[,bad]; evidence: echo, other or none: which flags are locked */
static int step_tty_locked(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, cr_next(&arg, ','));
	struct termios t;

	if (fd < 0)
		return CR_NOT_TRIED;
	memset(&t, 0, sizeof(t));
	if (ioctl(fd, TIOCGLCKTRMIOS, arg ? (void *)16 : (void *)&t))
		return -errno;
	cr_value(c, t.c_lflag == ECHO				       ? "echo"
		    : t.c_lflag || t.c_iflag || t.c_oflag || t.c_cflag ? "other"
								       : "none");
	return 0;
}

/* @arg: S: turn ECHO over. Evidence: changed, or kept where a lock holds it. */
static int step_tty_echo(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg);
	struct termios before, after;

	if (fd < 0)
		return CR_NOT_TRIED;
	if (ioctl(fd, TCGETS, &before))
		return -errno;
	after = before;
	after.c_lflag ^= ECHO;
	if (ioctl(fd, TCSETS, &after) || ioctl(fd, TCGETS, &after))
		return -errno;
	cr_value(c, (before.c_lflag ^ after.c_lflag) & ECHO ? "changed" : "kept");
	return 0;
}

const struct cr_step cr_steps_tty[] = {
	{ "pty", step_pty, STEP_SETUP, "=S a pseudo-terminal" },
	{ "tty_lock", step_tty_lock, STEP_OP, "=S[,none|bad] TIOCSLCKTRMIOS: lock ECHO" },
	{ "tty_locked", step_tty_locked, STEP_OP, "=S[,bad] TIOCGLCKTRMIOS: echo, other or none" },
	{ "tty_echo", step_tty_echo, STEP_OP, "=S turn ECHO over: changed or kept" },
	{ NULL, NULL, 0, NULL },
};
