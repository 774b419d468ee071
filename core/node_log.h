/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/node_log.h: a node as a turn log keeps it: enough to make it again.
 */
#pragma once

#include "core/client.h"
#include "core/coder.h"
#include "core/edge.h"
#include "core/keyring.h"
#include "core/manager.h"
#include "core/node.h"
#include "core/origin.h"

typedef struct LoggedNode {
    uint32_t id;     /* of the records that follow; an earlier node that had
                        it is no more */
    uint32_t number; /* among its role: only a name */
    Role role;
    uint8_t seed[32];
    union {
        ClientConfig client;
        EdgeConfig edge;
        ManagerConfig manager;
        KeyringConfig keyring;
        OriginConfig origin;
    };
    /* What a config that was read points to. */
    Region *regions;
    PeerId *services;
} LoggedNode;

/* Copy a node's config, to write it; what that points to is lent. */
LoggedNode logged_node(Role role, const void *config, const uint8_t seed[32]);
/* Write the node, or read it; clear one that was read, even if the coder is
 * bad. */
void logged_node_code(LoggedNode *node, Coder *coder);
void logged_node_clear(LoggedNode *node);
/* For node_new; lent. */
const void *logged_node_config(const LoggedNode *node);
