// SPDX-License-Identifier: MIT
/* Programs: the interpreter with steps that ask nothing of the kernel, and the readers of values. */
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static jmp_buf over;

/* A case ends its process; here only the run of its program. */
#define _exit(status) longjmp(over, 1)

#include "../core/case.c"
#include "../core/program.c"
#include "../core/steps.c"

/* What it says is what it finds: an errno, a success with evidence, or that it does not understand. */
static int fake_op(struct cr_ctx *c, char *arg)
{
	long long n = 0;

	cr_unescape(arg);
	cr_value(c, arg);
	cr_instead(c, arg);
	if (!strcmp(arg, "misused"))
		return CR_MISUSED;
	return cr_parse_long(arg, &n) && n > 0 && n < 200 ? -(int)n : 0;
}

/* NAME:NUMBER or NAME:START:END into a slot. */
static int fake_slot(struct cr_ctx *c, char *arg)
{
	char *name = cr_next(&arg, ':'), *first = cr_next(&arg, ':');
	long long n = 0, end = 0;

	if (!first || !cr_parse_long(first, &n))
		return CR_MISUSED;
	cr_slot_set(c, name, SLOT_NUM, n);
	if (arg && cr_parse_long(arg, &end)) {
		struct cr_slot *s = cr_slot(c, name);

		s->type = SLOT_RANGE;
		s->start = n;
		s->end = end;
	}
	/* Any number of 64 bits may come of it. */
	cr_value_num(c, (long long)((unsigned long long)n + cr_slot_fd(c, name)));
	return 0;
}

static int fake_block(struct cr_ctx *c, char *arg)
{
	if (!strcmp(arg, "skip"))
		c->p = cr_skip_block(c->p);
	else
		cr_interpret(c);
	return 0;
}

static int fake_ready(struct cr_ctx *c, char *arg)
{
	(void)arg;
	c->probing = true;
	return 0;
}

const struct cr_step cr_steps_subject[] = {
	{ "--", fake_ready, STEP_SETUP, "" },	  { "op", fake_op, STEP_OP, "a value" },
	{ "slot", fake_slot, STEP_OP, "NAME:N" }, { "set", fake_op, STEP_SETUP, "a value" },
	{ "block", fake_block, STEP_BLOCK, "" },  { NULL, NULL, STEP_OP, NULL },
};

#define NONE(name) const struct cr_step cr_steps_##name[] = { { NULL, NULL, STEP_OP, NULL } }
NONE(namespace);
NONE(process);
NONE(file);
NONE(watched);
NONE(path);
NONE(mount);
NONE(set_tid);
NONE(map_files);
NONE(exe_fd);
NONE(ipc);
NONE(tty);
NONE(control);
NONE(control_process);
NONE(control_object);
NONE(control_restore);
NONE(workaround);
NONE(lsm);
NONE(audit);
NONE(criu);
NONE(cgroup);
NONE(landlock);
NONE(bpf_lsm);

void cr_leave_bpf_lsm(const char *program)
{
	(void)program;
}

void cr_ready_bpf_lsm(const char *program)
{
	(void)program;
}

void cr_undo_yama(const struct cr_shared *sh)
{
	(void)sh;
}

void cr_undo_cgroups(const struct cr_shared *sh)
{
	(void)sh;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cr_shared shared;
	static struct cr_ctx c;
	char *text = malloc(size + 1), buf[64];
	struct cr_text t;
	uint64_t set;
	long long n;

	memcpy(text, data, size);
	text[size] = '\0';
	memset(&shared, 0, sizeof(shared));
	memset(&c, 0, sizeof(c));
	c.sh = &shared;
	c.p = text;
	if (strlen(text) < CR_PROGRAM_MAX && !setjmp(over))
		cr_interpret(&c);
	cr_text_init(&t, buf, sizeof(buf));
	cr_put_escaped(&t, text, strlen(text));
	/* No number of 64 bits has more digits. */
	if (cr_parse_long(text, &n) && text[0] >= '1' && strlen(text) > 20)
		abort();
	cr_parse_caps(text, &set);
	cr_hex_set(text);
	cr_octal(text);
	cr_unescape(text);
	free(text);
	return 0;
}
