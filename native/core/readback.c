// SPDX-License-Identifier: MIT
/* What the kernel says of a subject: read of /proc and by system calls, held against what it is to be, told in short. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core.h"

#define CAP_SYS_ADMIN_NR 21

static unsigned long ns_inode(int self, const char *path)
{
	struct stat st;

	return fstatat(self, path, &st, 0) ? 0 : st.st_ino;
}

enum field_kind {
	FIELD_WORDS, /* all of them */
	FIELD_FOLD,  /* one, where all are equal */
	FIELD_COUNT, /* how many there are */
};

/* What is read of /proc/self/status: the line, its key in the read-back, and what becomes of its words. */
static const struct {
	const char *line, *key;
	enum field_kind kind;
} fields[] = {
	{ "Uid:", "uid:", FIELD_FOLD },		 { "Gid:", ",gid:", FIELD_FOLD },
	{ "Groups:", ",groups:", FIELD_FOLD },	 { "NSpid:", ",depth:", FIELD_COUNT },
	{ "CapInh:", ",inh:", FIELD_FOLD },	 { "CapPrm:", ",prm:", FIELD_FOLD },
	{ "CapEff:", ",eff:", FIELD_FOLD },	 { "CapBnd:", ",bnd:", FIELD_FOLD },
	{ "CapAmb:", ",amb:", FIELD_FOLD },	 { "NoNewPrivs:", ",nnp:", FIELD_FOLD },
	{ "Seccomp:", ",seccomp:", FIELD_FOLD },
};

/* The words of a line, joined by '/', or what @kind makes of them. */
static void put_words(struct cr_text *t, const char *p, enum field_kind kind)
{
	const char *first, *q;
	size_t len, n, count = 0;
	bool same = true;

	p += strspn(p, " \t");
	first = p;
	len = strcspn(p, " \t\n");
	for (q = p; *q && *q != '\n'; q += strspn(q, " \t")) {
		n = strcspn(q, " \t\n");
		same = same && n == len && !memcmp(q, first, len);
		q += n;
		count++;
	}
	if (kind == FIELD_COUNT) {
		cr_putu(t, count);
		return;
	}
	for (q = p; *q && *q != '\n'; q += strspn(q, " \t")) {
		n = strcspn(q, " \t\n");
		if (q != p)
			cr_puts(t, "/");
		cr_putn(t, q, n);
		q += n;
		if (kind == FIELD_FOLD && same)
			return;
	}
}

static void put_status(struct cr_text *t, const char *status)
{
	const char *p = status;
	size_t i, len;

	for (; p; p = strchr(p, '\n'), p += p != NULL)
		for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
			len = *p == *fields[i].line ? strlen(fields[i].line) : 0;
			if (!len || strncmp(p, fields[i].line, len))
				continue;
			cr_puts(t, fields[i].key);
			put_words(t, p + len, fields[i].kind);
		}
}

/* uid_map's lines as INSIDE:OUTSIDE:COUNT, joined by ';'. */
static void put_map(struct cr_text *t, int self)
{
	char buf[512];
	const char *p = buf;
	int word = 0;

	if (cr_slurp_at(self, "uid_map", buf, sizeof(buf)) <= 0)
		return;
	while (*(p += strspn(p, " \n"))) {
		size_t n = strcspn(p, " \n");

		if (word)
			cr_puts(t, word % 3 ? ":" : ";");
		cr_putn(t, p, n);
		p += n;
		word++;
	}
}

/* The namespaces that a case starts in, and what ids mean there. */
void cr_note_namespaces(struct cr_shared *sh)
{
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char digit[8];
	struct cr_text t;

	sh->ns_user = ns_inode(self, "ns/user");
	sh->ns_pid = ns_inode(self, "ns/pid");
	sh->ns_ipc = ns_inode(self, "ns/ipc");
	sh->suid_dumpable =
		cr_slurp("/proc/sys/fs/suid_dumpable", digit, sizeof(digit)) > 0 ? *digit : '0';
	cr_text_init(&t, sh->map, sizeof(sh->map));
	put_map(&t, self);
	close(self);
}

/* Returns whether it is the one that the case started in. */
static bool put_ns(struct cr_text *t, const char *key, int self, const char *path,
		   unsigned long before)
{
	unsigned long now = ns_inode(self, path);

	cr_puts(t, key);
	cr_puts(t, now == before ? "same/" : "new/");
	cr_putu(t, now);
	return now == before;
}

/*
 * Fill the record's "who" from what the kernel says. A user namespace's id map is written once and stays: where it is the one
 * that the case started in, its map is known. Returns 0 or -errno.
 */
int cr_read_back(struct cr_ctx *c)
{
	struct cr_shared *sh = c->sh;
	int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char status[4096];
	struct cr_text t;
	ssize_t n = cr_slurp_at(self, "status", status, sizeof(status));
	bool known;

	if (n < 0) {
		close(self);
		return n;
	}
	cr_text_init(&t, sh->who, sizeof(sh->who));
	put_status(&t, status);
	cr_puts(&t, ",dumpable:");
	cr_putd(&t, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	known = put_ns(&t, ",userns:", self, "ns/user", sh->ns_user);
	cr_puts(&t, ",map:");
	if (known)
		cr_puts(&t, sh->map);
	else
		put_map(&t, self);
	put_ns(&t, ",pidns:", self, "ns/pid", sh->ns_pid);
	put_ns(&t, ",ipcns:", self, "ns/ipc", sh->ns_ipc);
	close(self);
	return t.cut ? -E2BIG : 0;
}

/*
 * What costs little to ask: enough to tell one subject from every other. @ns: the directory of the namespaces of the process that
 * this one was forked from. (Its own would cost more than all else: /proc makes inodes for each process that is looked at.)
 */
void cr_note_identity(struct cr_identity *id, int ns)
{
	int i;
	static const int caps[] = { CAP_SYS_ADMIN_NR, CAP_CHECKPOINT_RESTORE_NR };
	gid_t groups[8] = { 0 };

	memset(id, 0, sizeof(*id));
	cr_cap_get(&id->eff, &id->prm, &id->inh);
	getresuid(&id->ids[0], &id->ids[1], &id->ids[2]);
	getresgid(&id->ids[3], &id->ids[4], &id->ids[5]);
	id->ngroups = getgroups(8, groups);
	id->group = groups[0];
	id->nnp = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	id->dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	id->securebits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	id->seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	for (i = 0; i < 2; i++) {
		id->bounding[i] = prctl(PR_CAPBSET_READ, caps[i], 0, 0, 0);
		id->ambient[i] = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, caps[i], 0, 0);
	}
	id->ns_user = ns_inode(ns, "user");
	id->ns_ipc = ns_inode(ns, "ipc");
	id->ns_pid = ns_inode(ns, "pid_for_children");
	/* Who is in a pid namespace that its parent is not in has no parent there. */
	id->outsider = !getppid();
}

/* Where @key's value starts in "who", or NULL. */
const char *cr_find_key(const char *who, const char *key)
{
	size_t len = strlen(key);
	const char *p = who;

	while (p) {
		if (!strncmp(p, key, len) && p[len] == ':')
			return p + len + 1;
		p = strchr(p, ',');
		p += p != NULL;
	}
	return NULL;
}

/* The security module's label, for the subjects that have one of their own: "crcap_deny/enforce", "u:r:crcap_deny_t". */
static void read_label(struct cr_shared *sh)
{
	size_t len = strlen(sh->who), i;
	char label[96];
	struct cr_text t;
	ssize_t n = cr_slurp("/proc/self/attr/current", label, sizeof(label));

	if (n <= 0)
		return;
	label[strcspn(label, "\n")] = '\0';
	cr_text_init(&t, sh->who + len, sizeof(sh->who) - len);
	cr_puts(&t, ",label:");
	for (i = 0; label[i]; i++)
		if (label[i] == ' ')
			cr_puts(&t, "/");
		else if (label[i] != '(' && label[i] != ')' && label[i] != ',')
			cr_putn(&t, &label[i], 1);
}

/* Does "who" show @key with @want? Capability sets compare as sets, namespaces without their inodes. */
bool cr_read_back_shows(struct cr_shared *sh, const char *key, const char *want)
{
	const char *who = sh->who;
	const char *p;
	size_t len = strlen(want), end = strlen(key);
	bool namespace = end > 2 && !strcmp(key + end - 2, "ns");
	uint64_t set;

	if (!strcmp(key, "label"))
		read_label(sh);
	p = cr_find_key(who, key);
	if (!p)
		return false;
	/* Who lost it has 0, or 2 where the system keeps core dumps of such programs for root: the checks are the same. */
	if (!strcmp(key, "dumpable") && *want == '0' && *p == '2' && sh->suid_dumpable == '2')
		return true;
	if (strlen(key) == 3 && strstr("eff prm inh bnd amb", key)) {
		return cr_parse_caps(want, &set) && set == cr_hex_set(p);
	}
	return !strncmp(p, want, len) && (p[len] == ',' || !p[len] || (namespace && p[len] == '/'));
}

enum who_kind {
	WHO_TEXT,  /* as it is */
	WHO_SET,   /* a capability set in hex: leading zeroes are left out */
	WHO_INODE, /* a namespace: "same" or "new", and its inode, which is left out */
};

/*
 * What each key's value ordinarily is, which is not sent: a serial port is slow, and most of a read-back is what it always is.
 * The runner has the same table (ORDINARY in suites/model/observation.ts). @usual: a value, "=KEY" for the value of another
 * key, NULL where the key is always sent.
 */
static const struct {
	const char *key, *usual;
	enum who_kind kind;
} who_keys[] = {
	{ "uid", NULL, WHO_TEXT },	 { "gid", "=uid", WHO_TEXT },
	{ "groups", "", WHO_TEXT },	 { "depth", "1", WHO_TEXT },
	{ "inh", "0", WHO_SET },	 { "prm", "=eff", WHO_SET },
	{ "eff", NULL, WHO_SET },	 { "bnd", "0", WHO_SET },
	{ "amb", "0", WHO_SET },	 { "nnp", "0", WHO_TEXT },
	{ "seccomp", "0", WHO_TEXT },	 { "dumpable", "1", WHO_TEXT },
	{ "userns", "same", WHO_INODE }, { "map", "0:0:4294967295", WHO_TEXT },
	{ "pidns", "same", WHO_INODE },	 { "ipcns", "same", WHO_INODE },
	{ "label", NULL, WHO_TEXT },
};

/* @key's value in @who and its length as it is told: sets without leading zeroes, namespaces without their inodes. */
static const char *told_value(const char *who, const char *key, enum who_kind kind, size_t *len)
{
	const char *v = cr_find_key(who, key);

	*len = 0;
	if (!v)
		return NULL;
	*len = strcspn(v, kind == WHO_INODE ? "/," : ",");
	if (kind == WHO_SET)
		for (; *len > 1 && *v == '0'; v++)
			--*len;
	return v;
}

static bool is_usual(const char *who, const char *usual, enum who_kind kind, const char *v,
		     size_t len)
{
	size_t other_len;
	const char *other;

	if (!usual)
		return false;
	if (*usual != '=')
		return len == strlen(usual) && !memcmp(v, usual, len);
	other = told_value(who, usual + 1, kind, &other_len);
	return other && len == other_len && !memcmp(v, other, len);
}

/* The read-back as it is sent: without the items that have their usual value (see PROTOCOL.md). */
void cr_put_who(struct cr_text *t, const char *who)
{
	bool first = true;
	const char *v;
	size_t i, len;

	for (i = 0; i < sizeof(who_keys) / sizeof(who_keys[0]); i++) {
		v = told_value(who, who_keys[i].key, who_keys[i].kind, &len);
		if (!v || is_usual(who, who_keys[i].usual, who_keys[i].kind, v, len))
			continue;
		if (!first)
			cr_puts(t, ",");
		first = false;
		cr_puts(t, who_keys[i].key);
		cr_puts(t, ":");
		cr_putn(t, v, len);
	}
}
