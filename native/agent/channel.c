// SPDX-License-Identifier: MIT
/* Frames out, lines in, over a serial port: numbered, summed, resent. See PROTOCOL.md. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../probe/core.h"
#include "agent.h"

#define LINE_MAX_BYTES 4200
#define RING	       (128 * 1024)
#define FRAMES	       1024

static int port = -1;
static char ring[RING]; /* the latest frames' payloads, one after the other */
static size_t ring_at;
static struct {
	unsigned long seq;
	size_t start, len;
	bool valid;
} sent[FRAMES];
static unsigned long next_seq, next_line;
static long told_bad = -1;

uint32_t cr_crc32(uint32_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;

	crc = ~crc;
	while (len--) {
		int i;

		crc ^= *p++;
		for (i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

static void put_all(const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(port, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* what is lost is asked for again, or missed at the end */
		p += n;
		len -= n;
	}
}

static void put_frame(unsigned long seq, const char *payload, size_t len)
{
	static char frame[CR_PAYLOAD_MAX + 64];
	char num[24];
	struct cr_text t, n;
	uint32_t crc;

	cr_text_init(&n, num, sizeof(num));
	cr_putu(&n, seq);
	cr_puts(&n, " ");
	crc = cr_crc32(cr_crc32(0, num, n.len), payload, len);
	cr_text_init(&t, frame, sizeof(frame));
	cr_puts(&t, "\x1e");
	cr_puts(&t, num);
	cr_putu(&t, len);
	cr_puts(&t, " ");
	cr_putx(&t, crc, 8);
	cr_puts(&t, " ");
	cr_putn(&t, payload, len);
	cr_puts(&t, "\n");
	put_all(frame, t.len);
}

void cr_channel_send(const char *payload, size_t len)
{
	unsigned long seq = next_seq++;
	size_t i;

	if (ring_at + len > RING)
		ring_at = 0;
	for (i = 0; i < FRAMES; i++) /* what is overwritten can't be sent again */
		if (sent[i].valid && sent[i].start < ring_at + len &&
		    ring_at < sent[i].start + sent[i].len)
			sent[i].valid = false;
	memcpy(ring + ring_at, payload, len);
	i = seq % FRAMES;
	sent[i].seq = seq;
	sent[i].start = ring_at;
	sent[i].len = len;
	sent[i].valid = true;
	ring_at += len;
	put_frame(seq, payload, len);
}

static void resend(unsigned long seq)
{
	size_t i = seq % FRAMES;

	if (sent[i].valid && sent[i].seq == seq)
		put_frame(seq, ring + sent[i].start, sent[i].len);
}

/* Raw, 8 bits, blocking. Returns 0 or -errno. */
int cr_channel_open(const char *device)
{
	struct termios t;

	port = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (port < 0)
		return -errno;
	if (tcgetattr(port, &t))
		return -errno;
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return tcsetattr(port, TCSANOW, &t) ? -errno : 0;
}

static void bad_line(void)
{
	char buf[48];
	struct cr_text t;

	if (told_bad == (long)next_line)
		return;
	told_bad = next_line;
	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, "bad ");
	cr_putu(&t, next_line);
	cr_channel_send(buf, t.len);
}

/* Is it the next line, whole? Then its text; else NULL, and what there is to say has been said. */
static char *take(char *line, size_t len)
{
	char *num = line, *crc, *text, sum[9], want[24];
	struct cr_text t, w;
	long long n;
	uint32_t c;

	crc = memchr(num, ' ', len);
	text = crc ? memchr(crc + 1, ' ', len - (crc + 1 - line)) : NULL;
	if (!text || text - crc != 9) {
		bad_line();
		return NULL;
	}
	*crc++ = '\0';
	*text++ = '\0';
	cr_text_init(&w, want, sizeof(want));
	cr_puts(&w, num);
	cr_puts(&w, " ");
	c = cr_crc32(cr_crc32(0, want, w.len), text, len - (text - line));
	cr_text_init(&t, sum, sizeof(sum));
	cr_putx(&t, c, 8);
	if (strcmp(sum, crc)) {
		bad_line();
		return NULL;
	}
	if (!strcmp(num, "r")) {
		if (!strncmp(text, "resend ", 7) && cr_parse_long(text + 7, &n))
			resend(n);
		return NULL;
	}
	if (!cr_parse_long(num, &n))
		return NULL;
	if (n == (long long)next_line) {
		next_line++;
		told_bad = -1;
		return text;
	}
	if (n > (long long)next_line)
		bad_line();
	return NULL;
}

char *cr_channel_line(void)
{
	static char buf[4 * LINE_MAX_BYTES];
	static size_t have, used;
	char *line, *nl, *text;

	for (;;) {
		while ((nl = memchr(buf + used, '\n', have - used))) {
			size_t len = nl - (buf + used);

			line = buf + used;
			used += len + 1;
			*nl = '\0';
			text = take(line, len);
			if (text)
				return text;
		}
		memmove(buf, buf + used, have - used);
		have -= used;
		used = 0;
		if (have == sizeof(buf)) { /* no line is that long */
			have = 0;
			bad_line();
		}
		ssize_t n = read(port, buf + have, sizeof(buf) - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		have += n;
	}
}
