// SPDX-License-Identifier: MIT
/*
 * A guest that was saved, and goes on as a copy: who it is, and what it must not have in common with its twins. Its clock stood
 * still since the save, and the random numbers of all copies would be the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

/* <linux/random.h>, whose struct has no fixed size. */
#define CR_RNDADDENTROPY _IOW('R', 0x03, int[2])
#define CR_RNDRESEEDCRNG _IO('R', 0x07)
#define SEED_BYTES	 32
#define NANOS_PER_SECOND 1000000000LL

/* Exactly SEED_BYTES bytes, two hex digits each. */
static bool read_seed(const char *hex, unsigned char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	if (strlen(hex) != 2 * SEED_BYTES)
		return false;
	for (i = 0; i < 2 * SEED_BYTES; i++) {
		const char *at = strchr(digits, hex[i]);

		if (!at)
			return false;
		out[i / 2] = out[i / 2] << 4 | (at - digits);
	}
	return true;
}

/* Each returns 0 or -errno. */
static int set_clock(long long nanos)
{
	struct timespec now = { .tv_sec = nanos / NANOS_PER_SECOND,
				.tv_nsec = nanos % NANOS_PER_SECOND };

	return clock_settime(CLOCK_REALTIME, &now) ? -errno : 0;
}

static int add_entropy(const char *hex)
{
	struct {
		int bits, bytes;
		unsigned char seed[SEED_BYTES];
	} pool = { .bits = 8 * SEED_BYTES, .bytes = SEED_BYTES };
	int fd, err = 0;

	if (!read_seed(hex, pool.seed))
		return -EINVAL;
	fd = open("/dev/random", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* The pool alone changes nothing: numbers come from a generator that is seeded from it now and then. */
	if (ioctl(fd, CR_RNDADDENTROPY, &pool) || ioctl(fd, CR_RNDRESEEDCRNG))
		err = -errno;
	close(fd);
	return err;
}

static void put_outcome(struct cr_text *t, const char *what, int err)
{
	char name[16];

	cr_puts(t, what);
	cr_puts(t, err ? cr_errno_name(-err, name) : "0");
}

/* @rest: NONCE NANOSECONDS SEED. The answer names what it was asked with, so that no older one passes for it. */
void cr_obey_resumed(char *rest)
{
	char buf[512], *nonce = cr_next(&rest, ' '), *time = cr_next(&rest, ' ');
	struct utsname u;
	struct cr_text t;
	long long nanos;

	if (!rest || uname(&u))
		return;
	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "resumed ");
	cr_put_escaped(&t, nonce, strlen(nonce));
	put_outcome(&t, " clock=", cr_parse_long(time, &nanos) ? set_clock(nanos) : -EINVAL);
	put_outcome(&t, " entropy=", add_entropy(rest));
	cr_puts(&t, " release=");
	cr_put_escaped(&t, u.release, strlen(u.release));
	cr_puts(&t, " arch=");
	cr_put_escaped(&t, u.machine, strlen(u.machine));
	cr_channel_send(buf, t.len);
}
