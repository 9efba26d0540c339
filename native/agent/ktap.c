// SPDX-License-Identifier: MIT
/*
 * crprobe --ktap FILE: a list of cases with what they must give, run and judged here, told as KTAP. For kernel trees that run
 * their selftests without anything of crcap's but this binary.
 *
 * FILE: a line "crcap-ktap 1 N", then N lines of five fields that a tab separates: the case's id; what it needs, joined by
 * commas ("-": nothing); its deadline in milliseconds; its results, joined by blanks; its program. A need is a fact's name,
 * which must not be 0, or NAME!VALUE, where the fact must not be VALUE. A result is as an observation tells it: STEP:ERRNO, STEP:0,
 * STEP:0:PATTERN or STEP:0:!PATTERN, where * stands for digits.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/core.h"
#include "agent.h"

/* As kselftest's own programs end. */
enum { KSFT_PASS = 0, KSFT_FAIL = 1, KSFT_SKIP = 4 };

/* A list is a few hundred kB; what is longer is something else. */
#define LIST_MAX (64 << 20)

struct kcase {
	char *id, *needs, *results, *program;
	long long ms;
};

static char facts[16 * 1024];
/* Root may be without some capabilities, as in a container: then a subject that can't be made is no error. */
static bool whole_root;

static struct {
	unsigned int pass, fail, skip, error;
} totals;

/* The fact's value, up to the line's end; NULL where it is not told. */
static const char *find_fact(const char *name, size_t len)
{
	const char *at = facts;

	while ((at = strstr(at, "fact "))) {
		at += 5;
		if (!strncmp(at, name, len) && at[len] == '=')
			return at + len + 1;
	}
	return NULL;
}

static bool is_value(const char *fact, const char *value)
{
	size_t len = strlen(value);

	return fact && !strncmp(fact, value, len) && (fact[len] == '\n' || !fact[len]);
}

/* The first need that is not met, NULL where all are. */
static const char *unmet(char *needs)
{
	char *need, *value;
	const char *fact;

	if (!strcmp(needs, "-"))
		return NULL;
	while ((need = cr_next(&needs, ','))) {
		value = strchr(need, '!');
		fact = find_fact(need, value ? (size_t)(value - need) : strlen(need));
		if (value ? is_value(fact, value + 1)
			  : !fact || strspn(fact, "0") == strcspn(fact, "\n"))
			return need;
	}
	return NULL;
}

static bool matches(const char *pattern, const char *value)
{
	size_t digits;

	for (; *pattern && *pattern != '*'; pattern++, value++)
		if (*pattern != *value)
			return false;
	if (!*pattern)
		return !*value;
	digits = strspn(value, "0123456789");
	for (; digits; digits--)
		if (matches(pattern + 1, value + digits))
			return true;
	return false;
}

/* Is the result, STEP:RESULT[:VALUE], what was expected? Both are taken apart. */
static bool meets(char *seen, char *wanted)
{
	if (strcmp(cr_next(&seen, ':'), cr_next(&wanted, ':')) || !seen || !wanted)
		return false;
	if (strcmp(cr_next(&seen, ':'), cr_next(&wanted, ':')))
		return false;
	if (!wanted)
		return true;
	/* No evidence is no evidence of anything, nor of the absence of something. */
	if (!seen)
		return false;
	return *wanted == '!' ? !matches(wanted + 1, seen) : matches(wanted, seen);
}

static bool all_meet(char *observed, char *results)
{
	char *word, *wanted;

	while ((word = cr_next(&observed, ' '))) {
		if (strncmp(word, "r=", 2))
			continue;
		wanted = cr_next(&results, ' ');
		if (!wanted || !meets(word + 2, wanted))
			return false;
	}
	return !results;
}

static void tell(const char *verdict, unsigned long n, const char *id, const char *what,
		 const char *why)
{
	printf("%s %lu %s%s%s\n", verdict, n, id, what, why);
}

static void run_case(struct kcase *k, unsigned long n)
{
	static char out[CR_PAYLOAD_MAX], copy[CR_PAYLOAD_MAX], wanted[CR_PROGRAM_MAX];
	const char *need = unmet(k->needs);
	int len;

	if (need) {
		totals.skip++;
		tell("ok", n, k->id, " # SKIP the kernel's facts lack ", need);
		return;
	}
	len = cr_run_case(k->program, k->ms, NULL, out, sizeof(out));
	if (len < 0) {
		totals.error++;
		tell("not ok", n, k->id, " # ERROR ", strerror(-len));
		return;
	}
	if (!whole_root && strstr(out, " end=subject")) {
		totals.skip++;
		tell("ok", n, k->id, " # SKIP root lacks capabilities here: ", out);
		return;
	}
	strcpy(copy, out);
	snprintf(wanted, sizeof(wanted), "%s", k->results);
	if (!strstr(out, " end=ok") || strstr(out, " kids=-1")) {
		totals.error++;
		tell("not ok", n, k->id, " # ERROR ", out);
	} else if (!strchr(out, '~') && all_meet(copy, wanted)) {
		totals.pass++;
		tell("ok", n, k->id, "", "");
	} else if (strchr(out, '~') || strstr(out, " taken=")) {
		/* The pid that was asked for is another process's, or would have been. */
		totals.skip++;
		tell("ok", n, k->id, " # SKIP other processes have the pids: ", out);
	} else {
		totals.fail++;
		printf("# expected: %s\n# observed: %s\n# by hand: crprobe '%s'\n", k->results, out,
		       k->program);
		tell("not ok", n, k->id, "", "");
	}
}

/* The list's text, in memory of this process's own; NULL with a word on standard error. */
static char *read_list(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text = NULL;

	if (fd < 0 || fstat(fd, &st)) {
		fprintf(stderr, "crprobe: %s: %s\n", path, strerror(errno));
	} else if (!S_ISREG(st.st_mode) || st.st_size > LIST_MAX) {
		fprintf(stderr, "crprobe: %s: it is no list of cases\n", path);
	} else {
		text = calloc(1, st.st_size + 1);
		if (!text || read(fd, text, st.st_size) != st.st_size) {
			fprintf(stderr, "crprobe: %s can't be read\n", path);
			free(text);
			text = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* Takes a line apart; false where it is no case. */
static bool parse_case(char *line, struct kcase *k)
{
	char *ms;

	k->id = cr_next(&line, '\t');
	k->needs = cr_next(&line, '\t');
	ms = cr_next(&line, '\t');
	k->results = cr_next(&line, '\t');
	k->program = line;
	return ms && cr_parse_long(ms, &k->ms) && k->ms > 0 && k->ms <= 86400000 && k->results &&
	       strlen(k->results) < CR_PROGRAM_MAX && line && *line;
}

/* The head's number of cases, 0 where it is no head or the list is cut short. */
static long long count_of(char **rest)
{
	char *head = cr_next(rest, '\n');
	const char *at;
	long long n, lines = 0;

	if (!head || strncmp(head, "crcap-ktap 1 ", 13) || !cr_parse_long(head + 13, &n) || !*rest)
		return 0;
	for (at = *rest; (at = strchr(at, '\n')); at++)
		lines++;
	return lines == n ? n : 0;
}

int cr_ktap(const char *path)
{
	char *rest = read_list(path);
	const char *release;
	struct kcase k;
	long long n, count;
	char all[17];

	if (!rest)
		return KSFT_FAIL;
	count = count_of(&rest);
	if (!count) {
		fprintf(stderr, "crprobe: %s: it is no whole list of cases\n", path);
		return KSFT_FAIL;
	}
	if (cr_facts(facts, sizeof(facts)) < 0)
		facts[0] = '\0';
	puts("KTAP version 1");
	if (!is_value(find_fact("uid", 3), "0") || cr_cap_last() < CAP_CHECKPOINT_RESTORE_NR) {
		printf("1..0 # SKIP %s\n",
		       geteuid() ? "this needs root" : "the kernel has no CAP_CHECKPOINT_RESTORE");
		return KSFT_SKIP;
	}
	snprintf(all, sizeof(all), "%016" PRIx64, (UINT64_C(2) << cr_cap_last()) - 1);
	whole_root = is_value(find_fact("caps", 4), all);
	printf("1..%lld\n", count);
	release = find_fact("release", 7);
	printf("# crcap " CRPROBE_VERSION ", Linux %.*s\n", (int)strcspn(release, "\n"), release);
	for (n = 1; n <= count; n++) {
		char *line = cr_next(&rest, '\n');

		if (parse_case(line, &k)) {
			run_case(&k, n);
		} else {
			totals.error++;
			printf("not ok %lld line-%lld # ERROR it is no case\n", n, n);
		}
		/* Whoever watches, and whoever finds the log of a kernel that died, sees where it was. */
		fflush(stdout);
	}
	printf("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:%u\n", totals.pass,
	       totals.fail, totals.skip, totals.error);
	if (totals.fail || totals.error)
		return KSFT_FAIL;
	return totals.pass ? KSFT_PASS : KSFT_SKIP;
}
