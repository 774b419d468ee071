/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/workers.h: several processes that do the same work.
 *
 * Each has sockets of its own at the same addresses, among which the kernel
 * divides the callers. Signals are passed on to all; one that dies is started
 * again; the service manager hears READY, and that all are alive, once for
 * all of them.
 */
#pragma once

#include <stdint.h>

/* Run work in so many children until all have ended, and return the highest
 * of what it returned; 1 when one did not come that far. */
int workers_run(uint32_t count, int (*work)(void *context, uint32_t index),
                void *context);
