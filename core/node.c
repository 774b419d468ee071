/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/node.c: hands an event to the role that a node has.
 *
 * A node is a role and a pointer to that role's own state, so that an edge
 * costs what an edge needs.
 */
#include "core/node.h"

#include "core/client.h"
#include "core/edge.h"
#include "core/keyring.h"
#include "core/manager.h"
#include "core/origin.h"

#include <assert.h>
#include <glib.h>

struct Node {
    Role role;
    union {
        Client *client;
        Edge *edge;
        Manager *manager;
        Keyring *keyring;
        Origin *origin;
    };
};

_Static_assert(sizeof(Node) <= 16, "the role's state is elsewhere");

static const char *const ROLE_NAMES[ROLE_COUNT] = {
    [ROLE_CLIENT] = "client",           [ROLE_EDGE] = "edge",
    [ROLE_MANAGER] = "manager",         [ROLE_KEY_SERVICE] = "key_service",
    [ROLE_DATA_CENTRE] = "data_centre", [ROLE_CDN] = "cdn",
};

Node *
node_new(Role role, const void *config, const uint8_t seed[32])
{
    Node *node = g_new0(Node, 1);
    node->role = role;
    switch (role) {
    case ROLE_CLIENT:
        node->client = client_new(config, seed);
        break;
    case ROLE_EDGE:
        node->edge = edge_new(config, seed);
        break;
    case ROLE_MANAGER:
        node->manager = manager_new(config, seed);
        break;
    case ROLE_KEY_SERVICE:
        node->keyring = keyring_new(config, seed);
        break;
    case ROLE_DATA_CENTRE:
    case ROLE_CDN: {
        const OriginConfig *origin = config;
        assert(origin->is_sealing == (role == ROLE_DATA_CENTRE));
        node->origin = origin_new(origin);
        break;
    }
    case ROLE_COUNT:
        g_assert_not_reached();
    }
    return node;
}

void
node_free(Node *node)
{
    switch (node->role) {
    case ROLE_CLIENT:
        client_free(node->client);
        break;
    case ROLE_EDGE:
        edge_free(node->edge);
        break;
    case ROLE_MANAGER:
        manager_free(node->manager);
        break;
    case ROLE_KEY_SERVICE:
        keyring_free(node->keyring);
        break;
    case ROLE_DATA_CENTRE:
    case ROLE_CDN:
        origin_free(node->origin);
        break;
    case ROLE_COUNT:
        g_assert_not_reached();
    }
    g_free(node);
}

Role
node_role(const Node *node)
{
    return node->role;
}

void
node_turn(Node *node, const Event *event, Turn *turn)
{
    switch (node->role) {
    case ROLE_CLIENT:
        client_turn(node->client, event, turn);
        break;
    case ROLE_EDGE:
        edge_turn(node->edge, event, turn);
        break;
    case ROLE_MANAGER:
        manager_turn(node->manager, event, turn);
        break;
    case ROLE_KEY_SERVICE:
        keyring_turn(node->keyring, event, turn);
        break;
    case ROLE_DATA_CENTRE:
    case ROLE_CDN:
        origin_turn(node->origin, event, turn);
        break;
    case ROLE_COUNT:
        g_assert_not_reached();
    }
}

void
node_code(Node *node, Coder *coder)
{
    coder->is_bad |= coder_choice(coder, node->role, ROLE_COUNT) != node->role;
    switch (node->role) {
    case ROLE_CLIENT:
        client_code(node->client, coder);
        break;
    case ROLE_EDGE:
        edge_code(node->edge, coder);
        break;
    case ROLE_MANAGER:
        manager_code(node->manager, coder);
        break;
    case ROLE_KEY_SERVICE:
        keyring_code(node->keyring, coder);
        break;
    case ROLE_DATA_CENTRE:
    case ROLE_CDN:
        origin_code(node->origin, coder);
        break;
    case ROLE_COUNT:
        g_assert_not_reached();
    }
}

const char *
role_name(Role role)
{
    assert(role < ROLE_COUNT);
    return ROLE_NAMES[role];
}
