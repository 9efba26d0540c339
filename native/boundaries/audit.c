// SPDX-License-Identifier: MIT
/*
 * The audit records of a case, read from the netlink group that gets all of them (the kernel's log drops some). A helper that keeps
 * the privileges reads them. It sends a message of its own and reads up to that: what is not there by then does not come.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../core/core.h"

#define WAIT_MS 3000
/* As much as a step's evidence holds. */
#define FOUND_MAX 600

struct message {
	struct nlmsghdr head;
	char text[8192];
};

/* The value of @key (" pid=", with what stands before it) in a record: up to a space, or in quotes. */
static const char *value_of(const char *text, const char *key, size_t *len)
{
	const char *p = strstr(text, key);

	*len = 0;
	if (!p)
		return NULL;
	p += strlen(key);
	if (*p == '"') {
		*len = strcspn(++p, "\"");
		return p;
	}
	*len = strcspn(p, " \n");
	return p;
}

static void put_value(struct cr_text *t, const char *text, const char *key)
{
	size_t len;
	const char *v = value_of(text, key, &len);

	cr_puts(t, "/");
	if (v)
		cr_putn(t, v, len);
	else
		cr_puts(t, "-");
}

static bool is_of(const char *text, const char *pid)
{
	size_t len;
	const char *v = value_of(text, " pid=", &len);

	return v && len == strlen(pid) && !memcmp(v, pid, len);
}

/* SELinux: "avc:  denied  { PERMISSION } for  pid=N comm="X" capability=N scontext=… tcontext=… tclass=… permissive=0" */
static void put_selinux(struct cr_text *t, const char *text)
{
	const char *brace = strstr(text, "{ ");

	cr_puts(t, strstr(text, " permissive=1") ? "selinux/permitted" : "selinux/denied");
	put_value(t, text, " tclass=");
	put_value(t, text, " scontext=");
	put_value(t, text, " capability=");
	cr_puts(t, "/");
	if (brace)
		cr_putn(t, brace + 2, strcspn(brace + 2, " }"));
}

/* AppArmor: "apparmor="DENIED" operation="capable" class="cap" profile="X" pid=N comm="X" capability=N capname="X"" */
static void put_apparmor(struct cr_text *t, const char *text)
{
	cr_puts(t, "apparmor");
	put_value(t, text, "apparmor=");
	put_value(t, text, " operation=");
	put_value(t, text, " class=");
	put_value(t, text, " profile=");
	put_value(t, text, " capability=");
	put_value(t, text, " capname=");
}

/* In short what a record says, if it is one of a refusal, and of this process. */
static void note(struct cr_text *t, const struct message *m, const char *pid)
{
	const char *text = m->text;

	if (m->head.nlmsg_type != AUDIT_AVC || !is_of(text, pid) ||
	    strstr(text, "apparmor=\"STATUS\""))
		return;
	if (t->len)
		cr_puts(t, ";");
	if (strstr(text, "apparmor="))
		put_apparmor(t, text);
	else
		put_selinux(t, text);
}

/* Send a mark and read up to it. @t: takes what is told of process @pid. Returns 0 or -errno. */
static int read_to_mark(int fd, const char *pid, struct cr_text *t)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct pollfd in = { .fd = fd, .events = POLLIN };
	static struct message m;
	char mark[48];
	struct cr_text text;
	ssize_t n;

	cr_text_init(&text, mark, sizeof(mark));
	cr_puts(&text, "crcap-");
	cr_putu(&text, cr_now_us());
	memset(&m.head, 0, sizeof(m.head));
	m.head.nlmsg_len = NLMSG_LENGTH(text.len + 1);
	/* The one message of user space that is passed on while nothing is audited. */
	m.head.nlmsg_type = AUDIT_USER_AVC;
	m.head.nlmsg_flags = NLM_F_REQUEST;
	memcpy(m.text, mark, text.len + 1);
	if (sendto(fd, &m, m.head.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	for (;;) {
		n = poll(&in, 1, WAIT_MS);
		if (!n)
			return -ETIMEDOUT;
		if (n > 0)
			n = recv(fd, &m, sizeof(m) - 1, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n < (ssize_t)sizeof(m.head))
			continue;
		((char *)&m)[n] = '\0';
		if (m.head.nlmsg_type == AUDIT_USER_AVC && strstr(m.text, mark))
			return 0;
		note(t, &m, pid);
	}
}

/* The life of the helper: a pid comes, what is told of that process goes back, or where it could not be read "!" and the errno. */
static void serve(int fd, int from) __attribute__((noreturn));
static void serve(int fd, int from)
{
	char pid[24], found[FOUND_MAX], name[16];
	struct cr_text t;
	ssize_t n = read(from, pid, sizeof(pid) - 1);
	int err;

	if (n <= 0)
		_exit(0);
	pid[n] = '\0';
	cr_text_init(&t, found, sizeof(found));
	err = read_to_mark(fd, pid, &t);
	if (err) {
		t.len = 0;
		cr_puts(&t, "!");
		cr_puts(&t, cr_errno_name(-err, name));
	} else if (!t.len) {
		cr_puts(&t, "none");
	}
	_exit(write(from, found, t.len) < 0);
}

/* @arg: S: the way to ask for records goes into slot S */
static int step_audit_open(struct cr_ctx *c, char *arg)
{
	struct sockaddr_nl group = { .nl_family = AF_NETLINK,
				     .nl_groups = 1 << (AUDIT_NLGRP_READLOG - 1) };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT), ends[2], err = 0;
	struct cr_text none;
	char unused[8];
	pid_t pid;

	if (fd < 0)
		return -errno;
	cr_text_init(&none, unused, sizeof(unused));
	if (bind(fd, (struct sockaddr *)&group, sizeof(group)))
		err = -errno;
	/* What the kernel has yet to tell of earlier cases, whose processes had the same pids. */
	if (!err)
		err = read_to_mark(fd, "", &none);
	if (!err && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	pid = cr_fork();
	if (!pid) {
		close(ends[0]);
		serve(fd, ends[1]);
	}
	close(fd);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return pid;
	}
	cr_slot_set(c, arg, SLOT_FD, ends[0]);
	return 0;
}

/* @arg: S[,first]; evidence: what, or what first, was recorded of this process since audit_open, or none. May be asked once. */
static int step_audit(struct cr_ctx *c, char *arg)
{
	int fd = cr_slot_fd(c, cr_next(&arg, ','));
	/* Records name a process as the initial pid namespace does, and so does the /proc that was mounted there. */
	ssize_t n = readlink("/proc/self", c->value, sizeof(c->value));
	char why[96], name[16], *end;
	struct cr_text t;

	if (arg && strcmp(arg, "first"))
		return CR_MISUSED;
	if (fd < 0)
		return CR_NOT_TRIED;
	if (n < 0 || write(fd, c->value, n) != n)
		n = -1;
	else
		n = read(fd, c->value, sizeof(c->value));
	/* That is no word on the kernel's checks. */
	if (n <= 0 || *c->value == '!') {
		cr_text_init(&t, why, sizeof(why));
		cr_puts(&t, "the audit records could not be read: ");
		if (n > 0)
			cr_putn(&t, c->value + 1, n - 1);
		else
			cr_puts(&t, n < 0 ? cr_errno_name(errno, name) : "the helper has ended");
		cr_finish(c, END_SETUP, "audit", why);
	}
	c->value_len = n;
	end = arg ? memchr(c->value, ';', n) : NULL;
	if (end)
		c->value_len = end - c->value;
	return 0;
}

const struct cr_step cr_steps_audit[] = {
	{ "audit_open", step_audit_open, STEP_SETUP,
	  "=S listen to audit records; slot S is where to ask" },
	{ "audit", step_audit, STEP_OP,
	  "=S[,first] what (first) was recorded of this process since, or none" },
	{ NULL, NULL, 0, NULL },
};
