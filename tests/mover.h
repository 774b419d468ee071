/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/mover.h: a node goes on as another one, from bytes.
 *
 * What nodes do must not depend on it. So every story of a role is told twice:
 * as it is, and, with MOVING in the environment, with a twin that reads before
 * an event what the node then knows. Both must want the same and know the same
 * after it, and now and then it is the twin that goes on.
 */
#pragma once

#include "core/node.h"

typedef struct Mover {
    const void *config; /* of the node, as the seed is */
    uint8_t seed[32];
    bool is_told;
    uint64_t twin_count;
    uint64_t rest_count; /* events until the next twin; large nodes rest */
} Mover;

void mover_init(Mover *mover, const void *config, const uint8_t seed[32]);
/* node_turn, in both ways. */
void mover_turn(Mover *mover, Node **node, const Event *event, Turn *turn);
