/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/gang.h: threads that do one short job after another, together.
 *
 * A job is a number of items. Each thread takes those that are its own, whose
 * memory is near it, and then whatever is left; a thread that the machine has
 * no time for takes none, and nobody waits for it.
 */
#pragma once

#include <stdint.h>

typedef struct Gang Gang;

/* Count threads, the caller's among them. */
Gang *gang_new(uint32_t count, uint32_t item_count,
               void (*work)(void *context, uint32_t item), void *context);
/* From the next job on, the thread (below count) takes the item first. */
void gang_set_home(Gang *gang, uint32_t item, uint32_t thread);
/* Do all items; returns when they are done. */
void gang_run(Gang *gang);
void gang_free(Gang *gang);
