// SPDX-License-Identifier: MIT
/* Cases as --local runs them, one after the other: LOCAL CRPROBE [LOGS] reads lines "N PROGRAM". A sanitizer's words on case N go to LOGS/N.PID. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/crprobe.h"

#ifdef __SANITIZE_ADDRESS__
void __sanitizer_set_report_path(const char *path);
#else
#define __sanitizer_set_report_path(path) ((void)(path))
#endif

int main(int argc, char **argv)
{
	static char line[CR_PROGRAM_MAX + 32], out[CR_PAYLOAD_MAX];
	char path[4096];

	while (argc > 1 && fgets(line, sizeof(line), stdin)) {
		char *program = strchr(line, ' ');
		int len;

		line[strcspn(line, "\n")] = '\0';
		if (!program)
			return 2;
		*program++ = '\0';
		if (argc > 2 && snprintf(path, sizeof(path), "%s/%s", argv[2], line) > 0)
			__sanitizer_set_report_path(path);
		len = cr_run_case(program, 60000, argv[1], out, sizeof(out));
		printf("%s %s\n", line, len < 0 ? "could not be run" : out);
		fflush(stdout);
	}
	return 0;
}
