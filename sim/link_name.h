/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/link_name.h: what the links of a scenario are called.
 *
 * In a bare graph as network.links names them, "NAME back" for the way back,
 * and "HOST up" and "HOST down" for a host's own line. In a world of roles
 * "ROLE NUMBER up" and "ROLE NUMBER down" for every node's line, and what
 * links.csv calls those that many share: "REGION/ISP ingress", "REGION/ISP
 * data centre N data_centre uplink", and the same with cdn.
 */
#pragma once

#include "sim/scenario.h"

typedef enum NamedKind {
    NAMED_LINK,    /* of network.links */
    NAMED_HOST,    /* the line of a bare graph's host */
    NAMED_INGRESS, /* the way into a cell */
    NAMED_NODE,    /* the line of a role's node */
    NAMED_NOTHING,
} NamedKind;

typedef struct NamedLink {
    NamedKind kind;
    uint32_t index;  /* of network.links, of hosts, of the cell; the role */
    uint32_t number; /* of a host in its group, of a node in its role */
    bool is_back;    /* the way back; down */
} NamedLink;

/* The scenario has passed all rules of links, hosts and roles. */
bool link_name_find(const Scenario *scenario, const char *name,
                    NamedLink *ret_link);
/* Why there is none; g_free it. */
char *link_name_complaint(const Scenario *scenario, const char *name);
