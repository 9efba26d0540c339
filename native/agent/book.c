// SPDX-License-Identifier: MIT
/*
 * What has been said before, so that a slow serial port need not carry it again: subjects and operations by name, requests
 * that came with the initramfs, read-backs that were told.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../probe/core.h"
#include "agent.h"

#define NAMES	  2048
#define NAME_TEXT (512 * 1024)
#define TOLD	  512
#define TOLD_TEXT (64 * 1024)

struct name {
	const char *key, *program;
};

static struct {
	struct name names[2][NAMES];
	char text[NAME_TEXT];
	size_t used;
	struct {
		const char *who;
		size_t len;
		uint32_t sum;
	} told[TOLD];
	size_t ntold;
	char told_text[TOLD_TEXT];
	size_t told_used;
} * book;

/* The requests of the initramfs, one a line. */
static char *requests;
static struct line {
	unsigned int start, len;
} * lines;
static long long nlines;

/* Memory that no case's process gets: it need not be copied for one, and none can write into it. NULL where there is none. */
void *cr_own_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size, MADV_DONTFORK);
	return p;
}

static void read_requests(void)
{
	struct stat st;
	char *p, *nl;
	int fd = open("/crcap/requests", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size > 0)
		requests = cr_own_memory(st.st_size + 1);
	if (requests && read(fd, requests, st.st_size) == st.st_size)
		lines = cr_own_memory((st.st_size + 1) * sizeof(*lines));
	close(fd);
	for (p = requests; lines && (nl = strchr(p, '\n')); p = nl + 1) {
		lines[nlines].start = p - requests;
		lines[nlines++].len = nl - p;
	}
}

/* False where there is no memory for it. */
bool cr_book_open(void)
{
	book = cr_own_memory(sizeof(*book));
	if (book)
		read_requests();
	return book;
}

/* Request number @n of the initramfs, without its newline; false where there is none, or it does not fit. */
bool cr_book_request(long long n, char *out, size_t size)
{
	if (n < 0 || n >= nlines || lines[n].len >= size)
		return false;
	memcpy(out, requests + lines[n].start, lines[n].len);
	out[lines[n].len] = '\0';
	return true;
}

static const char *keep(const char *s)
{
	size_t len = strlen(s) + 1;
	char *at = book->text + book->used;

	if (len > sizeof(book->text) - book->used)
		return NULL;
	memcpy(at, s, len);
	book->used += len;
	return at;
}

static struct name *find(enum cr_book which, const char *key)
{
	struct name *n = book->names[which], *end = n + NAMES;

	for (; n < end && n->key; n++)
		if (!strcmp(n->key, key))
			return n;
	return n < end ? n : NULL;
}

/*
 * @line: KEY PROGRAM. Naming one again replaces it. What finds no place is missed when a case asks for it.
 */
void cr_book_name(enum cr_book which, char *line)
{
	char *key = cr_next(&line, ' ');
	struct name *n = line ? find(which, key) : NULL;

	if (!n)
		return;
	if (!n->key)
		n->key = keep(key);
	n->program = keep(line);
}

/* The program of that name, or NULL. */
const char *cr_book_find(enum cr_book which, const char *key)
{
	struct name *n = find(which, key);

	return n ? n->program : NULL;
}

/*
 * A subject reads back as it did in an earlier case more often than not: a read-back that was told is replaced by its number
 * (who=*N). Each that is told in full takes the next number while there is place, here as with the reader.
 * Returns the payload's new length.
 */
size_t cr_book_recall(char *payload, size_t len)
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
	for (i = 0; i < book->ntold; i++)
		if (book->told[i].sum == sum && book->told[i].len == n &&
		    !memcmp(book->told[i].who, who, n))
			break;
	if (i < book->ntold) {
		cr_text_init(&t, who, n + 1);
		cr_puts(&t, "*");
		cr_putu(&t, i);
		if (t.cut)
			return len;
		memmove(who + t.len, end, payload + len - end + 1);
		return len - n + t.len;
	}
	if (book->ntold < TOLD && n <= TOLD_TEXT - book->told_used) {
		book->told[i].who = memcpy(book->told_text + book->told_used, who, n);
		book->told[i].len = n;
		book->told[i].sum = sum;
		book->ntold++;
		book->told_used += n;
	}
	return len;
}
