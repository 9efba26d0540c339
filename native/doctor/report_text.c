// SPDX-License-Identifier: MIT
/* What was found, as text for people. */
#include <string.h>

#include "doctor.h"

#define MARGIN "                      "

static void put_padded(struct cr_text *t, const char *s, size_t width)
{
	size_t n = strlen(s);

	cr_puts(t, s);
	while (n++ < width)
		cr_puts(t, " ");
}

/* What is written may come from anywhere: nothing in it may move a terminal's cursor. */
static void put_plain(struct cr_text *t, const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			cr_puts(t, "?");
		else
			cr_putn(t, s, 1);
}

void doctor_refusal(struct cr_text *t, const struct outcome *o)
{
	if (!o->error[0]) {
		cr_puts(t, "not tried");
		return;
	}
	cr_puts(t, o->step);
	cr_puts(t, " ");
	cr_puts(t, o->error);
}

static void put_boundary(struct cr_text *t, enum boundary which, const struct outcome *o)
{
	const char *before = " (";
	int c;

	cr_puts(t, o->usable ? "usable   " : "blocked  ");
	put_padded(t, boundary_names[which], 13);
	cr_puts(t, boundary_texts[which]);
	if (o->pid) {
		cr_puts(t, ", of process ");
		cr_putd(t, o->pid);
	}
	if (!o->usable) {
		cr_puts(t, ": ");
		doctor_refusal(t, o);
		for (c = 0; c < CAUSES; c++)
			if (o->causes >> c & 1) {
				cr_puts(t, before);
				cr_puts(t, cause_names[c]);
				before = ", ";
			}
		cr_puts(t, ")\n" MARGIN);
		cr_puts(t, boundary_criu[which]);
	}
	cr_puts(t, "\n");
}

static void put_causes_found(struct cr_text *t, const struct setting *s,
			     const struct target *target, unsigned int causes)
{
	char buf[512];
	struct cr_text line;
	int c;

	cr_puts(t, "\nWhat is in the way:\n");
	for (c = 0; c < CAUSES; c++) {
		if (!(causes >> c & 1))
			continue;
		cr_puts(t, "  ");
		put_padded(t, cause_names[c], 16);
		cr_text_init(&line, buf, sizeof(buf));
		doctor_cause(&line, c, s, target);
		put_plain(t, buf);
		cr_puts(t, "\n");
	}
}

/* One remedy may serve several boundaries: it is told once. */
static void put_remedies(struct cr_text *t, const struct setting *s, const struct target *target,
			 const struct outcome outcomes[BOUNDARIES])
{
	static char remedies[BOUNDARIES][REMEDY_MAX];
	struct cr_text line;
	int i, j;

	for (i = 0; i < BOUNDARIES; i++) {
		cr_text_init(&line, remedies[i], REMEDY_MAX);
		doctor_remedy(&line, outcomes[i].causes, i, s, target);
	}
	cr_puts(t, "\nWhat mends it:\n");
	for (i = 0; i < BOUNDARIES; i++) {
		if (!remedies[i][0])
			continue;
		cr_puts(t, "  ");
		cr_puts(t, remedies[i]);
		cr_puts(t, "\n    for ");
		cr_puts(t, boundary_names[i]);
		for (j = i + 1; j < BOUNDARIES; j++)
			if (!strcmp(remedies[i], remedies[j])) {
				cr_puts(t, ", ");
				cr_puts(t, boundary_names[j]);
				remedies[j][0] = '\0';
			}
		cr_puts(t, "\n");
	}
}

void doctor_text(struct cr_text *t, const struct setting *s, const struct target *target,
		 const struct outcome outcomes[BOUNDARIES])
{
	static const char *const started[ENGINES] = {
		[ENGINE_DOCKER] = ", in Docker",	 [ENGINE_PODMAN] = ", in Podman",
		[ENGINE_KUBERNETES] = ", in Kubernetes", [ENGINE_OCI] = ", in a container",
		[ENGINE_SLURM] = ", in a Slurm job",
	};
	unsigned int causes = 0;
	int i;

	cr_puts(t, "Linux ");
	put_plain(t, s->release);
	cr_puts(t, ", user ");
	cr_putu(t, s->uid);
	cr_puts(t, s->initial_userns ? "" : " of a user namespace");
	cr_puts(t, started[s->engine] ? started[s->engine] : "");
	cr_puts(t, s->seccomp ? ", under seccomp" : "");
	cr_puts(t, s->nnp ? ", with no_new_privs" : "");
	cr_puts(t, "\n");
	cr_puts(t, doctor_criu(s));
	cr_puts(t, "\n\n");
	for (i = 0; i < BOUNDARIES; i++) {
		put_boundary(t, i, &outcomes[i]);
		causes |= outcomes[i].causes;
	}
	if (!causes)
		return;
	put_causes_found(t, s, target, causes);
	put_remedies(t, s, target, outcomes);
}
