/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/testbed/actor.h: one role over real sockets, in a process and network of
 * its own.
 *
 * It is what `byway live` runs, but for four things: notes go to the testbed,
 * commands come from there, file data is made up from its offset instead of
 * read, and records are kept in memory.
 */
#pragma once

#include "live/config.h"
#include "live/testbed/segment.h"

#include <sys/types.h>

typedef struct ActorPlan {
    const LiveConfig *config;
    SegmentPlan segment;
} ActorPlan;

/* Start it; MESSAGE_READY or MESSAGE_FAILED comes on the socket. It ends with
 * this process at the latest. Returns the process, or -1. */
pid_t actor_start(const ActorPlan *plan, int *ret_socket, GError **error);

/* What the files of a testbed are made of. */
void actor_fill(const FileId *file, uint64_t offset_bytes, uint8_t *bytes,
                uint32_t byte_count);
