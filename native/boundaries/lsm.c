// SPDX-License-Identifier: MIT
/* Security modules: their policies, which a guest carries in its initramfs, and the labels that subjects take. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../core/core.h"

/* The kernel takes a policy in one write(2). */
static int load(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = -1, err = 0;
	void *p = MAP_FAILED;
	struct stat st;

	if (in < 0 || fstat(in, &st))
		err = -errno;
	if (!err)
		p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, in, 0);
	if (!err && p == MAP_FAILED)
		err = -errno;
	if (!err)
		out = open(to, O_WRONLY | O_CLOEXEC);
	if (!err && (out < 0 || write(out, p, st.st_size) != st.st_size))
		err = errno ? -errno : -EIO;
	if (p != MAP_FAILED)
		munmap(p, st.st_size);
	close(in);
	close(out);
	return err;
}

static int apparmor_label(const char *profile)
{
	char text[96];
	struct cr_text t;

	cr_text_init(&t, text, sizeof(text));
	cr_puts(&t, "changeprofile ");
	cr_puts(&t, profile);
	return cr_spit("/proc/self/attr/apparmor/current", text, t.len);
}

/*
 * Before 6.13 AppArmor logs no denial of a capability again that it logged for the same profile last. Here a profile that no
 * subject has is refused both capabilities, so that whatever a subject is refused next is logged. A value that no kernel takes
 * is written: where the capability is not refused, nothing happens either.
 */
static int forget_last_denial(void)
{
	pid_t pid = cr_fork();
	int fd;

	if (pid < 0)
		return pid;
	if (!pid) {
		fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
		if (fd < 0 || apparmor_label("crcap_flush"))
			_exit(1);
		_exit(write(fd, "x", 1) >= 0);
	}
	return cr_reap(pid) ? -EPERM : 0;
}

static int load_apparmor(void)
{
	char profiles[4096];
	int err = 0;

	if (cr_slurp("/sys/kernel/security/apparmor/profiles", profiles, sizeof(profiles)) < 0)
		return -ENOENT;
	if (!strstr(profiles, "crcap_flush "))
		err = load("/crcap/policy/apparmor", "/sys/kernel/security/apparmor/.replace");
	return err ? err : forget_last_denial();
}

/* From here on the guest enforces: what has no label of its own is kernel_t, which may do everything. */
static int load_selinux(void)
{
	char enforce[8];
	int err;

	if (cr_slurp("/sys/fs/selinux/enforce", enforce, sizeof(enforce)) <= 0)
		return -ENOENT;
	if (*enforce == '1')
		return 0;
	err = load("/crcap/policy/selinux", "/sys/fs/selinux/load");
	return err ? err : cr_spit("/sys/fs/selinux/enforce", "1", 1);
}

#define TOMOYO "/sys/kernel/security/tomoyo/"

/*
 * Tomoyo's policy comes into force when the kernel executes what it takes for init, after a loader has run, which both are this
 * program here. Until then any root may write it, and from then on only the programs in the list of managers.
 */
static int load_tomoyo(void)
{
	static const char *const names[] = { "/sbin/tomoyo-init", "/sbin/init" };
	char *argv[] = { "init", "--version", NULL }, *envp[] = { NULL };
	int err = load("/crcap/policy/tomoyo", TOMOYO "profile"), i;
	pid_t pid;

	/* In force already. */
	if (err == -EPERM)
		return 0;
	if (!err)
		err = cr_spit(TOMOYO "manager", "/tmp/manager\n", 13);
	mkdir("/sbin", 0755);
	for (i = 0; i < 2 && !err; i++)
		if (symlink("/init", names[i]) && errno != EEXIST)
			err = -errno;
	if (err)
		return err;
	pid = cr_fork();
	if (!pid) {
		close(1);
		execve("/sbin/init", argv, envp);
		_exit(1);
	}
	if (pid < 0)
		return pid;
	cr_reap(pid);
	return load("/crcap/policy/tomoyo", TOMOYO "profile") == -EPERM ? 0 : -ENOEXEC;
}

/* @arg: apparmor, selinux or tomoyo */
static int step_policy(struct cr_ctx *c, char *arg)
{
	(void)c;
	if (!strcmp(arg, "apparmor"))
		return load_apparmor();
	if (!strcmp(arg, "selinux"))
		return load_selinux();
	if (!strcmp(arg, "tomoyo"))
		return load_tomoyo();
	return CR_MISUSED;
}

/* @arg: a profile of AppArmor, or a context of SELinux, which has colons */
static int step_label(struct cr_ctx *c, char *arg)
{
	(void)c;
	if (!*arg)
		return CR_MISUSED;
	if (strchr(arg, ':'))
		return cr_spit("/proc/self/attr/current", arg, strlen(arg));
	return apparmor_label(arg);
}

const struct cr_step cr_steps_lsm[] = {
	{ "policy", step_policy, STEP_SETUP,
	  "=apparmor|selinux|tomoyo load the guest's policy, unless it is loaded" },
	{ "label", step_label, STEP_SETUP, "=PROFILE|CONTEXT become that, by /proc/self/attr" },
	{ NULL, NULL, 0, NULL },
};
