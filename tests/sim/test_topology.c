/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_topology.c: which way packets take through a graph.
 */
#include "sim/topology.h"

#include <glib.h>
#include <string.h>

typedef struct Map {
    Scenario *scenario;
    Network network;
    Topology *topology;
} Map;

/* Hosts a, b, c stand at A, B, C; links as given. */
static void
map_init(Map *map, const char *links)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = g_strdup_printf(
        "byway: 1\n"
        "title: map\n"
        "general: {stop_time: 1 s}\n"
        "network:\n"
        "  nodes: [{name: A}, {name: B}, {name: C}, {name: D}, {name: E}]\n"
        "  profiles:\n"
        "    home: {down: 40 Mbit/s, up: 10 Mbit/s, delay: 8 ms, loss: 2 %%,\n"
        "      queue: 30 packets}\n"
        "  links:\n%s"
        "hosts:\n"
        "  - {name: a, at: A}\n"
        "  - {name: b, at: B, rate: 8 Mbit/s, delay: 2 ms, loss: 1 %%}\n"
        "  - {name: c, count: 3, at: C}\n"
        "  - {name: d, at: D, profile: home}\n"
        "workload: {flows: [{from: a, to: b, bytes: 1 kB}]}\n",
        links);
    map->scenario =
        scenario_parse(text, strlen(text), "map.yaml", NULL, errors);
    for (guint i = 0; i < errors->len; i++)
        g_printerr("%s\n", (char *)errors->pdata[i]);
    g_assert_nonnull(map->scenario);
    network_init(&map->network);
    map->topology = topology_new(map->scenario, &map->network);
}

static void
map_clear(Map *map)
{
    topology_free(map->topology);
    network_clear(&map->network);
    scenario_free(map->scenario);
}

static const Route *
route_of(const Map *map, const Path *path)
{
    g_assert_cmpuint(path->route, !=, ROUTE_NONE);
    return &map->network.routes[path->route];
}

static const char THREE_WAYS[] =
    "    - {name: direct, from: A, to: C, rate: 1 Mbit/s, delay: 30 ms}\n"
    "    - {name: first, from: A, to: B, rate: 1 Mbit/s, delay: 10 ms}\n"
    "    - {name: second, from: B, to: C, rate: 1 Mbit/s, delay: 10 ms}\n"
    "    - {name: off, from: A, to: D, rate: 1 Mbit/s, delay: 1 ms}\n"
    "    - {name: far, from: D, to: C, rate: 1 Mbit/s, delay: 50 ms}\n";

static void
the_way_of_least_delay_is_taken(void)
{
    Map map;
    Path path;
    map_init(&map, THREE_WAYS);
    uint32_t from = topology_host(map.topology, 0, 0);
    uint32_t to = topology_host(map.topology, 2, 1);
    g_assert_true(topology_path(map.topology, from, to, &path));
    const Route *route = route_of(&map, &path);
    g_assert_cmpuint(route->hop_count, ==, 2);
    /* Links are numbered as written, each with its way back. */
    g_assert_cmpuint(route->links[0], ==, 2);
    g_assert_cmpuint(route->links[1], ==, 4);
    g_assert_true(topology_path(map.topology, to, from, &path));
    route = route_of(&map, &path);
    g_assert_cmpuint(route->links[0], ==, 5);
    g_assert_cmpuint(route->links[1], ==, 3);
    map_clear(&map);
}

static void
of_equal_delays_the_way_of_fewer_hops_is_taken(void)
{
    Map map;
    Path path;
    map_init(&map,
             "    - {name: x, from: A, to: B, rate: 1 Mbit/s, delay: 10 ms}\n"
             "    - {name: y, from: B, to: C, rate: 1 Mbit/s, delay: 20 ms}\n"
             "    - {name: z, from: A, to: C, rate: 1 Mbit/s, delay: 30 ms}\n");
    uint32_t from = topology_host(map.topology, 0, 0);
    uint32_t to = topology_host(map.topology, 2, 0);
    g_assert_true(topology_path(map.topology, from, to, &path));
    g_assert_cmpuint(route_of(&map, &path)->hop_count, ==, 1);
    g_assert_cmpuint(route_of(&map, &path)->links[0], ==, 4);
    map_clear(&map);
}

static void
a_pair_of_places_shares_one_route(void)
{
    Map map;
    Path paths[3];
    map_init(&map, THREE_WAYS);
    uint32_t from = topology_host(map.topology, 0, 0);
    for (uint32_t i = 0; i < 3; i++)
        g_assert_true(topology_path(
            map.topology, from, topology_host(map.topology, 2, i), &paths[i]));
    g_assert_cmpuint(paths[0].route, ==, paths[1].route);
    g_assert_cmpuint(paths[1].route, ==, paths[2].route);
    g_assert_cmpuint(map.network.route_count, ==, 1);
    map_clear(&map);
}

static void
an_access_line_leads_in_and_out_and_loses_inwards(void)
{
    Map map;
    Path path;
    map_init(&map, THREE_WAYS);
    uint32_t plain = topology_host(map.topology, 0, 0);
    uint32_t lined = topology_host(map.topology, 1, 0);
    g_assert_true(topology_path(map.topology, plain, lined, &path));
    g_assert_cmpuint(path.up, ==, LINK_NONE);
    g_assert_cmpuint(map.network.links[path.down].rate_bps, ==, 8000000);
    g_assert_cmpuint(map.network.links[path.down].loss, >, 0);
    g_assert_true(topology_path(map.topology, lined, plain, &path));
    g_assert_cmpuint(path.down, ==, LINK_NONE);
    g_assert_cmpuint(map.network.links[path.up].loss, ==, 0);
    map_clear(&map);
}

static void
a_profile_tells_down_from_up(void)
{
    Map map;
    Path path;
    map_init(&map, THREE_WAYS);
    uint32_t plain = topology_host(map.topology, 0, 0);
    uint32_t home = topology_host(map.topology, 3, 0);
    g_assert_true(topology_path(map.topology, plain, home, &path));
    const Link *down = &map.network.links[path.down];
    g_assert_true(topology_path(map.topology, home, plain, &path));
    const Link *up = &map.network.links[path.up];
    g_assert_cmpuint(down->rate_bps, ==, 40000000);
    g_assert_cmpuint(up->rate_bps, ==, 10000000);
    g_assert_cmpint(down->delay_ns, ==, 8000000);
    g_assert_cmpint(up->delay_ns, ==, 8000000);
    g_assert_cmpuint(down->queue_unit, ==, LINK_QUEUE_PACKETS);
    g_assert_cmpuint(down->queue_limit, ==, 30);
    g_assert_cmpuint(down->loss, ==, random_threshold(0.02));
    g_assert_cmpuint(up->loss, ==, 0);
    map_clear(&map);
}

static void
a_one_way_street_does_not_lead_back(void)
{
    Map map;
    Path path;
    map_init(&map,
             "    - {name: x, from: A, to: B, rate: 1 Mbit/s, delay: 10 ms}\n"
             "    - {name: y, from: B, to: C, rate: 1 Mbit/s, delay: 1 ms,\n"
             "       duplex: false}\n");
    uint32_t a = topology_host(map.topology, 0, 0);
    uint32_t c = topology_host(map.topology, 2, 0);
    g_assert_true(topology_path(map.topology, a, c, &path));
    g_assert_false(topology_path(map.topology, c, a, &path));
    map_clear(&map);
}

static void
two_hosts_at_one_place_without_lines_have_no_path(void)
{
    Map map;
    Path path;
    map_init(&map, THREE_WAYS);
    g_assert_false(topology_path(map.topology,
                                 topology_host(map.topology, 2, 0),
                                 topology_host(map.topology, 2, 1), &path));
    map_clear(&map);
}

static void
members_of_a_group_are_numbered_and_lone_hosts_are_not(void)
{
    Map map;
    map_init(&map, THREE_WAYS);
    g_autofree char *lone =
        topology_host_name(map.topology, topology_host(map.topology, 0, 0));
    g_autofree char *member =
        topology_host_name(map.topology, topology_host(map.topology, 2, 2));
    g_assert_cmpstr(lone, ==, "a");
    g_assert_cmpstr(member, ==, "c2");
    g_assert_cmpuint(topology_host_count(map.topology), ==, 6);
    map_clear(&map);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/topology/delay", the_way_of_least_delay_is_taken);
    g_test_add_func("/topology/hops",
                    of_equal_delays_the_way_of_fewer_hops_is_taken);
    g_test_add_func("/topology/shared", a_pair_of_places_shares_one_route);
    g_test_add_func("/topology/access",
                    an_access_line_leads_in_and_out_and_loses_inwards);
    g_test_add_func("/topology/profile", a_profile_tells_down_from_up);
    g_test_add_func("/topology/one_way", a_one_way_street_does_not_lead_back);
    g_test_add_func("/topology/nowhere",
                    two_hosts_at_one_place_without_lines_have_no_path);
    g_test_add_func("/topology/names",
                    members_of_a_group_are_numbered_and_lone_hosts_are_not);
    return g_test_run();
}
