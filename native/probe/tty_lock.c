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

/* @arg: S[,M]: a pseudo-terminal's slave side, and its master, which stays open in any case. */
static int step_pty(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ',');
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, zero = 0;

	if (master < 0)
		return -errno;
	if (ioctl(master, TIOCSPTLCK, &zero))
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	if (slave < 0)
		return -errno;
	cr_slot_set(c, slot, SLOT_FD, slave);
	if (arg)
		cr_slot_set(c, arg, SLOT_FD, master);
	return 0;
}

/* @arg: S[,none|bad|intr]: lock ECHO; lock nothing; hand over a bad pointer; lock ECHO and INTR. */
static int step_tty_lock(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, cr_next(&arg, ','));
	struct termios t;

	if (fd < 0)
		return CR_NOT_TRIED;
	memset(&t, 0, sizeof(t));
	if (!arg || *arg == 'i')
		t.c_lflag = ECHO;
	if (arg && *arg == 'i')
		t.c_cc[VINTR] = 1;
	return ioctl(fd, TIOCSLCKTRMIOS, arg && *arg == 'b' ? (void *)16 : (void *)&t) ? -errno : 0;
}

/* @arg: S[,bad]; evidence: echo, echo and intr, other or none: what is locked */
static int step_tty_locked(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, cr_next(&arg, ','));
	struct termios t;

	if (fd < 0)
		return CR_NOT_TRIED;
	memset(&t, 0, sizeof(t));
	if (ioctl(fd, TIOCGLCKTRMIOS, arg ? (void *)16 : (void *)&t))
		return -errno;
	if (t.c_iflag || t.c_oflag || t.c_cflag || (t.c_lflag && t.c_lflag != ECHO))
		cr_value(c, "other");
	else if (!t.c_lflag)
		cr_value(c, "none");
	else
		cr_value(c, t.c_cc[VINTR] ? "echo and intr" : "echo");
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

/* @arg: S; evidence: the settings that programs look at first, e.g. "icanon echo isig" */
static int step_tty_mode(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg);
	struct cr_text text;
	struct termios t;
	char buf[32];

	if (fd < 0)
		return CR_NOT_TRIED;
	if (ioctl(fd, TCGETS, &t))
		return -errno;
	cr_text_init(&text, buf, sizeof(buf));
	cr_puts(&text, t.c_lflag & ICANON ? "icanon" : "raw");
	cr_puts(&text, t.c_lflag & ECHO ? " echo" : "");
	cr_puts(&text, t.c_lflag & ISIG ? " isig" : "");
	cr_value(c, buf);
	return 0;
}

/* @arg: S: TIOCVHANGUP, another capability's */
static int step_tty_hangup(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg);

	if (fd < 0)
		return CR_NOT_TRIED;
	return ioctl(fd, TIOCVHANGUP, NULL) ? -errno : 0;
}

/* @arg: S: this process's controlling terminal, in a session of its own; only in a child's block */
static int step_ctty(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, arg);

	if (fd < 0)
		return CR_NOT_TRIED;
	return setsid() < 0 || ioctl(fd, TIOCSCTTY, (void *)0) ? -errno : 0;
}

const struct cr_step cr_steps_tty[] = {
	{ "ctty", step_ctty, STEP_SETUP,
	  "=S in a child: the controlling terminal of a new session" },
	{ "tty_mode", step_tty_mode, STEP_OP, "=S its settings" },
	{ "tty_hangup", step_tty_hangup, STEP_OP, "=S TIOCVHANGUP" },
	{ "pty", step_pty, STEP_SETUP, "=S[,M] a pseudo-terminal; its master" },
	{ "tty_lock", step_tty_lock, STEP_OP, "=S[,none|bad|intr] TIOCSLCKTRMIOS: lock ECHO" },
	{ "tty_locked", step_tty_locked, STEP_OP, "=S[,bad] TIOCGLCKTRMIOS: echo, other or none" },
	{ "tty_echo", step_tty_echo, STEP_OP, "=S turn ECHO over: changed or kept" },
	{ NULL, NULL, 0, NULL },
};
