/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/gang.h: threads that do one short job after another, together.
 *
 * A job is a number of items. Whoever is free takes the next one; a thread
 * that the machine has no time for takes none, and nobody waits for it.
 */
#pragma once

#include <stdint.h>

typedef struct Gang Gang;

/* Count threads, the caller's among them. */
Gang *gang_new(uint32_t count, uint32_t item_count,
               void (*work)(void *context, uint32_t item), void *context);
/* Do all items; returns when they are done. */
void gang_run(Gang *gang);
void gang_free(Gang *gang);
