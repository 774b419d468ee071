/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/mover.h: a node that goes on as another one, from bytes.
 *
 * What nodes do must not depend on it. So every story of a role is told twice:
 * as it is, and, with MOVING in the environment, with nodes that move before
 * each of their events; large ones, now and then.
 */
#pragma once

#include "core/node.h"

typedef struct Mover {
    const void *config; /* of the node, as the seed is */
    uint8_t seed[32];
    bool is_told;
    uint64_t rest_count; /* events to go until the next move */
} Mover;

void mover_init(Mover *mover, const void *config, const uint8_t seed[32]);
/* Write what the node knows, free it, and let one that reads it take its
 * place. */
void mover_move(Mover *mover, Node **node);
/* An event is to come: the same, if that is told, and time. */
void mover_event(Mover *mover, Node **node);
