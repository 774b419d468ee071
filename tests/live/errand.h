/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/live/errand.h: another process, and what it said.
 *
 * It dies with the test, whatever becomes of that.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Errand {
    pid_t pid;
    char *path; /* what it says goes to PATH.out and PATH.err */
    char *out;  /* known once it has ended */
    char *err;
} Errand;

/* Run words[0]; in this folder, with no file of more than file_bytes_max
 * unless that is 0. The words end with NULL. */
void errand_start(Errand *errand, const char *folder, const char *const *words,
                  uint64_t file_bytes_max);
/* Its exit code, or 128 and the signal that ended it. */
int errand_wait(Errand *errand);
void errand_signal(const Errand *errand, int number);
void errand_clear(Errand *errand);

/* Fork a process that serves until it is ended: 0 in the child, which has a
 * group of its own. */
pid_t errand_fork(void);
/* End it, and all that it has forked. */
void errand_end(pid_t pid);
/* What a child of a child must say for itself. */
void errand_die_with_parent(void);
void errand_sleep_ms(uint32_t duration_ms);
