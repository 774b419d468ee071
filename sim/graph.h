/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/graph.h: routers joined by links, hosts on them, shortest paths.
 *
 * Paths minimise the sum of delays (then hops); they are computed once per
 * source router, when first asked for.
 */
#pragma once

#include "sim/setup.h"

typedef struct Graph Graph;

/* The network gets the graph's links; the scenario is lent. */
Graph *graph_new(const Scenario *scenario, Network *network);
void graph_free(Graph *graph);

/* Hosts are numbered through all groups; the first of a group. */
uint32_t graph_host(const Graph *graph, uint32_t group, uint32_t member);
uint32_t graph_host_count(const Graph *graph);
/* "sender3", or "server" for a group of one; g_free it. */
char *graph_host_name(const Graph *graph, uint32_t host);
/* False when no links lead from one to the other. */
bool graph_path(Graph *graph, uint32_t from, uint32_t to, Path *ret_path);
