/** What is known beside the suites, and why no row asks a kernel about it. */
import type { Statement } from "../model/statement.js";

export const UNASKED_STATEMENTS: readonly Statement[] = [
	{
		says: "amdgpu's KFD_IOC flag for checkpoints takes the capability: EACCES without it",
		rows: [],
		unasked: "it takes the device, which no emulator has",
	},
	{
		says: "before 5.9 every boundary takes CAP_SYS_ADMIN",
		rows: [],
		unasked:
			"Debian has no such kernel; the fault kernels' configuration without the capability asks all of it",
	},
	{
		says: "a 32-bit helper on a 64-bit kernel gets the same answers",
		rows: [],
		unasked:
			"it has no rows of its own: --compat asks all of them with the i386 helper, as does an i386 kernel",
	},
	{
		says: "yama and lockdown refuse none of the boundaries: yama guards attaching, which map_files and /proc/PID/exe don't ask for (PTRACE_MODE_READ), and lockdown has no reason that one of them names",
		rows: [],
		unasked:
			"no outcome of their own: `npm run settings` tries the cases with yama's ptrace_scope at 1, 2 and 3 and with lockdown=confidentiality, and none changes but those that attach",
	},
];
