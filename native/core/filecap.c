// SPDX-License-Identifier: MIT
/* File capabilities, in the formats that there have been. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/xattr.h>

#include "core.h"

/* @arg: PATH,SET,FLAGS[,ROOTID]: file capabilities; FLAGS: ep, p, i, ei */
static int step_filecap(struct cr_ctx *c, char *arg)
{
	char *path = cr_next(&arg, ','), *expr = cr_next(&arg, ','), *flags = cr_next(&arg, ',');
	uint32_t v[6] = { 0 };
	uint64_t set;
	long long root = 0;

	(void)c;
	if (!flags || !cr_parse_caps(expr, &set) || (arg && !cr_parse_long(arg, &root)))
		return CR_MISUSED;
	v[0] = arg ? 0x03000000 : VFS_CAP_REVISION_2;
	if (strchr(flags, 'e'))
		v[0] |= VFS_CAP_FLAGS_EFFECTIVE;
	if (strchr(flags, 'p')) {
		v[1] = set;
		v[3] = set >> 32;
	}
	if (strchr(flags, 'i')) {
		v[2] = set;
		v[4] = set >> 32;
	}
	v[5] = root;
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	for (int i = 0; i < 6; i++)
		v[i] = __builtin_bswap32(v[i]);
#endif
	return setxattr(path, "security.capability", v, arg ? 24 : 20, 0) ? -errno : 0;
}

/* @arg: PATH: the first format, 32 bits a set, every bit on: no kernel that can make user namespaces takes it. */
static int step_filecap_v1(struct cr_ctx *c, char *arg)
{
	static const unsigned char v1[12] = { 1, 0, 0, 1, 0xff, 0xff, 0xff, 0xff };

	(void)c;
	return setxattr(arg, "security.capability", v1, sizeof(v1), 0) ? -errno : 0;
}

const struct cr_step cr_steps_filecap[] = {
	{ "filecap", step_filecap, STEP_SETUP, "=PATH,SET,FLAGS[,ROOTID] file capabilities" },
	{ "filecap_v1", step_filecap_v1, STEP_OP, "=PATH file capabilities of revision 1" },
	{ NULL, NULL, 0, NULL },
};
