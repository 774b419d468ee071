/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_gml.c: maps of real networks, with all their oddities.
 */
#include "sim/gml.h"
#include "sim/earth.h"
#include "sim/scenario.h"

#include <glib.h>
#include <string.h>

#define ZOO "../shared/data/topology-zoo"

static void
read_map(Gml *gml, const char *text)
{
    g_autofree char *why = NULL;
    gml_init(gml);
    bool is_parsed = gml_parse(gml, text, strlen(text), &why);
    g_assert_cmpstr(why, ==, NULL);
    g_assert_true(is_parsed);
}

static const GmlNode *
node_at(const Gml *gml, guint index)
{
    return &g_array_index(gml->nodes, GmlNode, index);
}

static void
nodes_and_edges_are_found_among_other_things(void)
{
    Gml gml;
    read_map(&gml, "Creator \"x [ y\"\n# a comment with [\n"
                   "graph [ directed 0 meta [ node [ id 9 ] ]\n"
                   "edge [ source 4 target 2 LinkSpeedRaw 155000000.0 ]\n"
                   "node [ id 2 label \"A\" Latitude 1.5 Longitude -2 ]\n"
                   "node [ id 4 label \"B\" Latitude 3 Longitude 4\n"
                   "  graphics [ x 1 y 2 ] ]\n"
                   "edge [ source 4 target 2 ] ]\n");
    g_assert_cmpuint(gml.nodes->len, ==, 2);
    g_assert_cmpuint(gml.edges->len, ==, 2);
    g_assert_cmpfloat(node_at(&gml, 0)->longitude, ==, -2);
    const GmlEdge *edge = &g_array_index(gml.edges, GmlEdge, 0);
    g_assert_cmpuint(edge->source, ==, 1);
    g_assert_cmpuint(edge->target, ==, 0);
    g_assert_cmpuint(edge->rate_bps, ==, 155000000);
    gml_clear(&gml);
}

static void
labels_become_different_names(void)
{
    Gml gml;
    read_map(&gml, "graph [ node [ id 1 label \"S&#227;o Paulo\" ]\n"
                   "node [ id 2 label \"AT&amp;T\" ] node [ id 3 ]\n"
                   "node [ id 4 label \"AT&amp;T\" ]\n"
                   "node [ id 5 label \"AT_T.6\" ]\n"
                   "node [ id 6 label \"AT&T\" ] ]");
    g_assert_cmpstr(node_at(&gml, 0)->name, ==, "São_Paulo");
    g_assert_cmpstr(node_at(&gml, 1)->name, ==, "AT_T");
    g_assert_cmpstr(node_at(&gml, 2)->name, ==, "node3");
    g_assert_cmpstr(node_at(&gml, 3)->name, ==, "AT_T.4");
    g_assert_cmpstr(node_at(&gml, 5)->name, ==, "AT_T.6.6");
    gml_clear(&gml);
}

static void
nodes_without_a_place_stand_between_their_neighbours(void)
{
    Gml gml;
    read_map(&gml, "graph [ node [ id 0 Latitude 10 Longitude 20 ]\n"
                   "node [ id 1 ] node [ id 2 Latitude 30 Longitude 40 ]\n"
                   "node [ id 3 ] node [ id 4 ]\n"
                   "edge [ source 0 target 1 ] edge [ source 1 target 2 ]\n"
                   "edge [ source 1 target 3 ] ]");
    g_assert_cmpfloat(node_at(&gml, 1)->latitude, ==, 20);
    g_assert_cmpfloat(node_at(&gml, 1)->longitude, ==, 30);
    g_assert_cmpfloat(node_at(&gml, 3)->latitude, ==, 20);
    g_assert_cmpuint(gml.placed_count, ==, 2);
    g_assert_cmpuint(gml.unplaced_count, ==, 1);
    gml_clear(&gml);
}

static void
broken_maps_are_refused_with_their_line(void)
{
    static const char *const CASES[][2] = {
        {"", "line 1: there is no graph"},
        {"graph [\nnode [ id 1 ]\n", "line 3: a list is not closed"},
        {"graph [ label \"x", "line 1: a string is not closed"},
        {"graph [ node [ label \"x\" ] ]", "line 1: a node lacks its id"},
        {"graph [ edge [ source 1 ] ]",
         "line 1: an edge lacks source or target"},
        {"graph [ node [ id 1 ]\nedge [ source 1 target 2 ] ]",
         "line 2: an edge's end does not exist"},
        {"graph [ node [ id 1 ] node [ id 1 ] ]",
         "line 1: two nodes have the same id"},
        {"graph [ node [ id 1.2.3 ] ]", "line 1: not a number"},
        {"graph [ node [ id ] ]", "line 1: expected a number"},
        {"graph [ 5 ]", "line 1: expected a key"},
        {"graph [ a { ]",
         "line 1: neither a word, a number, a string nor a list"},
    };
    for (guint at = 0; at < G_N_ELEMENTS(CASES); at++) {
        Gml gml;
        g_autofree char *why = NULL;
        gml_init(&gml);
        g_assert_false(
            gml_parse(&gml, CASES[at][0], strlen(CASES[at][0]), &why));
        g_assert_cmpstr(why, ==, CASES[at][1]);
        gml_clear(&gml);
    }
}

static void
check_zoo_file(const char *name)
{
    g_autofree char *path = g_build_filename(ZOO, name, NULL);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    guint node_count = 0;
    guint edge_count = 0;
    for (char *at = text; (at = strstr(at, "\n  node [")); at++)
        node_count++;
    for (char *at = text; (at = strstr(at, "\n  edge [")); at++)
        edge_count++;
    Gml gml;
    read_map(&gml, text);
    g_assert_cmpuint(gml.nodes->len, ==, node_count);
    g_assert_cmpuint(gml.edges->len, ==, edge_count);
    g_assert_cmpuint(gml.edges->len, >, 0);
    gml_clear(&gml);
}

static void
every_map_of_the_topology_zoo_is_read_whole(void)
{
    g_autoptr(GDir) folder = g_dir_open(ZOO, 0, NULL);
    if (!folder) {
        g_test_skip("the Topology Zoo is not here");
        return;
    }
    guint file_count = 0;
    for (const char *name; (name = g_dir_read_name(folder));) {
        if (!g_str_has_suffix(name, ".gml"))
            continue;
        check_zoo_file(name);
        file_count++;
    }
    g_assert_cmpuint(file_count, >, 0);
}

static void
beijing_to_guangzhou_takes_light_seventeen_milliseconds(void)
{
    /* 1,885 km along the great circle, times 1.8, at 200 km a ms. */
    const double beijing[2] = {39.90, 116.41};
    const double guangzhou[2] = {23.13, 113.26};
    int64_t way_ns = earth_delay_ns(beijing, guangzhou, 1.8);
    g_assert_cmpfloat_with_epsilon((double)way_ns, 16.98e6, 0.1e6);
    g_assert_cmpint(earth_delay_ns(beijing, beijing, 1.8), ==, 0);
}

static void
a_scenario_takes_its_links_from_a_map(void)
{
    if (!g_file_test(ZOO "/Chinanet.gml", G_FILE_TEST_EXISTS)) {
        g_test_skip("the Topology Zoo is not here");
        return;
    }
    static const char TEXT[] =
        "byway: 1\ntitle: map\ngeneral: {stop_time: 1 s}\n"
        "network: {graph: {gml: " ZOO "/Chinanet.gml}}\n"
        "hosts: [{name: a, at: Lhasa}, {name: b, at: Shanghai}]\n"
        "workload: {flows: [{from: a, to: b, bytes: 1 MB}]}\n";
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Scenario) scenario =
        scenario_parse(TEXT, strlen(TEXT), "map.yaml", NULL, errors);
    g_assert_cmpuint(errors->len, ==, 0);
    g_assert_cmpuint(scenario->network.node_count, ==, 42);
    g_assert_cmpuint(scenario->network.link_count, ==, 66);
    g_assert_cmpuint(scenario->remarks->len, ==, 1);
    for (uint32_t at = 0; at < scenario->network.link_count; at++) {
        const PlanLink *link = &scenario->network.links[at];
        g_assert_cmpint(link->delay_ns, >=, 100000);
        g_assert_cmpint(link->delay_ns, <, 60000000);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gml/found", nodes_and_edges_are_found_among_other_things);
    g_test_add_func("/gml/names", labels_become_different_names);
    g_test_add_func("/gml/places",
                    nodes_without_a_place_stand_between_their_neighbours);
    g_test_add_func("/gml/broken", broken_maps_are_refused_with_their_line);
    g_test_add_func("/gml/zoo", every_map_of_the_topology_zoo_is_read_whole);
    g_test_add_func("/gml/delay",
                    beijing_to_guangzhou_takes_light_seventeen_milliseconds);
    g_test_add_func("/gml/scenario", a_scenario_takes_its_links_from_a_map);
    return g_test_run();
}
