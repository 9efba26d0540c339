// SPDX-License-Identifier: MIT
/* The interpreter: takes a program's steps one by one and keeps the record of what they did. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"

/* Past the brace that closes the block at p. */
const char *cr_skip_block(const char *p)
{
	int depth = 1;

	for (; *p; p++) {
		if (*p == '{')
			depth++;
		else if (*p == '}' && !--depth)
			return p + 1;
	}
	return p;
}

static void record(struct cr_ctx *c, const struct cr_step *s, int res)
{
	struct cr_shared *sh = c->sh;
	struct cr_text t = { sh->res, sizeof(sh->res), sh->res_len, false };
	char name[16];

	cr_puts(&t, " r=");
	cr_puts(&t, s->name);
	cr_puts(&t, ":");
	cr_puts(&t, res == CR_NOT_TRIED ? "-" : res ? cr_errno_name(-res, name) : "0");
	if (c->value_len) {
		cr_puts(&t, ":");
		cr_put_escaped(&t, c->value, c->value_len);
		cr_puts(&t, c->instead);
	}
	if (t.cut)
		cr_finish(c, END_SETUP, s->name, "the results are too long for a payload");
	sh->res_len = t.len;
}

static void failed(struct cr_ctx *c, const struct cr_step *s, const char *arg, int res)
{
	char buf[256], name[16];
	struct cr_text t;

	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, s->name);
	if (*arg) {
		cr_puts(&t, "=");
		cr_puts(&t, arg);
	}
	cr_puts(&t, ": ");
	cr_puts(&t, res == CR_NOT_TRIED ? "it builds on a step that failed"
					: cr_errno_name(-res, name));
	cr_finish(c, c->probing ? END_SETUP : END_SUBJECT, s->name, buf);
}

/* What a step does not understand ends the case: it must not pass for what the kernel answered. */
static void misused(struct cr_ctx *c, const struct cr_step *s, const char *arg)
{
	char buf[256];
	struct cr_text t;

	cr_text_init(&t, buf, sizeof(buf));
	cr_puts(&t, s->name);
	cr_puts(&t, "=");
	cr_puts(&t, arg);
	cr_puts(&t, ": it takes ");
	cr_puts(&t, s->help);
	cr_finish(c, END_PARSE, s->name, buf);
}

/* Replace $x by slot x: a pid, a number, or a mapping's START-END as map_files spells it. */
static int expand(struct cr_ctx *c, const char *in, char *out, size_t size)
{
	struct cr_text t;

	cr_text_init(&t, out, size);
	for (; *in; in++) {
		char name[2] = { in[1], '\0' };
		struct cr_slot *s;

		if (*in != '$' || !in[1]) {
			cr_putn(&t, in, 1);
			continue;
		}
		s = cr_slot(c, name);
		if (s->type == SLOT_NONE)
			return CR_NOT_TRIED;
		if (s->type == SLOT_RANGE) {
			cr_putx(&t, s->start, 1);
			cr_puts(&t, "-");
			cr_putx(&t, s->end, 1);
		} else {
			cr_putd(&t, s->num);
		}
		in++;
	}
	return t.cut ? -ENAMETOOLONG : 0;
}

/* Take steps until the program or the enclosing block ends; returns with c->p behind it. */
void cr_interpret(struct cr_ctx *c)
{
	char arg[1024], shown[1024];
	const struct cr_step *s;
	const char *name;
	size_t len, n;
	int res;

	for (;;) {
		while (*c->p == ' ')
			c->p++;
		if (!*c->p)
			return;
		if (*c->p == '}') {
			c->p++;
			return;
		}
		name = c->p;
		len = strcspn(name, "= ");
		s = cr_find_step(name, len);
		c->p += len;
		n = 0;
		if (*c->p == '=') {
			c->p++;
			n = strcspn(c->p, " ");
		}
		if (!s || n >= sizeof(arg)) {
			memcpy(arg, name, len < 60 ? len : 60);
			arg[len < 60 ? len : 60] = '\0';
			cr_finish(c, END_PARSE, arg, s ? "its value is too long" : "no such step");
		}
		memcpy(shown, c->p, n);
		shown[n] = '\0';
		c->p += n;
		if (s->kind == STEP_BLOCK) {
			while (*c->p == ' ')
				c->p++;
			if (*c->p++ != '{')
				cr_finish(c, END_PARSE, s->name, "{ steps } must follow");
		}
		c->value_len = 0;
		c->instead[0] = '\0';
		res = expand(c, shown, arg, sizeof(arg));
		if (!res)
			res = s->fn(c, arg);
		if (res == CR_MISUSED)
			misused(c, s, shown);
		if (s->kind == STEP_OP && c->probing && !c->quiet)
			record(c, s, res);
		else if (res)
			failed(c, s, shown, res);
	}
}

void cr_resume(void)
{
	const struct cr_step *s;
	struct cr_ctx c;
	struct cr_shared *sh =
		mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED, CR_SHARED_FD, 0);

	if (sh == MAP_FAILED)
		_exit(125);
	memset(&c, 0, sizeof(c));
	c.sh = sh;
	c.p = sh->program + sh->pos;
	c.probing = sh->probing;
	memcpy(c.slot, sh->slot, sizeof(c.slot));
	c.ready = sh->ready;
	c.in_child = sh->in_child;
	c.quiet = c.ready;
	s = cr_find_step("exec", 4);
	if (s && c.probing && !c.quiet) /* the execve was itself under test: it succeeded */
		record(&c, s, 0);
	cr_interpret(&c);
	if (c.ready)
		cr_stay(&c);
	if (c.in_child)
		_exit(0);
	cr_finish(&c, c.probing ? END_OK : END_PARSE, c.probing ? "" : "--",
		  c.probing ? "" : "the step -- is missing");
}
