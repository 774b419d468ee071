/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/node.h: a node is a role and its state; node_turn is its only verb.
 *
 * The configuration is lent for the node's whole life, so that 60,000 edges
 * share one. The seed (32 bytes) is all the randomness a node ever gets.
 */
#pragma once

#include "core/coder.h"
#include "core/turn.h"

typedef enum Role {
    ROLE_CLIENT,
    ROLE_EDGE,
    ROLE_MANAGER,
    ROLE_KEY_SERVICE,
    ROLE_DATA_CENTRE, /* core/origin.c, sealing */
    ROLE_CDN,         /* core/origin.c, in the clear */
    ROLE_COUNT,
} Role;

typedef struct Node Node;

/* config is the role's own: ClientConfig, EdgeConfig, ManagerConfig,
 * KeyringConfig or OriginConfig; lent until node_free. */
Node *node_new(Role role, const void *config, const uint8_t seed[32]);
void node_free(Node *node);
Role node_role(const Node *node);

/* Hand the node one event; what it wants is left in turn. Cannot fail. */
void node_turn(Node *node, const Event *event, Turn *turn);

/* The node's whole state, written, or read into a node that node_new just made
 * with the same role, config and seed: it then does what the other would. Keys
 * stand in it in the clear, which is right for simulated ones alone. Bytes are
 * for the same build, and checked only so far that reading them, whatever they
 * are, harms nothing: when the coder is bad, node_free is all the node is good
 * for. */
void node_code(Node *node, Coder *coder);

const char *role_name(Role role);
