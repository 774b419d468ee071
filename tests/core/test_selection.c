/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_selection.c: which edges a client is told of, and at what
 * cost.
 *
 * The map: three cities on a line, two ISPs. Amsterdam and Brussels are
 * neighbours (173 km), Madrid is far from both.
 */
#include "core/selection.h"

enum { AMSTERDAM, BRUSSELS, MADRID, REGION_COUNT };
enum { ISP_ONE, ISP_TWO, ISP_COUNT };

static const Region MAP[REGION_COUNT] = {
    {52.37, 4.90},
    {50.85, 4.35},
    {40.42, -3.70},
};
static const uint8_t SEED[32] = {7};

static const SelectionConfig CONFIG = {
    .regions = MAP,
    .region_count = REGION_COUNT,
    .isp_count = ISP_COUNT,
    .neighbour_metres = 400000,
    .link_sample_count_min = 8,
    .link_failure_ppm_max = 500000,
    .link_speed_ppm_min = 250000,
};

static uint32_t
add_edge(Selection *selection, PeerId peer, uint16_t region, uint16_t isp)
{
    ListedEdge edge = {.peer = peer, .region = region, .isp = isp};
    return selection_add(selection, &edge);
}

/* Peers 100 r + 10 i + n: n edges in each of the six groups. */
static void
add_edges_everywhere(Selection *selection, uint32_t count)
{
    for (uint16_t region = 0; region < REGION_COUNT; region++)
        for (uint16_t isp = 0; isp < ISP_COUNT; isp++)
            for (uint32_t n = 0; n < count; n++)
                add_edge(selection, 100u * region + 10u * isp + n, region, isp);
}

static SelectAnswer
ask(Selection *selection, SelectPolicyKind policy, uint16_t region,
    uint32_t count)
{
    SelectQuery query = {.region = region, .isp = ISP_ONE, .count = count};
    SelectAnswer answer;
    selection_pick(selection, policy, &query, &answer);
    return answer;
}

static const ListedEdge *
picked(const Selection *selection, const SelectAnswer *answer, uint32_t i)
{
    g_assert_cmpuint(i, <, answer->count);
    return &selection->edges[answer->edges[i]];
}

static bool
has_peer(const Selection *selection, const SelectAnswer *answer, PeerId peer)
{
    for (uint32_t i = 0; i < answer->count; i++)
        if (picked(selection, answer, i)->peer == peer)
            return true;
    return false;
}

static void
nearby_looks_at_distance_alone(void)
{
    Selection selection;
    selection_init(&selection, &CONFIG, SEED);
    add_edges_everywhere(&selection, 4);
    SelectAnswer answer = ask(&selection, SELECT_NEARBY, MADRID, 20);
    g_assert_cmpuint(answer.count, ==, 20);
    for (uint32_t i = 0; i < 8; i++)
        g_assert_cmpuint(picked(&selection, &answer, i)->region, ==, MADRID);
    for (uint32_t i = 8; i < 16; i++)
        g_assert_cmpuint(picked(&selection, &answer, i)->region, ==, BRUSSELS);
    for (uint32_t i = 16; i < 20; i++)
        g_assert_cmpuint(picked(&selection, &answer, i)->region, ==, AMSTERDAM);
    selection_clear(&selection);
}

static void
preferred_goes_own_group_own_isp_neighbour_other(void)
{
    Selection selection;
    selection_init(&selection, &CONFIG, SEED);
    add_edges_everywhere(&selection, 2);
    selection_regroup(&selection);
    SelectAnswer answer = ask(&selection, SELECT_PREFERRED, AMSTERDAM, 12);
    g_assert_cmpuint(answer.count, ==, 12);
    for (uint32_t i = 0; i < 12; i++) {
        const ListedEdge *edge = picked(&selection, &answer, i);
        if (i < 6)
            g_assert_cmpuint(edge->isp, ==, ISP_ONE);
        else
            g_assert_cmpuint(edge->isp, ==, ISP_TWO);
        if (i < 2)
            g_assert_cmpuint(edge->region, ==, AMSTERDAM);
        if (i >= 10)
            g_assert_cmpuint(edge->region, ==, MADRID);
    }
    selection_clear(&selection);
}

static void
preferred_ranks_by_delay_then_bandwidth_within_a_group(void)
{
    Selection selection;
    selection_init(&selection, &CONFIG, SEED);
    for (uint32_t n = 0; n < 40; n++) {
        uint32_t edge = add_edge(&selection, n, AMSTERDAM, ISP_ONE);
        EdgeHealth *health = &selection.edges[edge].health;
        health->delay_ns = (uint64_t)(1 + n % 4) * 10000000;
        health->bandwidth_bps = (uint64_t)(1 + n) * 1000000;
    }
    selection_regroup(&selection);
    for (uint32_t n = 0; n < 40; n++)
        g_assert_cmpuint(selection.edges[n].level, ==, n % 4);
    /* 5 wanted, a pool of 10: the quickest quarter, and nothing else. */
    SelectAnswer answer = ask(&selection, SELECT_PREFERRED, AMSTERDAM, 5);
    g_assert_cmpuint(answer.count, ==, 5);
    for (uint32_t i = 0; i < 5; i++)
        g_assert_cmpuint(picked(&selection, &answer, i)->level, ==, 0);
    selection_clear(&selection);
}

static void
preferred_takes_silent_edges_last_in_their_class(void)
{
    Selection selection;
    selection_init(&selection, &CONFIG, SEED);
    for (uint32_t n = 0; n < 10; n++)
        add_edge(&selection, n, AMSTERDAM, ISP_ONE);
    for (uint32_t n = 0; n < 5; n++)
        selection_set_online(&selection, n, false);
    selection_regroup(&selection);
    SelectAnswer answer = ask(&selection, SELECT_PREFERRED, AMSTERDAM, 5);
    g_assert_cmpuint(answer.count, ==, 5);
    for (uint32_t i = 0; i < 5; i++)
        g_assert_true(picked(&selection, &answer, i)->is_online);
    answer = ask(&selection, SELECT_PREFERRED, AMSTERDAM, 20);
    g_assert_cmpuint(answer.count, ==, 10);
    selection_clear(&selection);
}

static void
preferred_leaves_out_groups_whose_link_is_bad(void)
{
    Selection selection;
    selection_init(&selection, &CONFIG, SEED);
    add_edges_everywhere(&selection, 4);
    uint32_t client_group = selection_group(&selection, AMSTERDAM, ISP_ONE);
    LinkHistory failing = {.connects = 20, .failures = 60};
    selection_observe(&selection, selection_find(&selection, 100), client_group,
                      &failing);
    selection_regroup(&selection);
    SelectAnswer answer = ask(&selection, SELECT_PREFERRED, AMSTERDAM, 24);
    g_assert_cmpuint(answer.count, ==, 20);
    for (PeerId peer = 100; peer < 104; peer++)
        g_assert_false(has_peer(&selection, &answer, peer));
    /* Half an hour of silence later the group gets another chance. */
    for (uint32_t minute = 0; minute < 30; minute++)
        selection_regroup(&selection);
    answer = ask(&selection, SELECT_PREFERRED, AMSTERDAM, 24);
    g_assert_cmpuint(answer.count, ==, 24);
    selection_clear(&selection);
}

static void
a_link_is_slow_only_against_what_its_clients_see_elsewhere(void)
{
    Selection selection;
    selection_init(&selection, &CONFIG, SEED);
    add_edges_everywhere(&selection, 1);
    uint32_t clients = selection_group(&selection, AMSTERDAM, ISP_ONE);
    uint32_t home = clients;
    uint32_t madrid = selection_group(&selection, MADRID, ISP_ONE);
    LinkHistory slow = {20, 0, 1000000, 100 * UINT64_C(1000000000)};
    selection_observe(&selection, selection_find(&selection, 200), clients,
                      &slow);
    g_assert_true(selection_link_is_usable(&selection, clients, madrid));
    LinkHistory fast = {20, 0, 10000000, 100 * UINT64_C(1000000000)};
    selection_observe(&selection, selection_find(&selection, 0), clients,
                      &fast);
    g_assert_true(selection_link_is_usable(&selection, clients, home));
    g_assert_false(selection_link_is_usable(&selection, clients, madrid));
    selection_clear(&selection);
}

static void
who_asks_again_gets_other_edges(void)
{
    for (SelectPolicyKind policy = 0; policy < SELECT_POLICY_COUNT; policy++) {
        Selection selection;
        selection_init(&selection, &CONFIG, SEED);
        add_edges_everywhere(&selection, 5);
        selection_regroup(&selection);
        SelectAnswer first = ask(&selection, policy, BRUSSELS, 10);
        PeerId avoided[10];
        for (uint32_t i = 0; i < 10; i++)
            avoided[i] = picked(&selection, &first, i)->peer;
        SelectQuery query = {BRUSSELS, ISP_ONE, 20, avoided, 10};
        SelectAnswer second;
        selection_pick(&selection, policy, &query, &second);
        g_assert_cmpuint(second.count, ==, 20);
        for (uint32_t i = 0; i < 10; i++)
            g_assert_false(has_peer(&selection, &second, avoided[i]));
        selection_clear(&selection);
    }
}

static void
concurrent_clients_are_spread_over_a_level(void)
{
    Selection selection;
    selection_init(&selection, &CONFIG, SEED);
    for (uint32_t n = 0; n < 400; n++)
        add_edge(&selection, n, AMSTERDAM, ISP_ONE);
    selection_regroup(&selection);
    uint32_t load[400] = {0};
    for (uint32_t client = 0; client < 100; client++) {
        SelectAnswer answer = ask(&selection, SELECT_PREFERRED, AMSTERDAM, 20);
        for (uint32_t i = 0; i < 20; i++)
            load[answer.edges[i]]++;
    }
    /* 2,000 places over the 100 edges of the best level: 20 each. */
    for (uint32_t n = 0; n < 400; n++)
        g_assert_cmpuint(load[n], <=, 40);
    selection_clear(&selection);
}

static void
random_is_uniform_over_listed_edges(void)
{
    Selection selection;
    selection_init(&selection, &CONFIG, SEED);
    for (uint32_t n = 0; n < 200; n++)
        add_edge(&selection, n, (uint16_t)(n % REGION_COUNT), ISP_ONE);
    for (uint32_t n = 0; n < 200; n += 2)
        selection_unlist(&selection, n);
    uint32_t seen[200] = {0};
    for (uint32_t client = 0; client < 5000; client++) {
        SelectAnswer answer = ask(&selection, SELECT_RANDOM, MADRID, 20);
        g_assert_cmpuint(answer.count, ==, 20);
        for (uint32_t i = 0; i < 20; i++)
            seen[answer.edges[i]]++;
    }
    /* 1,000 expected, standard deviation 28; chi-square with 99 degrees of
     * freedom stays below 149 in 999 of 1,000 worlds. */
    double chi_square = 0;
    for (uint32_t n = 0; n < 200; n++) {
        double off = (double)seen[n] - 1000.0;
        if (n % 2 == 0)
            g_assert_cmpuint(seen[n], ==, 0);
        else
            chi_square += off * off / (1000.0 * 0.8);
    }
    g_assert_cmpfloat(chi_square, <, 149.0);
    selection_clear(&selection);
}

static void
an_edge_that_returns_is_listed_once(void)
{
    Selection selection;
    selection_init(&selection, &CONFIG, SEED);
    uint32_t edge = add_edge(&selection, 5, AMSTERDAM, ISP_ONE);
    selection_unlist(&selection, edge);
    selection_unlist(&selection, edge);
    g_assert_cmpuint(selection.listed.count, ==, 0);
    g_assert_cmpuint(add_edge(&selection, 5, MADRID, ISP_TWO), ==, edge);
    selection_set_online(&selection, edge, true);
    g_assert_cmpuint(selection.listed.count, ==, 1);
    g_assert_cmpuint(selection.listed_by_region[AMSTERDAM].count, ==, 0);
    g_assert_cmpuint(selection.listed_by_region[MADRID].count, ==, 1);
    selection_clear(&selection);
}

/* Costs are counted in entries looked at, since time varies. */
static void
a_request_among_60000_edges_costs_what_it_costs_among_600(void)
{
    uint64_t cost[SELECT_POLICY_COUNT][2];
    for (uint32_t size = 0; size < 2; size++) {
        Selection selection;
        selection_init(&selection, &CONFIG, SEED);
        for (uint32_t n = 0; n < (size ? 60000u : 600u); n++)
            add_edge(&selection, n, (uint16_t)(n % REGION_COUNT),
                     (uint16_t)(n / REGION_COUNT % ISP_COUNT));
        selection_regroup(&selection);
        for (SelectPolicyKind policy = 0; policy < SELECT_POLICY_COUNT;
             policy++) {
            uint64_t before = selection.looked_at_count;
            for (uint32_t client = 0; client < 100; client++)
                ask(&selection, policy, AMSTERDAM, 20);
            cost[policy][size] = selection.looked_at_count - before;
        }
        selection_clear(&selection);
    }
    for (SelectPolicyKind policy = 0; policy < SELECT_POLICY_COUNT; policy++) {
        g_assert_cmpuint(cost[policy][0], >=, 100 * 20);
        g_assert_cmpuint(cost[policy][1], <=, 100 * 64);
        g_assert_cmpuint(cost[policy][1], <=, 2 * cost[policy][0]);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/selection/nearby_looks_at_distance_alone",
                    nearby_looks_at_distance_alone);
    g_test_add_func(
        "/selection/preferred_goes_own_group_own_isp_neighbour_other",
        preferred_goes_own_group_own_isp_neighbour_other);
    g_test_add_func(
        "/selection/preferred_ranks_by_delay_then_bandwidth_within_a_group",
        preferred_ranks_by_delay_then_bandwidth_within_a_group);
    g_test_add_func(
        "/selection/preferred_takes_silent_edges_last_in_their_class",
        preferred_takes_silent_edges_last_in_their_class);
    g_test_add_func("/selection/preferred_leaves_out_groups_whose_link_is_bad",
                    preferred_leaves_out_groups_whose_link_is_bad);
    g_test_add_func(
        "/selection/a_link_is_slow_only_against_what_its_clients_see_elsewhere",
        a_link_is_slow_only_against_what_its_clients_see_elsewhere);
    g_test_add_func("/selection/who_asks_again_gets_other_edges",
                    who_asks_again_gets_other_edges);
    g_test_add_func("/selection/concurrent_clients_are_spread_over_a_level",
                    concurrent_clients_are_spread_over_a_level);
    g_test_add_func("/selection/random_is_uniform_over_listed_edges",
                    random_is_uniform_over_listed_edges);
    g_test_add_func("/selection/an_edge_that_returns_is_listed_once",
                    an_edge_that_returns_is_listed_once);
    g_test_add_func(
        "/selection/a_request_among_60000_edges_costs_what_it_costs_among_600",
        a_request_among_60000_edges_costs_what_it_costs_among_600);
    return g_test_run();
}
