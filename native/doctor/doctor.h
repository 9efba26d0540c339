/* SPDX-License-Identifier: MIT */
/* What the parts of the doctor share: the setting, the trials and what came of them, the causes. */
#ifndef CR_DOCTOR_H
#define CR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../core/core.h"

/* What stops an operation. Each has its words in words.c. */
enum cause {
	CAUSE_NO_PROC,
	CAUSE_MASKED,
	CAUSE_READ_ONLY,
	CAUSE_SECCOMP,
	CAUSE_KERNEL_TOO_OLD,
	CAUSE_KERNEL_CONFIG,
	CAUSE_USER_NAMESPACE,
	CAUSE_BOUNDING_SET,
	CAUSE_NO_NEW_PRIVS,
	CAUSE_NOT_PERMITTED,
	CAUSE_NOT_EFFECTIVE,
	CAUSE_SECURITY_MODULE,
	CAUSE_YAMA,
	CAUSE_NO_TERMINAL,
	CAUSE_HIDDEN,
	CAUSE_KERNEL_THREAD,
	CAUSE_OTHER_USER,
	CAUSE_NOT_DUMPABLE,
	CAUSE_MORE_CAPABLE,
	CAUSE_TRACED,
	CAUSE_UNKNOWN,
	CAUSES,
};

/* What started this process, as far as it shows: what a remedy is written for. */
enum engine {
	ENGINE_NONE,
	ENGINE_DOCKER,
	ENGINE_PODMAN,
	ENGINE_KUBERNETES,
	ENGINE_OCI, /* any other that starts containers from a config.json, as runc and crun do */
	ENGINE_SLURM,
	ENGINES,
};

/* The user namespace that owns another namespace, seen from this process. */
enum owner { OWNER_SELF, OWNER_ANCESTOR, OWNER_UNKNOWN };

/* What is known of this process and of the kernel, apart from any trial. */
struct setting {
	char release[65], machine[65];
	unsigned int uid;
	uint64_t eff, prm, inh, bnd, amb;
	bool nnp, initial_userns, proc, config, rootless;
	int seccomp;	 /* as /proc/self/status has it: 0 none, 1 strict, 2 filter */
	int yama;	 /* ptrace_scope, -1 without yama */
	char label[256]; /* the security module's, "" where there is none */
	bool enforced;	 /* it confines */
	enum owner pid_owner, children_owner, ipc_owner;
	enum engine engine;
};

/* Another process, as far as its status file tells. */
struct target {
	pid_t pid, tracer;
	unsigned int uid;
	uint64_t prm;
	bool visible, memory, dumpable;
	char mapping[48]; /* one of a file, as map_files names it; "" where none shows */
};

enum boundary {
	NS_LAST_PID,
	SET_TID,
	MAP_FILES,
	EXE_FD,
	IPC_NEXT_ID,
	TTY_LOCK,
	PTRACE,
	BOUNDARIES,
};

struct trial {
	const char *program;
	/* The result of the last step that shows that the kernel's check was passed, and its evidence; NULL for any. */
	const char *passes, *also, *evidence;
	const char *sysctl; /* that it writes to, or NULL */
};

/* What came of a trial. */
struct outcome {
	bool usable, tried;
	char step[24], error[16]; /* where it was refused, and how */
	int nth;		  /* how many operations before it succeeded */
	pid_t pid;		  /* of another process; 0 for this one's own */
	unsigned int causes;	  /* a bit each */
};

/* doctor.c: the arguments behind --doctor; returns the exit status */
int cr_doctor(int argc, char **argv);

/* setting.c */
#define CAP_BIT(n)	   (1ULL << (n))
#define CHECKPOINT_RESTORE CAP_BIT(CAP_CHECKPOINT_RESTORE_NR)
#define SYS_ADMIN	   CAP_BIT(21)
#define SYS_PTRACE	   CAP_BIT(19)
void doctor_setting(struct setting *s);
/* Is the path what the kernel put there, and can it be written? */
enum file_state { FILE_WRITABLE, FILE_READ_ONLY, FILE_MASKED, FILE_ABSENT };
enum file_state doctor_file_state(const char *path);

/* target.c: returns false where there is no such process */
bool doctor_target(pid_t pid, struct target *t);

/* trials.c: returns 0 or -errno */
int doctor_try(enum boundary which, const struct target *target, struct outcome *o);

/* causes.c */
void doctor_explain(enum boundary which, const struct setting *s, const struct target *target,
		    struct outcome *o);

/* words.c */
extern const char *const boundary_names[BOUNDARIES],
	*const boundary_texts[BOUNDARIES], *const boundary_criu[BOUNDARIES],
						   *const cause_names[CAUSES],
							   *const engine_names[ENGINES];
void doctor_cause(struct cr_text *t, enum cause cause, const struct setting *s,
		  const struct target *target);
void doctor_remedy(struct cr_text *t, unsigned int causes, enum boundary which,
		   const struct setting *s, const struct target *target);
const char *doctor_criu(const struct setting *s);

/* report_text.c, report_json.c */
#define REMEDY_MAX 1024
void doctor_refusal(struct cr_text *t, const struct outcome *o);
void doctor_text(struct cr_text *t, const struct setting *s, const struct target *target,
		 const struct outcome outcomes[BOUNDARIES]);
void doctor_json(struct cr_text *t, const struct setting *s, const struct target *target,
		 const struct outcome outcomes[BOUNDARIES]);

#endif
