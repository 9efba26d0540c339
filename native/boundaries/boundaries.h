/* SPDX-License-Identifier: MIT */
/* What the files of steps share. */
#ifndef CR_BOUNDARIES_H
#define CR_BOUNDARIES_H

#include "../core/core.h"

/* cgroup.c: the case's second control group as a descriptor, or -1; whether this process is in it */
int cr_open_cgroup(const struct cr_shared *sh);
bool cr_in_cgroup(const struct cr_shared *sh);

/* control.c */
pid_t cr_idle_child(void);
int cr_end_child(pid_t pid, int err);

#endif
