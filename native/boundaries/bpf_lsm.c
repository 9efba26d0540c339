// SPDX-License-Identifier: MIT
/* A program of the BPF security module that refuses CAP_CHECKPOINT_RESTORE to everyone, for as long as cases ask for it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../core/core.h"

/* The kernel's own description of its types and functions, in the format of Documentation/bpf/btf.rst. */
#define VMLINUX	  "/sys/kernel/btf/vmlinux"
#define HOOK	  "bpf_lsm_capable"
#define BTF_MAGIC 0xeb9f
/* The largest that is read, bytes: Debian's is 5 MB. */
#define BTF_MAX (64 << 20)

struct btf_header {
	unsigned short magic;
	unsigned char version, flags;
	unsigned int hdr_len, type_off, type_len, str_off, str_len;
};

struct btf_type {
	unsigned int name, info, size;
};

enum { KIND_FUNC = 12, KINDS = 20 };

/* What follows a type of each kind: so many bytes, and so many for each of its members. */
static const unsigned char follows[KINDS][2] = {
	[1] = { 4, 0 },	 [3] = { 12, 0 }, [4] = { 0, 12 },  [5] = { 0, 12 }, [6] = { 0, 8 },
	[13] = { 0, 8 }, [14] = { 4, 0 }, [15] = { 0, 12 }, [17] = { 4, 0 }, [19] = { 0, 12 },
};

/* The number of the hook among the types, 0 where it is not there. */
static int hook_in(const char *data, size_t size)
{
	const struct btf_header *h = (const void *)data;
	const char *p, *end, *names;
	unsigned int kind;
	int id;

	if (size < sizeof(*h) || h->magic != BTF_MAGIC || h->hdr_len > size ||
	    (size_t)h->type_off + h->type_len > size - h->hdr_len ||
	    (size_t)h->str_off + h->str_len > size - h->hdr_len || !h->str_len)
		return 0;
	p = data + h->hdr_len + h->type_off;
	end = p + h->type_len;
	names = data + h->hdr_len + h->str_off;
	if (names[h->str_len - 1])
		return 0;
	for (id = 1; (size_t)(end - p) >= sizeof(struct btf_type); id++) {
		const struct btf_type *t = (const void *)p;
		size_t more;

		kind = t->info >> 24 & 31;
		if (kind >= KINDS)
			return 0;
		if (kind == KIND_FUNC && t->name < h->str_len && !strcmp(names + t->name, HOOK))
			return id;
		more = sizeof(*t) + follows[kind][0] +
		       (size_t)follows[kind][1] * (t->info & 0xffff);
		if (more > (size_t)(end - p))
			return 0;
		p += more;
	}
	return 0;
}

static int find_hook(void)
{
	char *data = mmap(NULL, BTF_MAX, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int fd, id;
	size_t size = 0;
	ssize_t n;

	if (data == MAP_FAILED)
		return -errno;
	fd = open(VMLINUX, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (n = read(fd, data + size, BTF_MAX - size)) > 0)
		size += n;
	id = fd < 0 ? -errno : hook_in(data, size);
	close(fd);
	munmap(data, BTF_MAX);
	return id ? id : -ENOENT;
}

static int load(int hook)
{
	/* capable(cred, ns, cap, opts): -EPERM where cap is this one, else what the modules before it said: nothing. */
	static const struct bpf_insn program[] = {
		{ BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_2, BPF_REG_1, 16, 0 },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0 },
		{ BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 1, CAP_CHECKPOINT_RESTORE_NR },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -EPERM },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_LSM;
	attr.expected_attach_type = BPF_LSM_MAC;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = sizeof(program) / sizeof(program[0]);
	attr.license = (uintptr_t) "GPL";
	attr.attach_btf_id = hook;
	return syscall(SYS_bpf, (long)BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* Returns a descriptor, for as long as which is open the program is attached, or -errno. */
static int attach(void)
{
	int hook = find_hook(), fd, link;
	union bpf_attr attr;

	if (hook < 0)
		return hook;
	fd = load(hook);
	if (fd < 0)
		return -errno;
	memset(&attr, 0, sizeof(attr));
	attr.raw_tracepoint.prog_fd = fd;
	link = syscall(SYS_bpf, (long)BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));
	if (link < 0)
		link = -errno;
	close(fd);
	return link;
}

#define NAME "bpf_refuse"

static int attached = -ENOENT;

/*
 * In the supervisor: to attach and to detach takes the kernel a tenth of a second each, which it spends waiting until no processor
 * runs the code that it changes. So both are done once for cases that follow one another.
 */
void cr_ready_bpf_lsm(const char *program)
{
	if (attached < 0 && strstr(program, NAME " "))
		attached = attach();
}

void cr_leave_bpf_lsm(const char *program)
{
	if (attached < 0 || strstr(program, NAME " "))
		return;
	close(attached);
	attached = -ENOENT;
}

static int step_bpf_refuse(struct cr_ctx *c, char *arg)
{
	(void)c;
	(void)arg;
	return attached < 0 ? attached : 0;
}

const struct cr_step cr_steps_bpf_lsm[] = {
	{ NAME, step_bpf_refuse, STEP_SETUP,
	  "a BPF program refuses everyone CAP_CHECKPOINT_RESTORE, in this case" },
	{ NULL, NULL, 0, NULL },
};
