/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/topology.h: routers joined by links, hosts on them, shortest paths.
 *
 * Paths minimise the sum of delays (then hops); they are computed once per
 * source router, when first asked for.
 */
#pragma once

#include "sim/parts.h"
#include "sim/setup.h"

typedef struct Topology Topology;

/* The network gets the graph's links; the scenario is lent. */
Topology *topology_new(const Scenario *scenario, Network *network);
void topology_free(Topology *topology);

/* Hosts are numbered through all groups; the first of a group. */
uint32_t topology_host(const Topology *topology, uint32_t group,
                       uint32_t member);
uint32_t topology_host_count(const Topology *topology);
/* "sender3", or "server" for a group of one; g_free it. */
char *topology_host_name(const Topology *topology, uint32_t host);
/* The host's own line, towards it or from it; LINK_NONE: it has none. */
LinkId topology_line(const Topology *topology, uint32_t host, bool is_down);
/* Split the topology's network by its places, where there are several with
 * time between them. A place is a router with its hosts, or a host by itself
 * of which much is asked. Weights say how much is asked of each host. */
void topology_split(Topology *topology, const double *weights,
                    const TcpOptions *options);
/* Of the network; 0 if it is whole. */
uint32_t topology_part(const Topology *topology, uint32_t host);
/* False when no links lead from one to the other. */
bool topology_path(Topology *topology, uint32_t from, uint32_t to,
                   Path *ret_path);
