// SPDX-License-Identifier: MIT
/* Lists the tables of steps, and what undoes steps: the one file here that names what other folders have. */
#include <string.h>

#include "core.h"

static const struct cr_step *const tables[] = {
	cr_steps_subject,
	cr_steps_namespace,
	cr_steps_process,
	cr_steps_file,
	cr_steps_watched,
	cr_steps_path,
	cr_steps_mount,
	cr_steps_cgroup,
	cr_steps_landlock,
	cr_steps_bpf_lsm,
	cr_steps_set_tid,
	cr_steps_map_files,
	cr_steps_exe_fd,
	cr_steps_ipc,
	cr_steps_tty,
	cr_steps_control,
	cr_steps_control_process,
	cr_steps_control_object,
	cr_steps_control_restore,
	cr_steps_workaround,
	cr_steps_lsm,
	cr_steps_audit,
	cr_steps_criu,
#ifdef CR_TEST_STEPS
	cr_steps_test,
#endif
};

#define NTABLES (sizeof(tables) / sizeof(tables[0]))

static void (*const readies[])(const char *program) = { cr_ready_bpf_lsm };
static void (*const leaves[])(const char *program) = { cr_leave_bpf_lsm };
static void (*const undos[])(const struct cr_shared *sh) = { cr_undo_yama, cr_undo_cgroups };

void cr_for_each_step(void (*fn)(const struct cr_step *step))
{
	const struct cr_step *s;
	size_t i;

	for (i = 0; i < NTABLES; i++)
		for (s = tables[i]; s->name; s++)
			fn(s);
}

/* The step of that name, or NULL. */
const struct cr_step *cr_find_step(const char *name, size_t len)
{
	const struct cr_step *s;
	size_t i;

	for (i = 0; i < NTABLES; i++)
		for (s = tables[i]; s->name; s++)
			if (*s->name == *name && !strncmp(s->name, name, len) && !s->name[len])
				return s;
	return NULL;
}

/* Before a case: what is slow to come and to go may have stayed from the case before. It goes where the case does not ask for it. */
void cr_leave_steps(const char *program)
{
	size_t i;

	for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		leaves[i](program);
}

/* Before a case: what it asks for of that comes. */
void cr_ready_steps(const char *program)
{
	size_t i;

	for (i = 0; i < sizeof(readies) / sizeof(readies[0]); i++)
		readies[i](program);
}

/* After a case: what its steps changed beyond its own processes is as it was. */
void cr_undo_steps(const struct cr_shared *sh)
{
	size_t i;

	for (i = 0; i < sizeof(undos) / sizeof(undos[0]); i++)
		undos[i](sh);
}
