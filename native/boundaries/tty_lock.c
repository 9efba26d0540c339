// SPDX-License-Identifier: MIT
/* A pseudo-terminal's locked termios. */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <asm/termios.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../core/core.h"

int ioctl(int fd, unsigned long request, ...);

/* @arg: S[,M[,R]]: a pseudo-terminal's slave side; its master, which stays open in any case; the slave opened for reading only. */
static int step_pty(struct cr_ctx *c, char *arg)
{
	char *slot = cr_next(&arg, ','), *other = cr_next(&arg, ',');
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), slave, zero = 0;

	if (master < 0)
		return -errno;
	if (ioctl(master, TIOCSPTLCK, &zero))
		return -errno;
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	if (slave < 0)
		return -errno;
	cr_slot_set(c, slot, SLOT_FD, slave);
	if (other)
		cr_slot_set(c, other, SLOT_FD, master);
	if (arg) {
		slave = ioctl(master, TIOCGPTPEER, O_RDONLY | O_NOCTTY);
		if (slave < 0)
			return -errno;
		cr_slot_set(c, arg, SLOT_FD, slave);
	}
	return 0;
}

/* @arg: S[,none|bad|intr|all]: lock ECHO; lock nothing; hand over a bad pointer; lock ECHO and INTR; lock everything. */
static int step_tty_lock(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, cr_next(&arg, ','));
	struct termios t;

	if (fd < 0)
		return CR_NOT_TRIED;
	memset(&t, arg && *arg == 'a' ? 0xff : 0, sizeof(t));
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

/* One thing of each kind turned over. All of it fits the old struct termio, too. */
#define TURN_OVER(t)                      \
	do {                              \
		(t)->c_iflag ^= ICRNL;    \
		(t)->c_oflag ^= ONLCR;    \
		(t)->c_cflag ^= HUPCL;    \
		(t)->c_lflag ^= ECHO;     \
		(t)->c_cc[VINTR] ^= 0x04; \
	} while (0)

/* Through the ioctl that @how names. */
static int change(int fd, const char *how)
{
	static const struct {
		const char *name;
		unsigned long get, set;
		enum { NEW, OLD, TWO } layout;
	} ways[] = {
		{ "s", TCGETS, TCSETS, NEW },	 { "sw", TCGETS, TCSETSW, NEW },
		{ "sf", TCGETS, TCSETSF, NEW },	 { "a", TCGETA, TCSETA, OLD },
		{ "aw", TCGETA, TCSETAW, OLD },	 { "af", TCGETA, TCSETAF, OLD },
#ifdef TCGETS2
		{ "s2", TCGETS2, TCSETS2, TWO },
#else
		/* Where struct termios has the speeds itself there is no second one. */
		{ "s2", TCGETS, TCSETS, NEW },
#endif
	};
	union {
		struct termios new;
		struct termio old;
#ifdef TCGETS2
		struct termios2 two;
#endif
	} t;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]) && strcmp(how, ways[i].name); i++)
		;
	if (i == sizeof(ways) / sizeof(ways[0]))
		return CR_MISUSED;
	if (ioctl(fd, ways[i].get, &t))
		return -errno;
	if (ways[i].layout == OLD)
		TURN_OVER(&t.old);
#ifdef TCGETS2
	else if (ways[i].layout == TWO)
		TURN_OVER(&t.two);
#endif
	else
		TURN_OVER(&t.new);
	return ioctl(fd, ways[i].set, &t) ? -errno : 0;
}

/* @arg: S,s|sw|sf|s2|a|aw|af: turn over a bit of each field and a character. Evidence: kept, changed, or what changed. */
static int step_tty_change(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, cr_next(&arg, ',')), err, n = 0;
	struct termios before, after;
	struct cr_text text;
	char buf[48];

	if (fd < 0)
		return CR_NOT_TRIED;
	if (!arg)
		return CR_MISUSED;
	if (ioctl(fd, TCGETS, &before))
		return -errno;
	err = change(fd, arg);
	if (err)
		return err;
	if (ioctl(fd, TCGETS, &after))
		return -errno;
	cr_text_init(&text, buf, sizeof(buf));
#define TELL(field)                                                \
	do {                                                       \
		if (before.c_##field != after.c_##field)           \
			cr_puts(&text, n++ ? " " #field : #field); \
	} while (0)
	TELL(iflag);
	TELL(oflag);
	TELL(cflag);
	TELL(lflag);
	if (memcmp(before.c_cc, after.c_cc, sizeof(before.c_cc)))
		cr_puts(&text, n++ ? " cc" : "cc");
	cr_value(c, n == 0 ? "kept" : n == 5 ? "changed" : buf);
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
	{ "pty", step_pty, STEP_SETUP, "=S[,M[,R]] a pseudo-terminal; its master; read-only" },
	{ "tty_lock", step_tty_lock, STEP_OP, "=S[,none|bad|intr|all] TIOCSLCKTRMIOS: lock ECHO" },
	{ "tty_change", step_tty_change, STEP_OP,
	  "=S,s|sw|sf|s2|a|aw|af turn over something of each kind: changed or kept" },
	{ "tty_locked", step_tty_locked, STEP_OP, "=S[,bad] TIOCGLCKTRMIOS: echo, other or none" },
	{ "tty_echo", step_tty_echo, STEP_OP, "=S turn ECHO over: changed or kept" },
	{ NULL, NULL, 0, NULL },
};
