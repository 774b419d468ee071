/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/graph.h: routers and links of a GML file as part of a scenario.
 */
#pragma once

#include "sim/reader.h"

/* What a file adds; its links join nodes by their index in the file. */
typedef struct Graph {
    const PlanGraph *plan;
    uint32_t node_base; /* index of the file's first node in the scenario */
    PlanLink *links;    /* owned by the scenario */
    uint32_t link_count;
} Graph;

/* Read the file and append its nodes to network.nodes; false with a
 * complaint at mark. */
bool graph_add_nodes(Graph *graph, Reader *reader, Mark mark);
/* Append its links to network.links, when no name is pending any more. */
void graph_add_links(const Graph *graph, Reader *reader);
