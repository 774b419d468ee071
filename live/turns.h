/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/turns.h: the turn log of one node, which `byway replay` reads.
 */
#pragma once

#include "live/config.h"
#include "live/host.h"
#include "sim/replay/turn_file.h"

typedef struct Turns {
    TurnFile *file; /* NULL: none is wanted, or its disk is full */
    uint32_t node;
} Turns;

/* Begin the log that the config wants of the node that the host will be, and
 * let the host's sink write it. True when none is wanted. */
bool turns_open(Turns *turns, const LiveConfig *config, const char *verb,
                HostConfig *host, GError **error);
/* Says on stderr when not all is in the file. */
void turns_close(Turns *turns);
