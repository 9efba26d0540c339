/* SPDX-License-Identifier: MIT */
/* What clone3's flags did. */
#ifndef CR_CLONE_EFFECT_H
#define CR_CLONE_EFFECT_H

#include "../core/core.h"

#define CR_CLONE_PIDFD	       0x00001000ULL
#define CR_CLONE_NEWTIME       0x00000080ULL
#define CR_CLONE_CLEAR_SIGHAND 0x100000000ULL

/* Before the call; in the new process, which has told its pids; in the caller, before the new process is reaped. */
void cr_clone_before(uint64_t flags);
void cr_clone_tell(struct cr_shared *sh, uint64_t flags);
void cr_clone_after(struct cr_shared *sh, uint64_t flags, pid_t pid, int pidfd);

#endif
