// SPDX-License-Identifier: MIT
/* Memory of the agent's own. */
#include <sys/mman.h>

#include "agent.h"

/* Memory that no case's process gets: it need not be copied for one, and none can write into it. NULL where there is none. */
void *cr_own_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size, MADV_DONTFORK);
	return p;
}
