/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_link_name.c: links are found by what they are called.
 *
 * Runs in the root of the sources.
 */
#include "sim/link_name.h"

#include <string.h>

#include "core/node.h"

static const char GRAPH[] =
    "byway: 1\n"
    "title: graph\n"
    "general: {stop_time: 1 s}\n"
    "network:\n"
    "  nodes: [{name: L}, {name: R}]\n"
    "  links:\n"
    "    - {name: one, from: L, to: R, rate: 1 Mbit/s, delay: 5 ms,\n"
    "       duplex: false}\n"
    "    - {name: both, from: R, to: L, rate: 1 Mbit/s, delay: 5 ms}\n"
    "hosts:\n"
    "  - {name: far, at: R}\n"
    "  - {name: near1, count: 12, at: L, rate: 1 Mbit/s}\n"
    "  - {name: near, at: L, rate: 1 Mbit/s}\n"
    "workload: {flows: [{from: near, to: far, bytes: 1 kB}]}\n";

static Scenario *
read_graph(void)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    Scenario *scenario =
        scenario_parse(GRAPH, strlen(GRAPH), "graph.yaml", NULL, errors);
    g_assert_nonnull(scenario);
    return scenario;
}

static Scenario *
read_world(void)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    Scenario *scenario = scenario_read("scenarios/first.yaml", NULL, errors);
    g_assert_nonnull(scenario);
    return scenario;
}

static void
assert_found(const Scenario *scenario, const char *name, NamedLink expected)
{
    NamedLink found;
    g_assert_true(link_name_find(scenario, name, &found));
    g_assert_cmpint(found.kind, ==, expected.kind);
    g_assert_cmpuint(found.index, ==, expected.index);
    g_assert_cmpuint(found.number, ==, expected.number);
    g_assert_cmpint(found.is_back, ==, expected.is_back);
}

static void
links_and_lines_of_a_graph_have_names(void)
{
    g_autoptr(Scenario) graph = read_graph();
    assert_found(graph, "one", (NamedLink){NAMED_LINK, 0, 0, false});
    assert_found(graph, "both", (NamedLink){NAMED_LINK, 1, 0, false});
    assert_found(graph, "both back", (NamedLink){NAMED_LINK, 1, 0, true});
    assert_found(graph, "near up", (NamedLink){NAMED_HOST, 2, 0, false});
    assert_found(graph, "near111 down", (NamedLink){NAMED_HOST, 1, 11, true});
}

static void
what_is_not_there_has_none(void)
{
    static const char *const NAMES[] = {
        "one back", "far up", "near112 up", "near1 up", "near101 up", "both ",
        "back",     " up",    "near",       "",         "client 0 up"};
    g_autoptr(Scenario) graph = read_graph();
    for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        NamedLink found;
        g_assert_false(link_name_find(graph, NAMES[i], &found));
        g_autofree char *why = link_name_complaint(graph, NAMES[i]);
        g_assert_true(g_str_has_prefix(why, "no link is called '"));
    }
}

static void
in_a_world_shared_links_are_called_as_in_links_csv(void)
{
    g_autoptr(Scenario) world = read_world();
    assert_found(world, "shanghai/west ingress",
                 (NamedLink){NAMED_INGRESS, 3, 0, false});
    assert_found(world, "beijing/west data centre 0 data_centre uplink",
                 (NamedLink){NAMED_NODE, ROLE_DATA_CENTRE, 1, false});
    assert_found(world, "beijing/west data centre 0 cdn uplink",
                 (NamedLink){NAMED_NODE, ROLE_CDN, 1, false});
}

static void
and_each_node_has_a_line(void)
{
    g_autoptr(Scenario) world = read_world();
    NamedLink found;
    assert_found(world, "client 4 up",
                 (NamedLink){NAMED_NODE, ROLE_CLIENT, 4, false});
    assert_found(world, "edge 11 down",
                 (NamedLink){NAMED_NODE, ROLE_EDGE, 11, true});
    g_assert_false(link_name_find(world, "edge 12 down", &found));
    g_assert_false(link_name_find(world, "edge 11 back", &found));
    g_autofree char *why = link_name_complaint(world, "edge 12 down");
    g_assert_cmpstr(why, ==,
                    "there is no edge 12; the scenario has 12, numbered from "
                    "0 to 11");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link_name/links_and_lines_of_a_graph_have_names",
                    links_and_lines_of_a_graph_have_names);
    g_test_add_func("/link_name/what_is_not_there_has_none",
                    what_is_not_there_has_none);
    g_test_add_func(
        "/link_name/in_a_world_shared_links_are_called_as_in_links_csv",
        in_a_world_shared_links_are_called_as_in_links_csv);
    g_test_add_func("/link_name/and_each_node_has_a_line",
                    and_each_node_has_a_line);
    return g_test_run();
}
