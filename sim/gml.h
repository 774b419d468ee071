/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/gml.h: nodes and edges of a GML file, as the Topology Zoo writes it.
 *
 * Nodes with the same label get different names, edges may be parallel, and
 * a node without coordinates is placed at the mean of its neighbours.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define GML_TEXT_BYTES_MAX (16u << 20)
#define GML_NODES_MAX 100000u
#define GML_EDGES_MAX 400000u

typedef struct GmlNode {
    int64_t id;
    char *name;      /* the label as a name, different for each node */
    double latitude; /* degrees */
    double longitude;
    bool has_place; /* in the file; else placed by its neighbours */
} GmlNode;

typedef struct GmlEdge {
    uint32_t source; /* index of nodes */
    uint32_t target;
    uint64_t rate_bps; /* LinkSpeedRaw; 0: not given */
} GmlEdge;

typedef struct Gml {
    GArray *nodes;           /* GmlNode */
    GArray *edges;           /* GmlEdge */
    uint32_t placed_count;   /* nodes placed by their neighbours */
    uint32_t unplaced_count; /* nodes that had none with a place: at 0, 0 */
} Gml;

void gml_init(Gml *gml);
void gml_clear(Gml *gml);
/* False with *ret_why (free it), which names the line. */
bool gml_parse(Gml *gml, const char *text, size_t text_bytes, char **ret_why);
