/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_parts.c: a network in several parts, and nobody can tell.
 *
 * A chain of routers is run as a whole, and split up among one thread or
 * several.
 */
#include <string.h>

#include "core/event.h"
#include "tests/sim/chain.h"
#include "tests/sim/flow_stage.h"

static void
compare(const FlowStage *whole, const FlowStage *split)
{
    const NetworkTotal one = network_total(&whole->network);
    const NetworkTotal many = network_total(&split->network);
    g_assert_cmphex(one.fingerprint, ==, many.fingerprint);
    g_assert_cmpint(memcmp(&one.count, &many.count, sizeof one.count), ==, 0);
    for (LinkId id = 0; id < whole->network.link_count; id++) {
        const Link *left = &whole->network.links[id];
        const Link *right = &split->network.links[id];
        flow_stage_compare(left, right);
        g_assert_cmpuint(left->busy_ns, ==, right->busy_ns);
    }
    for (uint32_t i = 0; i < whole->table->count; i++) {
        const Flow *left = &whole->table->flows[i];
        const Flow *right = &split->table->flows[i];
        g_assert_cmpint(left->connected_ns, ==, right->connected_ns);
        g_assert_cmpint(left->done_ns, ==, right->done_ns);
        g_assert_cmpuint(left->got_bytes, ==, right->got_bytes);
        g_assert_cmpuint(left->timeouts, ==, right->timeouts);
    }
}

/* Both ends of each are closed, and no packet is under way. */
static void
assert_connections_are_released(Network *network)
{
    for (uint32_t i = 0; i < network->part_count; i++) {
        const Network *part = network_part(network, i);
        g_assert_cmpuint(part->free_connection_count, ==,
                         part->connection_count);
    }
}

/* 0 threads: now as many, now as many. */
static void
compare_with_threads(uint32_t thread_count, bool runs_ahead)
{
    const int64_t until_ns = 60 * NS_PER_S;
    FlowStage whole, split;
    flow_stage_init(&whole, CHAIN, false);
    flow_stage_init(&split, CHAIN, true);
    split.has_other_threads = thread_count == 0;
    g_assert_cmpuint(split.network.part_count, ==, 4);
    g_assert_cmpint(split.network.parts->window_ns, ==, 5 * NS_PER_MS);
    flow_stage_run(&whole, until_ns);
    flow_stage_run_parts(&split, until_ns, thread_count, runs_ahead);
    g_assert_cmpuint(flow_tend(whole.table), ==, whole.table->count);
    g_assert_cmpuint(flow_tend(split.table), ==, whole.table->count);
    uint64_t *dropped = whole.network.count.dropped_packets;
    g_assert_cmpuint(dropped[LINK_DROP_QUEUE], >, 100);
    g_assert_cmpuint(dropped[LINK_DROP_LOSS], >, 5);
    compare(&whole, &split);
    network_check(&split.network);
    assert_connections_are_released(&whole.network);
    assert_connections_are_released(&split.network);
    flow_stage_clear(&whole);
    flow_stage_clear(&split);
}

static void
one_thread_does_in_parts_what_happens_in_the_whole(void)
{
    compare_with_threads(1, false);
}

static void
so_do_two_threads_and_more_than_there_are_cores(void)
{
    compare_with_threads(2, false);
    compare_with_threads(4, false);
    compare_with_threads(9, false);
}

static void
threads_may_come_and_go_on_the_way(void)
{
    compare_with_threads(0, false);
    compare_with_threads(0, true);
}

static void
links_that_run_ahead_may_end_in_another_part(void)
{
    compare_with_threads(1, true);
    compare_with_threads(3, true);
}

/* Stopped anywhere, no packet is lost from the books. */
static void
the_books_are_right_wherever_it_stops(void)
{
    for (int64_t until_ns = 1; until_ns < 10 * NS_PER_S; until_ns *= 3) {
        FlowStage stage;
        flow_stage_init(&stage, CHAIN, true);
        flow_stage_run_parts(&stage, until_ns, 2, true);
        network_check(&stage.network);
        g_assert_cmpint(stage.network.now_ns, ==, until_ns);
        flow_stage_clear(&stage);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parts/one_thread_does_in_parts_what_happens_in_the_whole",
                    one_thread_does_in_parts_what_happens_in_the_whole);
    g_test_add_func("/parts/so_do_two_threads_and_more_than_there_are_cores",
                    so_do_two_threads_and_more_than_there_are_cores);
    g_test_add_func("/parts/threads_may_come_and_go_on_the_way",
                    threads_may_come_and_go_on_the_way);
    g_test_add_func("/parts/links_that_run_ahead_may_end_in_another_part",
                    links_that_run_ahead_may_end_in_another_part);
    g_test_add_func("/parts/the_books_are_right_wherever_it_stops",
                    the_books_are_right_wherever_it_stops);
    return g_test_run();
}
