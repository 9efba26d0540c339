// SPDX-License-Identifier: MIT
/* The end of the guest. */
#include <sys/reboot.h>
#include <unistd.h>

#include "agent.h"

void cr_power_off(void)
{
	sync();
#if defined(__x86_64__) || defined(__i386__)
	/* Without ACPI nothing switches the machine off, and the call would halt it and end us; a restart (-no-reboot) does. */
	if (access("/sys/firmware/acpi", F_OK))
		reboot(RB_AUTOBOOT);
#endif
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
