// SPDX-License-Identifier: MIT
/* From a refusal to what stands behind it: the errno says which check refused, the setting says why. */
#include <string.h>
#include <sys/stat.h>

#include "doctor.h"

#define BIT(cause) (1U << (cause))

static bool is(const struct outcome *o, const char *error)
{
	return !strcmp(o->error, error);
}

/* Does this process have what every boundary asks for, in its own user namespace? */
static bool holds(const struct setting *s)
{
	return s->eff & (CHECKPOINT_RESTORE | SYS_ADMIN);
}

/* Why the capability is not in the effective set. */
static unsigned int lacks(const struct setting *s)
{
	if (cr_cap_last() < CAP_CHECKPOINT_RESTORE_NR)
		return BIT(CAUSE_KERNEL_TOO_OLD);
	if (s->prm & CHECKPOINT_RESTORE)
		return BIT(CAUSE_NOT_EFFECTIVE);
	if (!(s->bnd & CHECKPOINT_RESTORE))
		return BIT(CAUSE_BOUNDING_SET) | (s->nnp && s->uid ? BIT(CAUSE_NO_NEW_PRIVS) : 0);
	return s->nnp ? BIT(CAUSE_NO_NEW_PRIVS) : BIT(CAUSE_NOT_PERMITTED);
}

/* Who is refused with the capability in hand, by nothing that is known otherwise. */
static unsigned int confined(const struct setting *s)
{
	return s->enforced ? BIT(CAUSE_SECURITY_MODULE) : BIT(CAUSE_UNKNOWN);
}

/* The capability was asked for. @counts: this process's user namespace is one that counts there. */
static unsigned int capability(const struct setting *s, bool counts)
{
	if (!counts)
		return BIT(CAUSE_USER_NAMESPACE);
	return holds(s) ? confined(s) : lacks(s);
}

/* Something else refused first: the kernel's own check stands behind it all the same. */
static unsigned int behind(const struct setting *s, bool counts)
{
	return holds(s) && counts ? 0 : capability(s, counts);
}

/* A sysctl that could not be opened. */
static unsigned int sysctl(const char *path, const struct setting *s, bool counts)
{
	unsigned int too = behind(s, counts);

	switch (doctor_file_state(path)) {
	case FILE_READ_ONLY:
		return BIT(CAUSE_READ_ONLY) | too;
	case FILE_MASKED:
		return BIT(CAUSE_MASKED) | too;
	case FILE_ABSENT:
		if (doctor_file_state("/proc/sys/kernel") != FILE_WRITABLE &&
		    doctor_file_state("/proc/sys/kernel") != FILE_READ_ONLY)
			return BIT(CAUSE_MASKED) | too;
		return BIT(CAUSE_KERNEL_CONFIG);
	default:
		return confined(s);
	}
}

static unsigned int next_id(const struct setting *s, const struct outcome *o)
{
	static const char path[] = "/proc/sys/kernel/msg_next_id";
	bool counts = s->ipc_owner != OWNER_ANCESTOR;
	struct stat st;

	/* Who may not open it is told so before the mount is looked at. */
	if ((!is(o, "EACCES") && !is(o, "EPERM")) || doctor_file_state(path) != FILE_WRITABLE)
		return sysctl(path, s, counts);
	/* Since Linux 5.16 everybody may open it for writing, or by 5.19 the mode says so to who may: before, its owner alone. */
	if (holds(s) && counts && s->uid && !stat(path, &st) && (st.st_mode & 0777) == 0644)
		return BIT(CAUSE_KERNEL_TOO_OLD);
	return capability(s, counts);
}

static unsigned int clone3(const struct setting *s, const struct outcome *o)
{
	bool counts = s->children_owner != OWNER_ANCESTOR;

	if (o->nth == 0 && s->seccomp)
		return BIT(CAUSE_SECCOMP) | behind(s, counts);
	if (o->nth == 0)
		return is(o, "ENOSYS") ? BIT(CAUSE_KERNEL_TOO_OLD) : confined(s);
	if (is(o, "EPERM"))
		return capability(s, counts);
	/* set_tid came with Linux 5.5: a kernel before that finds the arguments too long. */
	return is(o, "E2BIG") ? BIT(CAUSE_KERNEL_TOO_OLD) : BIT(CAUSE_UNKNOWN);
}

static unsigned int exe_fd(const struct setting *s, const struct outcome *o)
{
	if (o->nth == 0 && !s->config)
		return BIT(CAUSE_KERNEL_CONFIG);
	if (o->nth == 0)
		return s->seccomp ? BIT(CAUSE_SECCOMP) | behind(s, true) : confined(s);
	return is(o, "EPERM") || (is(o, "EINVAL") && !holds(s)) ? capability(s, true) : confined(s);
}

/* Access by ptrace's rules. @attach: yama has a say as well. */
static unsigned int access_to(const struct setting *s, const struct target *t, bool attach)
{
	unsigned int causes = 0;

	if (!t->visible)
		return BIT(CAUSE_HIDDEN);
	if (!t->memory)
		return BIT(CAUSE_KERNEL_THREAD);
	if (!(s->eff & SYS_PTRACE)) {
		causes |= t->uid != s->uid ? BIT(CAUSE_OTHER_USER) : 0;
		causes |= t->dumpable ? 0 : BIT(CAUSE_NOT_DUMPABLE);
		causes |= t->prm & ~s->eff ? BIT(CAUSE_MORE_CAPABLE) : 0;
	} else if (t->uid != s->uid && s->uid) {
		/* The directory is its owner's, whatever ptrace's rules say. */
		causes |= BIT(CAUSE_OTHER_USER);
	}
	if (attach && s->yama > 0 && (s->yama > 2 || !(s->eff & SYS_PTRACE)))
		causes |= BIT(CAUSE_YAMA);
	return causes ? causes : confined(s);
}

static unsigned int ptrace(const struct setting *s, const struct outcome *o)
{
	if (o->nth > 0 && !s->yama)
		return s->seccomp ? BIT(CAUSE_SECCOMP) : confined(s);
	if (s->yama > 0 && (s->yama > 2 || !(s->eff & SYS_PTRACE)))
		return BIT(CAUSE_YAMA);
	return s->seccomp ? BIT(CAUSE_SECCOMP) : confined(s);
}

static unsigned int map_files(const struct setting *s, const struct target *t,
			      const struct outcome *o)
{
	if (is(o, "EPERM") && (!t || o->nth > 0))
		return capability(s, s->initial_userns);
	if (t)
		return access_to(s, t, false);
	return is(o, "ENOENT") ? BIT(CAUSE_KERNEL_CONFIG) : confined(s);
}

static unsigned int find_causes(enum boundary which, const struct setting *s,
				const struct target *t, const struct outcome *o)
{
	if (!s->proc)
		return BIT(CAUSE_NO_PROC);
	/* Only a filter ends a process for a system call. */
	if (is(o, "signal:31"))
		return BIT(CAUSE_SECCOMP) |
		       (which == SET_TID ? behind(s, s->children_owner != OWNER_ANCESTOR) : 0);
	switch (which) {
	case NS_LAST_PID:
		return is(o, "EPERM") && o->nth > 0 ? capability(s, s->pid_owner != OWNER_ANCESTOR)
						    : sysctl("/proc/sys/kernel/ns_last_pid", s,
							     s->pid_owner != OWNER_ANCESTOR);
	case SET_TID:
		return clone3(s, o);
	case MAP_FILES:
		return map_files(s, t, o);
	case EXE_FD:
		return exe_fd(s, o);
	case IPC_NEXT_ID:
		return next_id(s, o);
	case TTY_LOCK:
		if (!o->tried)
			return BIT(CAUSE_NO_TERMINAL);
		return is(o, "EPERM") ? capability(s, s->initial_userns) : confined(s);
	default:
		return t ? access_to(s, t, true) : ptrace(s, o);
	}
}

void doctor_explain(enum boundary which, const struct setting *s, const struct target *t,
		    struct outcome *o)
{
	/* Only one process can trace another, and there is no asking for more. */
	if (which == PTRACE && t && o->usable && t->tracer) {
		o->usable = false;
		o->causes = BIT(CAUSE_TRACED);
		return;
	}
	if (!o->usable)
		o->causes = find_causes(which, s, t, o);
}
