/* SPDX-License-Identifier: MIT */
/*
 * The probe core's public face: run one case, tell the kernel facts.
 *
 * Nothing here allocates. What runs after a fork calls async-signal-safe functions only, so that a caller with many
 * threads (the Node addon) may use it.
 */
#ifndef CRPROBE_H
#define CRPROBE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CRPROBE_VERSION "0.1.0"

/* The longest program, expanded, and the longest payload, in bytes with the final NUL. */
#define CR_PROGRAM_MAX 4096
#define CR_PAYLOAD_MAX 8000

/*
 * Run one program under a deadline and write its observation ("obs 0 us=... end=...") to out.
 * @self: a static crprobe binary, for the steps that execute it; NULL for this process's own image.
 * A supervisor process is forked, which reaps and kills whatever the case leaves behind.
 * Returns the payload's length, or -errno when the case could not even be started.
 */
int cr_run_case(const char *program, unsigned int deadline_ms, const char *self, char *out,
		size_t outlen);

/*
 * Tell the kernel facts: lines "fact NAME=VALUE\n", values %XX-escaped.
 * Returns the length written, or -errno.
 */
int cr_facts(char *out, size_t outlen);

#ifdef __cplusplus
}
#endif

#endif
