/* SPDX-License-Identifier: MIT */
#ifndef CR_CRIU_VICTIM_H
#define CR_CRIU_VICTIM_H

#include <stdint.h>

/* What goes on in a victim: a process or a thread that counts. Each keeps its record in a file, one after the other. */
struct cr_hand {
	uint64_t pid, tid;
	uint64_t born; /* when it began, in ns: who begins anew has another */
	uint64_t count;
};

#define CR_HANDS_MAX 2

/* How many hands a victim of this kind has; 0 where there is no such kind. */
int cr_victim_hands(const char *kind);

#endif
