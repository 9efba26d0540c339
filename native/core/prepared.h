/* SPDX-License-Identifier: MIT */
/*
 * Prepared subjects. Making a subject and reading it back costs more than most operations, so it is done once: a process takes
 * the subject's steps and stays, and cases are forked from it. What a fork inherits it can't lose; each case still proves by
 * system calls that it is the subject that was read back.
 */
#ifndef CR_PREPARED_H
#define CR_PREPARED_H

#include "core.h"

struct cr_prepared {
	const char *subject; /* its steps; NULL: the entry is free */
	pid_t pid; /* the process that cases are forked from; 0: this subject can't be prepared */
	pid_t first[CR_FIRST_MAX];
	int nfirst;
	struct cr_identity identity;
	char who[1024]; /* the read-back */
};

/* supervise.c */
struct cr_prepared *cr_prepare(const char *subject, unsigned int deadline_ms);

/* The supervisor's side. */
bool cr_can_be_prepared(const char *subject);
struct cr_prepared *cr_prepared_find(const char *subject);
struct cr_prepared *cr_prepared_take(const char *subject);
void cr_prepared_drop(struct cr_prepared *p);
void cr_prepared_drop_all(void);
bool cr_prepared_any(void);
bool cr_prepared_has(pid_t pid);
bool cr_prepared_wait_for_first(int n);
/* Ends what the case left in the subject's own pid namespaces; where that fails the subject is dropped. */
void cr_prepared_clean(struct cr_prepared *p);

/* The subject's side: steps that are otherwise while a subject is prepared. */
int cr_prepare_pid_namespace(struct cr_ctx *c);
void cr_fork_cases(struct cr_ctx *c);
void cr_prove(struct cr_ctx *c);

#endif
