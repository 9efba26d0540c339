/* SPDX-License-Identifier: MIT */
/* What the parts of the probe core share: the case, its slots, the step table, bounded text. */
#ifndef CR_CORE_H
#define CR_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "crprobe.h"

#define CR_SLOTS 26
/* Where the shared page's descriptor stands, so that an executed image finds it. */
#define CR_SHARED_FD 99
/* The helper's own binary, opened before a subject may be kept from its path. */
#define CR_SELF_FD 98
/* A step's result for "could not be tried": the operation it builds on had failed. */
#define CR_NOT_TRIED (-4095)
/* A step's result for a value that it does not understand: the case ends, and nothing was asked of the kernel. */
#define CR_MISUSED		  (-4094)
#define CAP_CHECKPOINT_RESTORE_NR 40

enum cr_slot_type { SLOT_NONE, SLOT_FD, SLOT_PID, SLOT_RANGE, SLOT_NUM };

/* What a step leaves for later ones under a letter: a descriptor, a process, a mapping, a number. */
struct cr_slot {
	int type;
	long num;
	unsigned long start, end;
};

enum cr_end { END_NONE, END_OK, END_SUBJECT, END_SETUP, END_SIGNAL, END_PARSE };

struct cr_prepared;

/* What system calls say of a process in microseconds. */
struct cr_identity {
	uint64_t eff, prm, inh;
	unsigned int ids[6];
	unsigned int group;
	unsigned long ns_user, ns_pid, ns_ipc;
	int ngroups, nnp, dumpable, securebits, seccomp, outsider;
	int bounding[2], ambient[2]; /* of CAP_SYS_ADMIN and CAP_CHECKPOINT_RESTORE */
};

/* The first processes of the pid namespaces that a prepared subject makes: as many as it may have. */
#define CR_FIRST_MAX 4

/* One case's record, in memory that every process of the case shares. */
struct cr_shared {
	int end;     /* enum cr_end */
	int signal;  /* with END_SIGNAL */
	char at[64]; /* the step that ended it */
	char why[256];
	char who[1024]; /* the subject as read back */
	size_t res_len;
	char res[5600];
	/* What a new process tells of itself. */
	int child_pid;
	char child_nspid[96];
	/* For an executed image to go on with. */
	char program[CR_PROGRAM_MAX];
	size_t pos;
	bool probing;
	bool in_child;
	int ready;
	unsigned long ns_user, ns_pid, ns_ipc;
	char suid_dumpable; /* fs.suid_dumpable's digit: what a process has that lost dumpable */
	char map[256];	    /* and the id map there */
	char yama_was;	    /* yama's ptrace_scope, where the case changed it */
	char cgroup[24];    /* the name of the control groups that the case made */
	/* How CRIU came out last, and what it said of that. */
	char outcome[64];
	char log[1000];
	/* How long the victim took until it counted, us: when it was started, and when it was restored. */
	long long started_us, restored_us;
	struct cr_slot slot[CR_SLOTS];
	/* Of a prepared subject (prepared.h): the case's process, the one that it is forked from, pids as the supervisor sees them. */
	volatile int worker, base, first[CR_FIRST_MAX];
	volatile int nfirst;
	struct cr_identity identity;
};

/* One process's view of the case. */
struct cr_ctx {
	struct cr_shared *sh;
	const char *p;	/* where the program goes on */
	bool probing;	/* past "--" */
	bool quiet;	/* in a block whose steps prepare and are not reported */
	bool preparing; /* a prepared subject is being made */
	int ns;		/* then: the directory of its namespaces */
	bool in_child;	/* in a child's block: its end ends the process, not the case */
	int ready;	/* a spawned process says here that it has taken its steps; 0 elsewhere */
	struct cr_slot slot[CR_SLOTS];
	pid_t spawned[8];
	int nspawned;
	/* the step's evidence, %XX-escaped when reported */
	char value[1100];
	size_t value_len;
	/* what it would have been, had the pids right below not been taken: "~V" */
	char instead[96];
};

enum cr_step_kind {
	STEP_OP,    /* an operation under test: its errno is an observation */
	STEP_SETUP, /* preparation: where it fails, the case is in error */
	STEP_BLOCK, /* takes { steps } and moves past them itself; else like STEP_SETUP */
};

struct cr_step {
	const char *name;
	/* @arg: the unescaped value, "" if none; may be scribbled on. Returns 0, -errno, CR_NOT_TRIED or CR_MISUSED. */
	int (*fn)(struct cr_ctx *c, char *arg);
	enum cr_step_kind kind;
	const char *help;
};

/* The tables, one a file; each ends with a NULL name. */
extern const struct cr_step cr_steps_subject[];
extern const struct cr_step cr_steps_namespace[];
extern const struct cr_step cr_steps_process[];
extern const struct cr_step cr_steps_file[];
extern const struct cr_step cr_steps_watched[];
extern const struct cr_step cr_steps_path[];
extern const struct cr_step cr_steps_mount[];
extern const struct cr_step cr_steps_cgroup[];
extern const struct cr_step cr_steps_landlock[];
extern const struct cr_step cr_steps_bpf_lsm[];
extern const struct cr_step cr_steps_set_tid[];
extern const struct cr_step cr_steps_map_files[];
extern const struct cr_step cr_steps_exe_fd[];
extern const struct cr_step cr_steps_ipc[];
extern const struct cr_step cr_steps_tty[];
extern const struct cr_step cr_steps_control[];
extern const struct cr_step cr_steps_control_process[];
extern const struct cr_step cr_steps_control_object[];
extern const struct cr_step cr_steps_control_restore[];
extern const struct cr_step cr_steps_workaround[];
extern const struct cr_step cr_steps_lsm[];
extern const struct cr_step cr_steps_audit[];
extern const struct cr_step cr_steps_criu[];
extern const struct cr_step cr_steps_test[];

/* What steps need of the supervisor: it goes where a program does not ask for it, and comes where one does. */
void cr_leave_bpf_lsm(const char *program);
void cr_ready_bpf_lsm(const char *program);
/* What undoes steps that change more than their case's own processes: each does nothing where the case did not take the step. */
void cr_undo_yama(const struct cr_shared *sh);
void cr_undo_cgroups(const struct cr_shared *sh);

/* case.c */
void cr_finish(struct cr_ctx *c, enum cr_end end, const char *at, const char *why)
	__attribute__((noreturn));
void cr_stay(struct cr_ctx *c) __attribute__((noreturn));
void cr_value(struct cr_ctx *c, const char *s);
void cr_instead(struct cr_ctx *c, const char *s);
void cr_value_num(struct cr_ctx *c, long long v);
struct cr_slot *cr_slot(struct cr_ctx *c, const char *name);
int cr_slot_fd(struct cr_ctx *c, const char *name);
void cr_slot_set(struct cr_ctx *c, const char *name, int type, long num);

/* program.c */
void cr_interpret(struct cr_ctx *c);
const char *cr_skip_block(const char *p);
/* An executed image goes on with the case whose record stands at CR_SHARED_FD. */
void cr_resume(void) __attribute__((noreturn));

/* steps.c */
const struct cr_step *cr_find_step(const char *name, size_t len);
void cr_for_each_step(void (*fn)(const struct cr_step *step));
void cr_leave_steps(const char *program);
void cr_ready_steps(const char *program);
void cr_undo_steps(const struct cr_shared *sh);

/* supervise.c */
int cr_supervisor_init(const char *self);
int cr_supervise(struct cr_prepared *from, const char *program, unsigned int deadline_ms,
		 unsigned long n, char *out, size_t outlen);
int cr_clean_up(pid_t group);
int cr_supervise_apart(const char *program, unsigned int deadline_ms, unsigned long n,
		       const char *self, char *out, size_t outlen);

/* subject.c */
int cr_filter_call(long nr, int err);

/* process.c */
pid_t cr_fork(void);
pid_t cr_clone(int flags, volatile int *tid);
int cr_reap(pid_t pid);
bool cr_wait_for_child(long long deadline);
void cr_reap_killed(pid_t pid, int ms);
int cr_taken_down_from(pid_t pid);
void cr_end_like(struct cr_ctx *c, int status) __attribute__((noreturn));
void cr_relay(struct cr_ctx *c, pid_t pid) __attribute__((noreturn));
int cr_go_on_as_child(struct cr_ctx *c, int flags);

/* mount.c: a mount namespace of this process's own, from which nothing spreads back. Returns 0 or -errno. */
int cr_own_mounts(void);

/* capabilities.c */
bool cr_parse_caps(const char *expr, uint64_t *set);
uint64_t cr_hex_set(const char *p);
int cr_cap_last(void);
int cr_cap_get(uint64_t *eff, uint64_t *prm, uint64_t *inh);
int cr_cap_set(uint64_t eff, uint64_t prm, uint64_t inh);
int cr_cap_set_v1(void);

/* readback.c */
int cr_read_back(struct cr_ctx *c);
void cr_note_identity(struct cr_identity *id, int ns);
bool cr_read_back_shows(struct cr_shared *sh, const char *key, const char *want);
void cr_note_namespaces(struct cr_shared *sh);
const char *cr_find_key(const char *who, const char *key);

/* file.c */
int cr_memfd(const char *name, unsigned int flags);

/* leave_executable.c */
int cr_leave_executable(void);
void cr_shed_inheritance(void);

/* text.c: bounded text without allocation */
struct cr_text {
	char *buf;
	size_t size, len;
	bool cut;
};
void cr_text_init(struct cr_text *t, char *buf, size_t size);
void cr_puts(struct cr_text *t, const char *s);
void cr_putn(struct cr_text *t, const char *s, size_t n);
void cr_putu(struct cr_text *t, unsigned long long v);
void cr_putd(struct cr_text *t, long long v);
void cr_putx(struct cr_text *t, unsigned long long v, int digits);
void cr_put_escaped(struct cr_text *t, const char *s, size_t n);
size_t cr_unescape(char *s);
const char *cr_errno_name(int err, char buf[16]);
ssize_t cr_slurp_at(int dir, const char *path, char *buf, size_t size);
ssize_t cr_slurp(const char *path, char *buf, size_t size);
ssize_t cr_pwrite(int fd, const void *data, size_t len, off_t off);
int cr_spit(const char *path, const char *data, size_t len);
bool cr_parse_long(const char *s, long long *v);
long long cr_now_us(void);
unsigned int cr_octal(const char *s);
/* readback.c: as it is sent */
void cr_put_who(struct cr_text *t, const char *who);
/* Split off the text up to the next sep; NULL when there is no more. */
char *cr_next(char **rest, char sep);

#endif
