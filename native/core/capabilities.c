// SPDX-License-Identifier: MIT
/* Capability sets: their names, how a program writes them, and the calls that read and set them. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core.h"

static const char *const cap_names[] = {
	"chown",
	"dac_override",
	"dac_read_search",
	"fowner",
	"fsetid",
	"kill",
	"setgid",
	"setuid",
	"setpcap",
	"linux_immutable",
	"net_bind_service",
	"net_broadcast",
	"net_admin",
	"net_raw",
	"ipc_lock",
	"ipc_owner",
	"sys_module",
	"sys_rawio",
	"sys_chroot",
	"sys_ptrace",
	"sys_pacct",
	"sys_admin",
	"sys_boot",
	"sys_nice",
	"sys_resource",
	"sys_time",
	"sys_tty_config",
	"mknod",
	"lease",
	"audit_write",
	"audit_control",
	"setfcap",
	"mac_override",
	"mac_admin",
	"syslog",
	"wake_alarm",
	"block_suspend",
	"audit_read",
	"perfmon",
	"bpf",
	"checkpoint_restore",
};

/* The highest capability that this kernel knows; counted once. */
int cr_cap_last(void)
{
	static int last;

	if (!last) {
		last = 63;
		while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
			last--;
	}
	return last;
}

/*
 * A set: "all", "none", names and numbers, joined by + and -: all-sys_admin-checkpoint_restore.
 * Sets beyond what the kernel knows are as the caller asks: it is the kernel's to refuse them.
 */
bool cr_parse_caps(const char *expr, uint64_t *set)
{
	bool add = true;
	char word[32];
	long long nr;
	size_t len;

	*set = 0;
	for (;;) {
		uint64_t term = 0;
		size_t i;

		len = strcspn(expr, "+-");
		if (!len || len >= sizeof(word))
			return false;
		memcpy(word, expr, len);
		word[len] = '\0';
		if (!strcmp(word, "all")) {
			term = (2ULL << cr_cap_last()) - 1;
		} else if (!strcmp(word, "none")) {
			term = 0;
		} else if (cr_parse_long(word, &nr)) {
			if (nr < 0 || nr > 63)
				return false;
			term = 1ULL << nr;
		} else {
			for (i = 0; i < sizeof(cap_names) / sizeof(cap_names[0]); i++)
				if (!strcmp(word, cap_names[i]))
					term = 1ULL << i;
			if (!term)
				return false;
		}
		*set = add ? *set | term : *set & ~term;
		expr += len;
		if (!*expr)
			return true;
		add = *expr++ == '+';
	}
}

/* A set in the hex digits of /proc/self/status. */
uint64_t cr_hex_set(const char *p)
{
	uint64_t set = 0;

	for (; (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f'); p++)
		set = set << 4 | (*p <= '9' ? *p - '0' : *p - 'a' + 10);
	return set;
}

static uint64_t status_set(const char *status, const char *line)
{
	const char *p = strstr(status, line);

	return p ? cr_hex_set(p + strlen(line)) : 0;
}

/* Without CONFIG_MULTIUSER there is no capget(): everyone has all capabilities, and the status file says so. */
int cr_cap_get(uint64_t *eff, uint64_t *prm, uint64_t *inh)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];
	char status[4096];

	if (!syscall(SYS_capget, &hdr, d)) {
		*eff = d[0].effective | (uint64_t)d[1].effective << 32;
		*prm = d[0].permitted | (uint64_t)d[1].permitted << 32;
		*inh = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
		return 0;
	}
	if (errno != ENOSYS || cr_slurp("/proc/self/status", status, sizeof(status)) <= 0)
		return -errno;
	*eff = status_set(status, "\nCapEff:\t");
	*prm = status_set(status, "\nCapPrm:\t");
	*inh = status_set(status, "\nCapInh:\t");
	return 0;
}

/* Where there is no capset(), the sets that a process has are the only ones that it can be given. */
int cr_cap_set(uint64_t eff, uint64_t prm, uint64_t inh)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {
		{ .effective = eff, .permitted = prm, .inheritable = inh },
		{ .effective = eff >> 32, .permitted = prm >> 32, .inheritable = inh >> 32 },
	};
	uint64_t e, p, i;

	if (!syscall(SYS_capset, &hdr, d))
		return 0;
	if (errno == ENOSYS && !cr_cap_get(&e, &p, &i) && e == eff && p == prm && i == inh)
		return 0;
	return -errno;
}

/* As a program of 2.6.25 does it: sets of 32 bits, and what lies above them goes. */
int cr_cap_set_v1(void)
{
	struct __user_cap_header_struct hdr = { _LINUX_CAPABILITY_VERSION_1, 0 };
	struct __user_cap_data_struct d;

	return syscall(SYS_capget, &hdr, &d) || syscall(SYS_capset, &hdr, &d) ? -errno : 0;
}
