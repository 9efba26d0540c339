/* SPDX-License-Identifier: MIT */
/* What clone3's flags did. */
#ifndef CR_CLONE_EFFECT_H
#define CR_CLONE_EFFECT_H

#include "boundaries.h"

#define CR_CLONE_PIDFD	       0x00001000ULL
#define CR_CLONE_NEWTIME       0x00000080ULL
#define CR_CLONE_CLEAR_SIGHAND 0x100000000ULL
#define CR_CLONE_INTO_CGROUP   0x200000000ULL

/* The pids behind a label such as "\nNSpid:" in a file of proc, with slashes between them; false, and none, where it is not there. */
bool cr_pids_in(const char *text, const char *label, char *out, size_t size);

/* Before the call; in the new process, which has told its pids; in the caller, before the new process is reaped. */
void cr_clone_before(uint64_t flags);
void cr_clone_tell(struct cr_shared *sh, uint64_t flags);
void cr_clone_after(struct cr_shared *sh, uint64_t flags, pid_t pid, int pidfd);

#endif
