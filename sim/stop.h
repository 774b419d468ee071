/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/stop.h: SIGINT and SIGTERM, which end a run with what it has.
 *
 * They are blocked, and looked for between events, so nothing is ever cut
 * in half by one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* From now on they wait until somebody looks. */
void stop_hold(void);
/* Whether one is waiting; it stays. */
bool stop_is_pending(void);
/* Take the one that waits or comes in time; else 0. The end of a child
 * process ends the wait, too. */
int stop_wait(int64_t wait_ns);
/* After one was taken: let what comes with it pass. timeout(1) sends each
 * twice, to us and to our group. */
void stop_forget_echo(void);
/* From now on they end the process at once, as in any other program. */
void stop_release(void);
/* "SIGINT" */
const char *stop_name(int signal);
