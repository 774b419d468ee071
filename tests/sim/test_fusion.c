/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_fusion.c: links that take packets before they arrive, and
 * nobody can tell.
 *
 * A tree with everything that a link can do: small queues, loss, bursts,
 * jitter, CoDel, a rate that changes and stops, background load; and one link
 * that two others feed. Two runs of it are compared wherever it is looked at.
 */
#include "tests/sim/flow_stage.h"

#include <string.h>

#include "core/event.h"

static const char TREE[] =
    "byway: 1\n"
    "title: tree\n"
    "general: {stop_time: 100 s}\n"
    "network:\n"
    "  nodes: [{name: core}, {name: a}, {name: b}, {name: far}]\n"
    "  links:\n"
    "    - {name: to-a, from: core, to: a, rate: 50 Mbit/s, delay: 5 ms,\n"
    "       queue: 20 packets, loss: 0.2 %, jitter: 2 ms}\n"
    "    - {name: to-b, from: core, to: b, rate: 12 Mbit/s, delay: 3 ms,\n"
    "       queue: 300 ms, aqm: codel}\n"
    "    - {name: to-far, from: b, to: far, rate: 10 Mbit/s, delay: 1 ms,\n"
    "       queue: 30 kB, schedule: [[2 s, 0 bit/s],\n"
    "                               [2.5 s, 20 Mbit/s]]}\n"
    "    - {name: across, from: a, to: far, rate: 8 Mbit/s, delay: 1 ms,\n"
    "       background: {load: 30 %, period: 20 ms}}\n"
    "hosts:\n"
    "  - {name: server, at: core, rate: 100 Mbit/s, delay: 10 ms,\n"
    "     queue: 300 packets}\n"
    "  - {name: near, count: 4, at: a, rate: 10 Mbit/s, delay: 4 ms,\n"
    "     queue: 12 packets, loss: 0.1 %}\n"
    "  - {name: beside, count: 2, at: b, rate: 5 Mbit/s, queue: 20 ms}\n"
    "  - {name: remote, count: 3, at: far, rate: 6 Mbit/s, delay: 2 ms,\n"
    "     queue: 30 packets}\n"
    "workload:\n"
    "  flows:\n"
    "    - {from: server, to: near, bytes: 3 MB, every: 100 ms}\n"
    "    - {from: server, to: beside, bytes: 1 MB}\n"
    "    - {from: server, to: remote, bytes: 2 MB, every: 10 ms}\n"
    "    - {from: beside0, to: beside1, bytes: 500 kB}\n"
    "    - {from: near0, to: remote, bytes: 200 kB, start: 1 s}\n";

static void
compare(const Network *a, const Network *b)
{
    g_assert_cmphex(a->fingerprint, ==, b->fingerprint);
    g_assert_cmpint(memcmp(&a->count, &b->count, sizeof a->count), ==, 0);
    g_assert_cmpuint(a->link_count, ==, b->link_count);
    for (LinkId id = 0; id < a->link_count; id++) {
        const Link *left = &a->links[id];
        const Link *right = &b->links[id];
        flow_stage_compare(left, right);
        g_assert_cmpuint(link_busy_ns(left, a->now_ns), ==,
                         link_busy_ns(right, b->now_ns));
    }
}

/* Looks at the links every so often; returns the events that it saves. */
static uint64_t
run_both(int64_t interval_ns)
{
    FlowStage plain, fused;
    flow_stage_init(&plain, TREE, false);
    flow_stage_init(&fused, TREE, false);
    for (int64_t at_ns = interval_ns; at_ns <= 20 * NS_PER_S;
         at_ns += interval_ns) {
        network_run_ahead(&fused.network, at_ns);
        flow_stage_run(&plain, at_ns);
        flow_stage_run(&fused, at_ns);
        compare(&plain.network, &fused.network);
    }
    g_assert_cmpuint(flow_tend(plain.table), ==, plain.table->count);
    g_assert_cmpuint(flow_tend(fused.table), ==, plain.table->count);
    const NetworkCount *count = &plain.network.count;
    for (int reason = 0; reason < LINK_DROP_COUNT; reason++)
        g_assert_cmpuint(count->dropped_packets[reason], >, 0);
    uint64_t saved_events =
        plain.network.agenda.popped_total - fused.network.agenda.popped_total;
    flow_stage_clear(&plain);
    flow_stage_clear(&fused);
    return saved_events;
}

static void
whoever_looks_now_and_then_sees_the_same(void)
{
    uint64_t few = run_both(7 * NS_PER_MS);
    uint64_t more = run_both(100 * NS_PER_MS);
    uint64_t most = run_both(20 * NS_PER_S);
    g_assert_cmpuint(few, <, more);
    g_assert_cmpuint(more, <, most);
    g_assert_cmpuint(most, >, 10000);
}

static void
only_links_that_one_other_feeds_run_ahead(void)
{
    FlowStage stage;
    flow_stage_init(&stage, TREE, false);
    const Network *network = &stage.network;
    bool is_fed[8];
    for (LinkId id = 0; id < G_N_ELEMENTS(is_fed); id++)
        is_fed[id] = network->links[id].is_fed_by_one;
    /* to-a and back, to-b and back, to-far and back, across and back */
    static const bool EXPECTED[] = {true, false, true,  false,
                                    true, false, false, false};
    g_assert_cmpint(memcmp(is_fed, EXPECTED, sizeof EXPECTED), ==, 0);
    flow_stage_clear(&stage);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fusion/whoever_looks_now_and_then_sees_the_same",
                    whoever_looks_now_and_then_sees_the_same);
    g_test_add_func("/fusion/only_links_that_one_other_feeds_run_ahead",
                    only_links_that_one_other_feeds_run_ahead);
    return g_test_run();
}
