// SPDX-License-Identifier: MIT
#include "core.h"

const struct cr_step cr_steps_control[] = {
	{ NULL, NULL, 0, NULL },
};
