/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/runner.h: one run as a process: this program's verb `run`.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Plain data, so that it can be handed to another machine. */
typedef struct RunOrder {
    uint32_t run;
    uint64_t replication;
    char scenario[4096]; /* paths; longer ones the kernel refuses */
    char directory[4096];
} RunOrder;

typedef struct RunEnd {
    uint32_t run;
    int32_t exit_code; /* or 128 and the signal */
    char told[4000];   /* what it said on stderr */
} RunEnd;

typedef struct Runner {
    pid_t process; /* 0: none */
    uint32_t run;
    int told; /* a file without a name */
} Runner;

/* The process ends with this one, whatever ends it. */
bool runner_start(Runner *runner, const RunOrder *order, GError **error);
/* Whether it is over; if so the runner may start another. */
bool runner_poll(Runner *runner, RunEnd *ret_end);
/* End it and all its processes at once; runner_poll tells when they are. */
void runner_kill(const Runner *runner);
