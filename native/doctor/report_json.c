// SPDX-License-Identifier: MIT
/* What was found, as JSON. Its schema is in runner/doctor/schema.json. */
#include <string.h>

#include "doctor.h"

/* A string; a byte that is no ASCII stands for the character of its number. */
static void put_string(struct cr_text *t, const char *s)
{
	cr_puts(t, "\"");
	for (; *s; s++) {
		unsigned char ch = *s;

		if (ch == '"' || ch == '\\') {
			cr_puts(t, "\\");
			cr_putn(t, s, 1);
		} else if (ch < ' ' || ch >= 0x7f) {
			cr_puts(t, "\\u");
			cr_putx(t, ch, 4);
		} else {
			cr_putn(t, s, 1);
		}
	}
	cr_puts(t, "\"");
}

static void put_key(struct cr_text *t, const char *key)
{
	cr_puts(t, t->buf[t->len - 1] == '{' ? "" : ",");
	put_string(t, key);
	cr_puts(t, ":");
}

static void put_bool(struct cr_text *t, const char *key, bool value)
{
	put_key(t, key);
	cr_puts(t, value ? "true" : "false");
}

static void put_member(struct cr_text *t, const char *key, const char *value)
{
	put_key(t, key);
	put_string(t, value);
}

static void put_number(struct cr_text *t, const char *key, long long value)
{
	put_key(t, key);
	cr_putd(t, value);
}

static void put_set(struct cr_text *t, const char *key, uint64_t set)
{
	put_key(t, key);
	cr_puts(t, "\"");
	cr_putx(t, set, 16);
	cr_puts(t, "\"");
}

static void put_setting(struct cr_text *t, const struct setting *s)
{
	static const char *const owners[] = {
		[OWNER_SELF] = "own",
		[OWNER_ANCESTOR] = "outer",
		[OWNER_UNKNOWN] = "unknown",
	};

	put_key(t, "setting");
	cr_puts(t, "{");
	put_member(t, "release", s->release);
	put_member(t, "machine", s->machine);
	put_number(t, "uid", s->uid);
	put_member(t, "engine", engine_names[s->engine]);
	put_key(t, "capabilities");
	cr_puts(t, "{");
	put_set(t, "effective", s->eff);
	put_set(t, "permitted", s->prm);
	put_set(t, "inheritable", s->inh);
	put_set(t, "bounding", s->bnd);
	put_set(t, "ambient", s->amb);
	cr_puts(t, "}");
	put_bool(t, "noNewPrivs", s->nnp);
	put_number(t, "seccomp", s->seccomp);
	put_bool(t, "initialUserNamespace", s->initial_userns);
	put_member(t, "pidNamespaceOwner", owners[s->pid_owner]);
	put_member(t, "ipcNamespaceOwner", owners[s->ipc_owner]);
	put_member(t, "label", s->label);
	put_key(t, "yamaPtraceScope");
	if (s->yama < 0)
		cr_puts(t, "null");
	else
		cr_putd(t, s->yama);
	cr_puts(t, "}");
}

static void put_causes(struct cr_text *t, const struct setting *s, const struct target *target,
		       unsigned int causes)
{
	char buf[512];
	struct cr_text text;
	int c, n = 0;

	put_key(t, "causes");
	cr_puts(t, "[");
	for (c = 0; c < CAUSES; c++) {
		if (!(causes >> c & 1))
			continue;
		cr_text_init(&text, buf, sizeof(buf));
		doctor_cause(&text, c, s, target);
		cr_puts(t, n++ ? ",{" : "{");
		put_member(t, "id", cause_names[c]);
		put_member(t, "text", buf);
		cr_puts(t, "}");
	}
	cr_puts(t, "]");
}

void doctor_json(struct cr_text *t, const struct setting *s, const struct target *target,
		 const struct outcome outcomes[BOUNDARIES])
{
	char buf[REMEDY_MAX];
	struct cr_text text;
	bool usable = true;
	int i;

	for (i = 0; i < BOUNDARIES; i++)
		usable = usable && outcomes[i].usable;
	cr_puts(t, "{");
	put_number(t, "version", 1);
	put_bool(t, "usable", usable);
	put_setting(t, s);
	put_key(t, "criu");
	cr_puts(t, "{");
	put_bool(t, "starts", s->eff & (CHECKPOINT_RESTORE | SYS_ADMIN));
	put_member(t, "text", doctor_criu(s));
	cr_puts(t, "}");
	put_key(t, "boundaries");
	cr_puts(t, "[");
	for (i = 0; i < BOUNDARIES; i++) {
		const struct outcome *o = &outcomes[i];

		cr_text_init(&text, buf, sizeof(buf));
		cr_puts(t, i ? ",{" : "{");
		put_member(t, "name", boundary_names[i]);
		put_member(t, "what", boundary_texts[i]);
		if (o->pid)
			put_number(t, "pid", o->pid);
		put_bool(t, "usable", o->usable);
		doctor_refusal(&text, o);
		put_member(t, "observed", o->usable ? "" : buf);
		put_causes(t, s, target, o->causes);
		cr_text_init(&text, buf, sizeof(buf));
		doctor_remedy(&text, o->causes, i, s, target);
		put_member(t, "remedy", buf);
		put_member(t, "criu", o->usable ? "" : boundary_criu[i]);
		cr_puts(t, "}");
	}
	cr_puts(t, "]}\n");
}
