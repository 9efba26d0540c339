// SPDX-License-Identifier: MIT
/* One case's record: how it ends, the evidence of its steps, and what they leave for later ones in slots. */
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core.h"

/* End the case: the first word counts, and what was spawned goes first. */
void cr_finish(struct cr_ctx *c, enum cr_end end, const char *at, const char *why)
{
	struct cr_text t;

	if (c->sh->end == END_NONE) {
		c->sh->end = end;
		cr_text_init(&t, c->sh->at, sizeof(c->sh->at));
		cr_puts(&t, at);
		cr_text_init(&t, c->sh->why, sizeof(c->sh->why));
		cr_puts(&t, why);
	}
	while (c->nspawned) {
		pid_t pid = c->spawned[--c->nspawned];

		/* One that the subject may not kill is left to the supervisor. */
		if (!kill(pid, SIGKILL))
			waitpid(pid, NULL, __WALL);
	}
	_exit(0);
}

/* Hand over the slots, say so, and stay. */
void cr_stay(struct cr_ctx *c)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	memcpy(c->sh->slot, c->slot, sizeof(c->slot));
	if (write(c->ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* Evidence of the step in hand. */
void cr_value(struct cr_ctx *c, const char *s)
{
	size_t n = strlen(s);

	if (n > sizeof(c->value))
		n = sizeof(c->value);
	memcpy(c->value, s, n);
	c->value_len = n;
}

void cr_value_num(struct cr_ctx *c, long long v)
{
	char buf[32];
	struct cr_text t;

	cr_text_init(&t, buf, sizeof(buf));
	cr_putd(&t, v);
	cr_value(c, buf);
}

/* And what the evidence would have been, had others not taken the pids right below. */
void cr_instead(struct cr_ctx *c, const char *s)
{
	struct cr_text t;

	cr_text_init(&t, c->instead, sizeof(c->instead));
	cr_puts(&t, "~");
	cr_puts(&t, s);
	if (t.cut)
		c->instead[0] = '\0';
}

struct cr_slot *cr_slot(struct cr_ctx *c, const char *name)
{
	static struct cr_slot none;

	if (!name || name[0] < 'a' || name[0] > 'z' || name[1])
		return &none;
	return &c->slot[name[0] - 'a'];
}

int cr_slot_fd(struct cr_ctx *c, const char *name)
{
	struct cr_slot *s = cr_slot(c, name);

	return s->type == SLOT_FD ? (int)s->num : -1;
}

void cr_slot_set(struct cr_ctx *c, const char *name, int type, long num)
{
	struct cr_slot *s = cr_slot(c, name);

	s->type = type;
	s->num = num;
}
