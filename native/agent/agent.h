/* SPDX-License-Identifier: MIT */
#ifndef CR_AGENT_H
#define CR_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The life of PID 1, and the end of the guest. */
void cr_agent(void) __attribute__((noreturn));
void cr_power_off(void) __attribute__((noreturn));

/* shell.c: a shell on the console in place of the channel, where the kernel's command line has crcap_shell= */
void cr_shell(void) __attribute__((noreturn));

/* ../doctor: the arguments behind --doctor; returns the exit status */
int cr_doctor(int argc, char **argv);

/* memory.c */
void *cr_own_memory(size_t size);

/* crc32.c */
uint32_t cr_crc32(uint32_t crc, const void *data, size_t len);

/* requests.c: the request catalogue and the read-back cache */
enum cr_request_kind { cr_subjects, cr_programs };
bool cr_requests_open(void);
void cr_requests_case(long long n, const char **subject, const char **program);
void cr_requests_name(enum cr_request_kind which, char *line);
const char *cr_requests_find(enum cr_request_kind which, const char *key);
size_t cr_readback_cache(char *payload, size_t len);

/* cases.c: the lines "case" and "cases" without their verb; each returns how many cases were answered */
bool cr_cases_open(void);
unsigned long cr_obey_case(char *rest);
unsigned long cr_obey_cases(char *rest);
/* Make every subject anew. */
void cr_cases_fresh(bool fresh);

/* resumed.c: the line "resumed" without its verb */
void cr_obey_resumed(char *rest);

/* channel.c: see PROTOCOL.md */
int cr_channel_open(const char *device);
void cr_channel_send(const char *payload, size_t len);
/* The next line in its turn, without its number and sum; NULL when the channel is gone. */
char *cr_channel_line(void);
void cr_channel_attend(void);

#endif
