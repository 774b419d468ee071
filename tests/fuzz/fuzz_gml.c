/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/fuzz/fuzz_gml.c: no text breaks the GML reader.
 *
 * What it accepts has edges between nodes that exist, and different names.
 */
#include "sim/gml.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static void
check_graph(const Gml *gml)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint at = 0; at < gml->nodes->len; at++) {
        const GmlNode *node = &g_array_index(gml->nodes, GmlNode, at);
        assert(g_hash_table_add(names, node->name));
        assert(g_utf8_validate(node->name, -1, NULL));
        assert(fabs(node->latitude) <= 90);
        assert(fabs(node->longitude) <= 180);
    }
    for (guint at = 0; at < gml->edges->len; at++) {
        const GmlEdge *edge = &g_array_index(gml->edges, GmlEdge, at);
        assert(edge->source < gml->nodes->len);
        assert(edge->target < gml->nodes->len);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    Gml gml;
    char *why = NULL;
    gml_init(&gml);
    bool is_parsed = gml_parse(&gml, (const char *)bytes, byte_count, &why);
    assert(is_parsed == (why == NULL));
    if (is_parsed)
        check_graph(&gml);
    g_free(why);
    gml_clear(&gml);
    return 0;
}

uint32_t
fuzz_example(uint32_t n, uint8_t *ret_bytes)
{
    static const char TEXT[] =
        "# two places, and one between them\n"
        "graph [\n"
        "  label \"Example [1]\"\n"
        "  meta [ node [ id 9 ] ]\n"
        "  node [ id 1 label \"S&#227;o Paulo\" Latitude -23.5 Longitude -46 "
        "]\n"
        "  node [ id 2 label \"AT&amp;T\" ]\n"
        "  node [ id 3 label \"AT&amp;T\" Latitude 1e1 Longitude 20 ]\n"
        "  edge [ source 1 target 2 LinkSpeedRaw 155000000.0 id \"e1\" ]\n"
        "  edge [ source 2 target 3 ]\n"
        "]\n";
    size_t byte_count = n == 0 ? strlen(TEXT) : 0;
    memcpy(ret_bytes, TEXT, byte_count);
    return (uint32_t)byte_count;
}
