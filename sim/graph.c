/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/graph.c: GML nodes and edges become PlanNodes and PlanLinks.
 */
#include "sim/graph.h"
#include "core/event.h"
#include "sim/earth.h"
#include "sim/gml.h"
#include "sim/yaml/input.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static void
remark(Reader *reader, const char *path, const Gml *gml)
{
    GPtrArray *remarks = reader->scenario->remarks;
    if (gml->placed_count)
        g_ptr_array_add(
            remarks, g_strdup_printf("%s: %u nodes without coordinates are "
                                     "placed at the mean of their neighbours",
                                     path, gml->placed_count));
    if (gml->unplaced_count)
        g_ptr_array_add(
            remarks,
            g_strdup_printf("%s: %u nodes have neither coordinates nor a "
                            "neighbour with some and are placed at 0, 0",
                            path, gml->unplaced_count));
}

/* Names of the scenario's own nodes come first and are kept. */
static const char *
own_free_name(Reader *reader, GHashTable *taken, const char *name)
{
    g_autofree char *free_name = g_strdup(name);
    while (g_hash_table_contains(taken, free_name)) {
        char *longer = g_strdup_printf("%s.gml", free_name);
        g_free(free_name);
        free_name = longer;
    }
    size_t bytes = strlen(free_name) + 1;
    char *kept = reader_own(reader, bytes);
    memcpy(kept, free_name, bytes);
    g_hash_table_add(taken, kept);
    return kept;
}

static void
append_nodes(Graph *graph, Reader *reader, const Gml *gml)
{
    PlanNetwork *network = &reader->scenario->network;
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);
    uint32_t old_count = network->node_count;
    PlanNode *nodes =
        reader_own(reader, sizeof *nodes * (old_count + gml->nodes->len));
    for (uint32_t at = 0; at < old_count; at++) {
        nodes[at] = network->nodes[at];
        if (nodes[at].name)
            g_hash_table_add(taken, (void *)nodes[at].name);
    }
    for (guint at = 0; at < gml->nodes->len; at++) {
        const GmlNode *node = &g_array_index(gml->nodes, GmlNode, at);
        nodes[old_count + at].name = own_free_name(reader, taken, node->name);
    }
    network->nodes = nodes;
    network->node_count = old_count + gml->nodes->len;
    graph->node_base = old_count;
}

static PlanLink
make_link(const Graph *graph, const Gml *gml, const GmlEdge *edge)
{
    const PlanGraph *plan = graph->plan;
    const GmlNode *from = &g_array_index(gml->nodes, GmlNode, edge->source);
    const GmlNode *to = &g_array_index(gml->nodes, GmlNode, edge->target);
    const double from_degrees[2] = {from->latitude, from->longitude};
    const double to_degrees[2] = {to->latitude, to->longitude};
    int64_t way_ns = earth_delay_ns(from_degrees, to_degrees, plan->inflation);
    return (PlanLink){
        .from = graph->node_base + edge->source,
        .to = graph->node_base + edge->target,
        .is_duplex = true,
        .rate_bps = edge->rate_bps ? edge->rate_bps : plan->rate_bps,
        .delay_ns = way_ns + plan->hop_delay_ns,
        .queue = plan->queue,
    };
}

static void
make_links(Graph *graph, Reader *reader, const Gml *gml)
{
    graph->links = reader_own(reader, sizeof *graph->links * gml->edges->len);
    graph->link_count = 0;
    for (guint at = 0; at < gml->edges->len; at++) {
        const GmlEdge *edge = &g_array_index(gml->edges, GmlEdge, at);
        /* A circle of one node carries nothing. */
        if (edge->source != edge->target)
            graph->links[graph->link_count++] = make_link(graph, gml, edge);
    }
}

bool
graph_add_nodes(Graph *graph, Reader *reader, Mark mark)
{
    g_autofree char *path = input_path(reader->directory, graph->plan->gml);
    g_autofree char *why = NULL;
    size_t text_bytes = 0;
    g_autofree char *text =
        input_read(path, GML_TEXT_BYTES_MAX, &text_bytes, &why);
    if (!text) {
        complain(reader->complaints, mark, "gml: %s", why);
        return false;
    }
    Gml gml;
    gml_init(&gml);
    bool is_parsed = gml_parse(&gml, text, text_bytes, &why);
    if (is_parsed) {
        remark(reader, graph->plan->gml, &gml);
        append_nodes(graph, reader, &gml);
        make_links(graph, reader, &gml);
    } else {
        complain(reader->complaints, mark, "gml: '%s' %s", graph->plan->gml,
                 why);
    }
    gml_clear(&gml);
    return is_parsed;
}

void
graph_add_links(const Graph *graph, Reader *reader)
{
    PlanNetwork *network = &reader->scenario->network;
    uint32_t old_count = network->link_count;
    PlanLink *links = reader_own(
        reader, sizeof *links * ((size_t)old_count + graph->link_count));
    for (uint32_t at = 0; at < old_count; at++)
        links[at] = network->links[at];
    for (uint32_t at = 0; at < graph->link_count; at++)
        links[old_count + at] = graph->links[at];
    network->links = links;
    network->link_count = old_count + graph->link_count;
}
