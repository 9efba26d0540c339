/* SPDX-License-Identifier: MIT */
#ifndef CR_AGENT_H
#define CR_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* agent.c: the life of PID 1 */
void cr_agent(void) __attribute__((noreturn));

/* power.c */
void cr_power_off(void) __attribute__((noreturn));

/* shell.c: a shell on the console in place of the channel, where the kernel's command line has crcap_shell= */
void cr_shell(void) __attribute__((noreturn));

/* serve.c: the same on a machine that is somebody's, over standard input and output; and with requests from a file. */
int cr_serve(const char *folder, unsigned int patience);
int cr_batch(const char *path, const char *log);
int cr_hide_standard_ends(void);

/* Where the channel's descriptors go on such a machine: beyond those that programs use, below those of the cases. */
#define CHANNEL_FD 64

/* talk.c */
void cr_say_hello(void);
void cr_obey(char *line);
void cr_say_bye(void);

/* memory.c */
void *cr_own_memory(size_t size);

/* crc32.c */
uint32_t cr_crc32(uint32_t crc, const void *data, size_t len);

/* requests.c: the request catalogue and the read-back cache */
enum cr_request_kind { cr_subjects, cr_programs };
bool cr_requests_open(void);
char *cr_read_whole(const char *path, size_t *size);
void cr_requests_case(long long n, const char **subject, const char **program);
void cr_requests_name(enum cr_request_kind which, char *line);
const char *cr_requests_find(enum cr_request_kind which, const char *key);
size_t cr_readback_cache(char *payload, size_t len);

/* cases.c: the lines "case" and "cases" without their verb; each returns how many cases were answered */
/* Where cases run: a guest is the agent's own, and what cases share there is set back between them. */
enum cr_where { cr_in_guest, cr_on_host };
bool cr_cases_open(enum cr_where where);
unsigned long cr_obey_case(char *rest);
unsigned long cr_obey_cases(char *rest);
/* Make every subject anew. */
void cr_cases_fresh(bool fresh);

/* resumed.c: the line "resumed" without its verb */
void cr_obey_resumed(char *rest);

const char *cr_latest_observation(void);

/* apart.c */
void cr_apart_open(int lifeline, bool listening);
bool cr_apart_over(void);
int cr_run_case_apart(const char *program, unsigned int deadline_ms, unsigned long n, char *out,
		      size_t outlen);

/* ktap.c: returns the exit status, as kselftest has it */
int cr_ktap(const char *path);

/* channel.c: see PROTOCOL.md */
int cr_channel_open(const char *device);
int cr_channel_take(int in, int out);
int cr_channel_log(int out, const char *name);
bool cr_channel_failed(void);
void cr_channel_send(const char *payload, size_t len);
/* Waits until a port has sent all that it was given: what is in it when the machine stops is lost. */
void cr_channel_drain(void);
/* The next line in its turn, without its number and sum; NULL when the channel is gone. */
char *cr_channel_line(void);
void cr_channel_attend(void);
void cr_channel_expect(unsigned int seconds);
bool cr_channel_listen(void);

#endif
