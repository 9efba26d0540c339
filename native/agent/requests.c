// SPDX-License-Identifier: MIT
/*
 * What need not travel over a slow serial port again. The request catalogue came with the initramfs: subjects and operations
 * have numbers there, and so have the cases that are made of them. The read-back cache numbers the read-backs that were sent.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

#define NAMES	    2048
#define NAME_TEXT   (512 * 1024)
#define CACHED	    512
#define CACHED_TEXT (64 * 1024)

static struct {
	/* Programs by kind and number. */
	const char *names[2][NAMES];
	char text[NAME_TEXT];
	size_t used;
	struct {
		const char *who;
		size_t len;
		uint32_t sum;
	} cached[CACHED];
	size_t ncached;
	char cached_text[CACHED_TEXT];
	size_t cached_used;
} * requests;

/* The initramfs's cases, "SSSS PPPP\n" each: the numbers of a subject and of an operation. */
#define RECORD 10
static char *cases;
static long long ncases;

/* A file as memory of our own, with a zero behind it; NULL where there is none. @size: its size. */
char *cr_read_whole(const char *path, size_t *size)
{
	struct stat st;
	char *p = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && st.st_size > 0)
		p = cr_own_memory(st.st_size + 1);
	if (p && read(fd, p, st.st_size) != st.st_size)
		p = NULL;
	close(fd);
	*size = p ? st.st_size : 0;
	return p;
}

static const char **find(enum cr_request_kind which, const char *key)
{
	long long n;

	return cr_parse_long(key, &n) && n >= 0 && n < NAMES ? &requests->names[which][n] : NULL;
}

/* The names that came with the initramfs: lines as they are sent, used where they lie. */
static void read_names(void)
{
	size_t size;
	char *rest = cr_read_whole("/crcap/names", &size), *line, *kind, *key;
	const char **name;

	while (rest && (line = cr_next(&rest, '\n'))) {
		kind = cr_next(&line, ' ');
		key = cr_next(&line, ' ');
		name = line ? find(*kind == 's' ? cr_subjects : cr_programs, key) : NULL;
		if (name)
			*name = line;
	}
}

/* False where there is no memory for it. */
bool cr_requests_open(void)
{
	size_t size = 0;

	requests = cr_own_memory(sizeof(*requests));
	if (!requests)
		return false;
	read_names();
	cases = cr_read_whole("/crcap/cases", &size);
	ncases = size / RECORD;
	return true;
}

/* Case number @n of the initramfs: what its subject and its program are, each NULL where that is not there. */
void cr_requests_case(long long n, const char **subject, const char **program)
{
	char key[RECORD + 1];

	*subject = *program = NULL;
	if (n < 0 || n >= ncases)
		return;
	memcpy(key, cases + n * RECORD, RECORD);
	key[4] = key[9] = '\0';
	*subject = cr_requests_find(cr_subjects, key);
	*program = cr_requests_find(cr_programs, key + 5);
}

static const char *keep(const char *s)
{
	size_t len = strlen(s) + 1;
	char *at = requests->text + requests->used;

	if (len > sizeof(requests->text) - requests->used)
		return NULL;
	memcpy(at, s, len);
	requests->used += len;
	return at;
}

/* @line: KEY PROGRAM. Naming one again replaces it. What finds no space is missed when a case asks for it. */
void cr_requests_name(enum cr_request_kind which, char *line)
{
	char *key = cr_next(&line, ' ');
	const char **name = line ? find(which, key) : NULL;

	if (name)
		*name = keep(line);
}

/* The program of that name, or NULL. */
const char *cr_requests_find(enum cr_request_kind which, const char *key)
{
	const char **name = find(which, key);

	return name ? *name : NULL;
}

/*
 * A subject reads back as it did in an earlier case more often than not: a read-back that was told is replaced by its number
 * (who=*N). Each that is told in full takes the next number while there is space, here as with the reader.
 * Returns the payload's new length.
 */
size_t cr_readback_cache(char *payload, size_t len)
{
	char *who, *end;
	size_t i, n;
	uint32_t sum;
	struct cr_text t;

	payload[len] = '\0';
	who = strstr(payload, " who=");
	if (!who)
		return len;
	who += 5;
	n = strcspn(who, " ");
	end = who + n;
	sum = cr_crc32(0, who, n);
	for (i = 0; i < requests->ncached; i++)
		if (requests->cached[i].sum == sum && requests->cached[i].len == n &&
		    !memcmp(requests->cached[i].who, who, n))
			break;
	if (i < requests->ncached) {
		cr_text_init(&t, who, n + 1);
		cr_puts(&t, "*");
		cr_putu(&t, i);
		if (t.cut)
			return len;
		memmove(who + t.len, end, payload + len - end + 1);
		return len - n + t.len;
	}
	if (requests->ncached < CACHED && n <= CACHED_TEXT - requests->cached_used) {
		requests->cached[i].who =
			memcpy(requests->cached_text + requests->cached_used, who, n);
		requests->cached[i].len = n;
		requests->cached[i].sum = sum;
		requests->ncached++;
		requests->cached_used += n;
	}
	return len;
}
