// SPDX-License-Identifier: MIT
/* Bounded text without allocation, and reading and writing small files. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core.h"

void cr_text_init(struct cr_text *t, char *buf, size_t size)
{
	t->buf = buf;
	t->size = size;
	t->len = 0;
	t->cut = false;
	buf[0] = '\0';
}

void cr_putn(struct cr_text *t, const char *s, size_t n)
{
	if (n > t->size - 1 - t->len) {
		n = t->size - 1 - t->len;
		t->cut = true;
	}
	memcpy(t->buf + t->len, s, n);
	t->len += n;
	t->buf[t->len] = '\0';
}

void cr_puts(struct cr_text *t, const char *s)
{
	cr_putn(t, s, strlen(s));
}

void cr_putu(struct cr_text *t, unsigned long long v)
{
	char tmp[24];
	size_t i = sizeof(tmp);

	do {
		tmp[--i] = '0' + v % 10;
		v /= 10;
	} while (v);
	cr_putn(t, tmp + i, sizeof(tmp) - i);
}

void cr_putd(struct cr_text *t, long long v)
{
	if (v < 0)
		cr_puts(t, "-");
	cr_putu(t, v < 0 ? -(unsigned long long)v : (unsigned long long)v);
}

void cr_putx(struct cr_text *t, unsigned long long v, int digits)
{
	char tmp[16];
	int i = 16;

	do {
		tmp[--i] = "0123456789abcdef"[v & 15];
		v >>= 4;
	} while (v || 16 - i < digits);
	cr_putn(t, tmp + i, 16 - i);
}

/* The characters with a meaning in programs, observations and facts, and all that is not printable ASCII. */
static bool must_escape(unsigned char ch)
{
	return ch <= ' ' || ch >= 0x7f || ch == '%' || ch == '{' || ch == '}' || ch == ',' ||
	       ch == ':' || ch == '~';
}

void cr_put_escaped(struct cr_text *t, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned char ch = s[i];

		if (must_escape(ch)) {
			char esc[3] = { '%', "0123456789ABCDEF"[ch >> 4],
					"0123456789ABCDEF"[ch & 15] };

			cr_putn(t, esc, 3);
		} else {
			cr_putn(t, s + i, 1);
		}
	}
}

static int hex(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* Undo %XX in place; returns the new length (a NUL may stand inside). */
size_t cr_unescape(char *s)
{
	char *out = s, *in = s;

	while (*in) {
		if (in[0] == '%' && hex(in[1]) >= 0 && hex(in[2]) >= 0) {
			*out++ = hex(in[1]) << 4 | hex(in[2]);
			in += 3;
		} else {
			*out++ = *in++;
		}
	}
	*out = '\0';
	return out - s;
}

const char *cr_errno_name(int err, char buf[16])
{
	static const struct {
		int nr;
		const char *name;
	} names[] = {
#define E(n) { n, #n }
		E(EPERM),	    E(ENOENT),	  E(ESRCH),	    E(EINTR),	    E(EIO),
		E(ENXIO),	    E(E2BIG),	  E(ENOEXEC),	    E(EBADF),	    E(ECHILD),
		E(EAGAIN),	    E(ENOMEM),	  E(EACCES),	    E(EFAULT),	    E(EBUSY),
		E(EEXIST),	    E(EXDEV),	  E(ENODEV),	    E(ENOTDIR),	    E(EISDIR),
		E(EINVAL),	    E(ENFILE),	  E(EMFILE),	    E(ENOTTY),	    E(ETXTBSY),
		E(EFBIG),	    E(ENOSPC),	  E(ESPIPE),	    E(EROFS),	    E(EMLINK),
		E(EPIPE),	    E(EDOM),	  E(ERANGE),	    E(EDEADLK),	    E(ENAMETOOLONG),
		E(ENOSYS),	    E(ENOTEMPTY), E(ELOOP),	    E(ENODATA),	    E(EPROTO),
		E(EUSERS),	    E(EOVERFLOW), E(EOPNOTSUPP),    E(ENOPROTOOPT), E(EAFNOSUPPORT),
		E(EPROTONOSUPPORT), E(ENOTCONN),  E(ETIMEDOUT),	    E(ESTALE),	    E(EDQUOT),
		E(ENOMSG),	    E(EIDRM),	  E(EADDRNOTAVAIL), E(ENETUNREACH),
#undef E
	};
	struct cr_text t;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].nr == err)
			return names[i].name;
	cr_text_init(&t, buf, 16);
	cr_puts(&t, "E");
	cr_putd(&t, err);
	return buf;
}

ssize_t cr_slurp(const char *path, char *buf, size_t size)
{
	return cr_slurp_at(AT_FDCWD, path, buf, size);
}

/* Read a small file whole; returns the length or -errno. The buffer is NUL-terminated. */
ssize_t cr_slurp_at(int dir, const char *path, char *buf, size_t size)
{
	size_t len = 0;
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0) {
			int err = errno;

			close(fd);
			return -err;
		}
		if (!n)
			break;
		len += n;
	}
	buf[len] = '\0';
	close(fd);
	return len;
}

/* The system call itself where that is plain: musl's function asks for more, and tries twice. */
ssize_t cr_pwrite(int fd, const void *data, size_t len, off_t off)
{
#ifdef __LP64__
	return syscall(SYS_pwrite64, fd, data, len, off);
#else
	return pwrite(fd, data, len, off);
#endif
}

/* Write a small file in one write, as sysctls and uid_map want it. Returns 0 or -errno. */
int cr_spit(const char *path, const char *data, size_t len)
{
	int err = 0;
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (write(fd, data, len) != (ssize_t)len)
		err = -errno;
	close(fd);
	return err;
}

/* Microseconds on a clock that nobody sets. */
long long cr_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

/* A file's mode in octal digits; 0 for NULL or "". */
unsigned int cr_octal(const char *s)
{
	unsigned int bits = 0;

	for (; s && *s; s++)
		bits = bits * 8 + (*s - '0');
	return bits;
}

bool cr_parse_long(const char *s, long long *v)
{
	unsigned long long n = 0;
	bool neg = *s == '-';
	int base = 10;

	s += neg;
	if (s[0] == '0' && s[1] == 'x') {
		base = 16;
		s += 2;
	}
	if (!*s)
		return false;
	for (; *s; s++) {
		int d = hex(*s);

		if (d < 0 || d >= base || n > (ULLONG_MAX - d) / base)
			return false;
		n = n * base + d;
	}
	*v = (long long)(neg ? -n : n);
	return true;
}

char *cr_next(char **rest, char sep)
{
	char *start = *rest, *end;

	if (!start)
		return NULL;
	end = strchr(start, sep);
	if (end)
		*end++ = '\0';
	*rest = end;
	return start;
}
