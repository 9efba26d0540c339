// SPDX-License-Identifier: MIT
/* Frames out, lines in, over a serial port: numbered, summed, resent. See PROTOCOL.md. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

#define LINE_MAX_BYTES 4200
/* What can be sent again: the latest frames, as many as fit into both (see PROTOCOL.md). */
#define RING   (128 * 1024)
#define FRAMES 1024
/* The runner's word that it is there, as it travels. */
#define ALIVE "r 372eb604 alive"

static int from = -1, to = -1;
/* What stands before each frame, and what its sum begins with: a log's lines tell to which run they belong. */
static const char *lead = "\x1e", *run = "";
static struct {
	char ring[RING]; /* the latest frames' payloads, one after the other */
	size_t ring_at;
	struct {
		size_t start, len;
	} sent[FRAMES];
	unsigned long first; /* the oldest frame that may still be whole */
	char frame[CR_PAYLOAD_MAX + 64];
	char input[4 * LINE_MAX_BYTES];
} * own;
static bool failed;
/* So many seconds may pass without a byte from the runner; 0: any. */
static unsigned int patience;
static unsigned long next_seq, next_line;
static long told_bad = -1;

static void put_all(const char *p, size_t len)
{
	while (len) {
		ssize_t n = write(to, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			failed = true; /* what is lost is asked for again, or missed at the end */
			return;
		}
		p += n;
		len -= n;
	}
}

static void put_frame(unsigned long seq, const char *payload, size_t len)
{
	char num[24];
	struct cr_text t, n;
	uint32_t crc;

	cr_text_init(&n, num, sizeof(num));
	cr_putu(&n, seq);
	cr_puts(&n, " ");
	crc = cr_crc32(cr_crc32(cr_crc32(0, run, strlen(run)), num, n.len), payload, len);
	cr_text_init(&t, own->frame, sizeof(own->frame));
	cr_puts(&t, lead);
	cr_puts(&t, run);
	cr_puts(&t, num);
	cr_putu(&t, len);
	cr_puts(&t, " ");
	cr_putx(&t, crc, 8);
	cr_puts(&t, " ");
	cr_putn(&t, payload, len);
	cr_puts(&t, "\n");
	put_all(own->frame, t.len);
}

static bool overwrites(size_t start, size_t len, unsigned long seq)
{
	size_t i = seq % FRAMES;

	return own->sent[i].start < start + len && start < own->sent[i].start + own->sent[i].len;
}

void cr_channel_send(const char *payload, size_t len)
{
	unsigned long seq = next_seq++;
	size_t i = seq % FRAMES;

	if (own->ring_at + len > RING) {
		/* What stands behind is older than what is at the start: it goes first. */
		while (own->first < seq && own->sent[own->first % FRAMES].start >= own->ring_at)
			own->first++;
		own->ring_at = 0;
	}
	/* What is overwritten can't be sent again. */
	while (own->first < seq &&
	       (seq - own->first >= FRAMES || overwrites(own->ring_at, len, own->first)))
		own->first++;
	memcpy(own->ring + own->ring_at, payload, len);
	own->sent[i].start = own->ring_at;
	own->sent[i].len = len;
	own->ring_at += len;
	put_frame(seq, payload, len);
}

/* A frame again; in the place of one that is no longer kept, what says so: it can never be had, and nobody shall wait for it. */
static void resend(long long seq)
{
	if (seq < 0 || seq >= (long long)next_seq)
		return;
	if (seq < (long long)own->first)
		put_frame(seq, "gone", 4);
	else
		put_frame(seq, own->ring + own->sent[seq % FRAMES].start,
			  own->sent[seq % FRAMES].len);
}

/* Descriptors that are open already. Returns 0 or -errno. */
int cr_channel_take(int in, int out)
{
	from = in;
	to = out;
	own = cr_own_memory(sizeof(*own));
	return own ? 0 : -ENOMEM;
}

/* From here on SIGALRM comes where nothing does for so many seconds, whatever this process waits for. */
void cr_channel_expect(unsigned int seconds)
{
	patience = seconds;
	alarm(patience);
}

/* Frames become lines of a log on @out, of the run @name, "NAME "; nothing is read. Returns 0 or -errno. */
int cr_channel_log(int out, const char *name)
{
	lead = "# crcap ";
	run = name;
	return cr_channel_take(-1, out);
}

/* True where something could not be written. */
bool cr_channel_failed(void)
{
	return failed;
}

/* A serial port: raw, 8 bits, blocking. Returns 0 or -errno. */
int cr_channel_open(const char *device)
{
	struct termios t;
	int port = open(device, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (port < 0)
		return -errno;
	if (tcgetattr(port, &t))
		return -errno;
	cfmakeraw(&t);
	cfsetspeed(&t, B115200);
	t.c_cflag |= CLOCAL | CREAD;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (tcsetattr(port, TCSANOW, &t))
		return -errno;
	return cr_channel_take(port, port);
}

void cr_channel_drain(void)
{
	while (tcdrain(to) && errno == EINTR)
		continue;
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

static size_t have, used;

/* Reads what has come into the buffer, waiting where nothing has; false when the channel is gone. */
static bool read_more(void)
{
	ssize_t n;

	memmove(own->input, own->input + used, have - used);
	have -= used;
	used = 0;
	if (have == sizeof(own->input)) { /* no line is that long */
		have = 0;
		bad_line();
	}
	do
		n = read(from, own->input + have, sizeof(own->input) - have);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	have += n;
	if (patience)
		alarm(patience);
	return true;
}

char *cr_channel_line(void)
{
	char *line, *nl, *text;

	for (;;) {
		while ((nl = memchr(own->input + used, '\n', have - used))) {
			size_t len = nl - (own->input + used);

			line = own->input + used;
			used += len + 1;
			*nl = '\0';
			text = take(line, len);
			if (text)
				return text;
		}
		if (!read_more())
			return NULL;
	}
}

/* Takes what has come: lines that begin with @now at once, the others wait for their turn. False when the channel is gone. */
static bool attend(const char *now)
{
	struct pollfd in = { .fd = from, .events = POLLIN };
	char *line, *nl;

	if (poll(&in, 1, 0) <= 0)
		return true;
	if (!read_more())
		return false;
	for (line = own->input; (nl = memchr(line, '\n', own->input + have - line));) {
		if (strncmp(line, now, strlen(now))) {
			line = nl + 1;
			continue;
		}
		*nl = '\0';
		take(line, nl - line);
		memmove(line, nl + 1, own->input + have - (nl + 1));
		have -= nl + 1 - line;
	}
	return true;
}

/* Between two cases: frames that were lost go again. */
void cr_channel_attend(void)
{
	attend("r ");
}

/* While a case runs: nothing is sent, which might wait for the runner. False when the channel is gone. */
bool cr_channel_listen(void)
{
	return attend(ALIVE);
}
