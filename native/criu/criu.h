/* SPDX-License-Identifier: MIT */
#ifndef CR_CRIU_H
#define CR_CRIU_H

#include "../core/core.h"

/* Where a guest that carries CRIU has it. */
#define CR_CRIU "/usr/sbin/criu"

/* And a program that people checkpoint: its script, which the kernel has its interpreter run. */
#define CR_PROGRAM "/crcap/count.mjs"

/* How a checkpoint and restore came out that did all that it should. */
#define CR_RESUMED "resumed"

/* What goes on in a victim: a process or a thread that counts. Each keeps its record in a file, one after the other. */
struct cr_hand {
	uint64_t pid, tid;
	uint64_t born;	   /* when it began, in ns: who begins anew has another */
	uint64_t dev, ino; /* the program that /proc/self/exe names */
	uint64_t count;
};

#define CR_HANDS_MAX 2

/* victim.c: the life of a victim; returns its exit status */
int cr_victim(const char *kind, const char *path);

/* How many hands a victim of this kind has; 0 where there is no such kind. */
int cr_victim_hands(const char *kind);

/* client.c */
void cr_criu_file(char *out, size_t size, const char *what, const char *slot);
bool cr_read_hands(const char *path, struct cr_hand *hands, int n);
bool cr_hands_count(const char *path, const struct cr_hand *before, int n, pid_t pid);
int cr_criu(struct cr_ctx *c, char *arg);
int cr_criu_log(struct cr_ctx *c, char *arg);
int cr_criu_check(struct cr_ctx *c, char *arg);
int cr_startup(struct cr_ctx *c, char *arg);

#endif
