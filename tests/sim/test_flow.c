/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_flow.c: so many bytes from here to there.
 */
#include "tests/sim/flow_stage.h"

#include "core/event.h"

/* Senders at L, receivers at R, 20 Mbit/s and an RTT of 40 ms between. */
static void
stage_init(FlowStage *stage, const char *flows, const char *link)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = g_strdup_printf(
        "byway: 1\n"
        "title: stage\n"
        "general: {stop_time: 100 s}\n"
        "network:\n"
        "  nodes: [{name: L}, {name: R}]\n"
        "  links:\n"
        "    - {name: middle, from: L, to: R, rate: 20 Mbit/s,\n"
        "       delay: 20 ms, %s}\n"
        "hosts:\n"
        "  - {name: sender, count: 3, at: L}\n"
        "  - {name: receiver, count: 3, at: R}\n"
        "  - {name: server, at: L}\n"
        "workload:\n"
        "  flows:\n%s",
        link, flows);
    flow_stage_init(stage, text, false);
}

static void
a_flow_connects_sends_and_is_done(void)
{
    FlowStage stage;
    stage_init(&stage, "    - {from: server, to: receiver0, bytes: 10 kB}\n",
               "queue: 100 packets");
    flow_stage_run(&stage, 100 * NS_PER_S);
    const Flow *flow = &stage.table->flows[0];
    g_assert_cmpuint(flow_tend(stage.table), ==, 1);
    g_assert_cmpuint(flow->got_bytes, ==, 10000);
    /* SYN and SYN-ACK at 20 Mbit/s: 60 bytes take 24 us each way. */
    g_assert_cmpint(flow->connected_ns, ==, 40048 * NS_PER_US);
    g_assert_cmpint(flow->done_ns, >, flow->connected_ns + 20 * NS_PER_MS);
    g_assert_cmpint(flow->done_ns, <, flow->connected_ns + 26 * NS_PER_MS);
    g_assert_cmpuint(stage.network.packets.used_count, ==, 0);
    g_assert_cmpuint(stage.network.free_connection_count, ==, 1);
    flow_stage_clear(&stage);
}

static void
groups_pair_member_by_member_one_after_the_other(void)
{
    FlowStage stage;
    stage_init(&stage,
               "    - {from: sender, to: receiver, bytes: 10 kB, start: 1 s,\n"
               "       every: 500 ms}\n",
               "queue: 100 packets");
    g_assert_cmpuint(stage.table->count, ==, 3);
    for (uint32_t i = 0; i < 3; i++) {
        const Flow *flow = &stage.table->flows[i];
        g_assert_cmpuint(flow->from, ==, i);
        g_assert_cmpuint(flow->to, ==, 3 + i);
        g_assert_cmpint(flow->start_ns, ==,
                        NS_PER_S + (int64_t)i * 500 * NS_PER_MS);
    }
    flow_stage_run(&stage, 100 * NS_PER_S);
    g_assert_cmpuint(flow_tend(stage.table), ==, 3);
    flow_stage_clear(&stage);
}

static void
one_host_serves_every_member_of_a_group(void)
{
    FlowStage stage;
    stage_init(&stage, "    - {from: server, to: receiver, bytes: 10 kB}\n",
               "queue: 100 packets");
    g_assert_cmpuint(stage.table->count, ==, 3);
    for (uint32_t i = 0; i < 3; i++)
        g_assert_cmpuint(stage.table->flows[i].from, ==, 6);
    flow_stage_clear(&stage);
}

static void
two_flows_share_a_link_fairly(void)
{
    FlowStage stage;
    stage_init(&stage,
               "    - {from: sender0, to: receiver0, bytes: endless}\n"
               "    - {from: sender1, to: receiver1, bytes: endless,\n"
               "       start: 7 ms}\n",
               "queue: 60 packets");
    flow_stage_run(&stage, 60 * NS_PER_S);
    flow_settle(stage.table);
    double first = (double)stage.table->flows[0].got_bytes;
    double second = (double)stage.table->flows[1].got_bytes;
    /* 96.5 % of the rate are payload. */
    double goodput_ratio = (first + second) * 8 / 60 / 20e6;
    g_assert_cmpfloat(goodput_ratio, >, 0.95);
    g_assert_cmpfloat(goodput_ratio, <, 0.966);
    g_assert_cmpfloat(first / second, >, 0.8);
    g_assert_cmpfloat(first / second, <, 1.25);
    g_assert_cmpuint(flow_tend(stage.table), ==, 0);
    flow_stage_clear(&stage);
}

static void
connections_of_a_flow_share_its_bytes(void)
{
    FlowStage stage;
    stage_init(&stage,
               "    - {from: server, to: receiver0, bytes: 1000001 B,\n"
               "       connections: 4}\n",
               "queue: 100 packets");
    flow_stage_run(&stage, 100 * NS_PER_S);
    g_assert_cmpuint(flow_tend(stage.table), ==, 1);
    g_assert_cmpuint(stage.table->flows[0].got_bytes, ==, 1000001);
    g_assert_cmpuint(stage.network.connection_count, ==, 4);
    g_assert_cmpuint(stage.network.free_connection_count, ==, 4);
    flow_stage_clear(&stage);
}

static void
four_connections_suffer_less_from_loss_than_one(void)
{
    uint64_t got_bytes[2];
    for (int i = 0; i < 2; i++) {
        FlowStage stage;
        stage_init(&stage,
                   i ? "    - {from: server, to: receiver0, bytes: endless,\n"
                       "       connections: 4}\n"
                     : "    - {from: server, to: receiver0, bytes: endless}\n",
                   "queue: 500 packets, loss: 1 %");
        flow_stage_run(&stage, 60 * NS_PER_S);
        flow_settle(stage.table);
        got_bytes[i] = stage.table->flows[0].got_bytes;
        flow_stage_clear(&stage);
    }
    g_assert_cmpuint(got_bytes[1], >, 3 * got_bytes[0]);
}

/* About a window a round trip, which is 40 ms, after slow start; never a stop
 * until a time-out. */
static void
a_small_window_slows_a_flow_and_no_more(void)
{
    static const uint32_t windows_bytes[] = {1024, 4096, 32768, 65536};
    for (size_t i = 0; i < G_N_ELEMENTS(windows_bytes); i++) {
        FlowStage stage;
        g_autofree char *flows = g_strdup_printf(
            "    - {from: server, to: receiver0, bytes: 200 kB,\n"
            "       transport: small}\n"
            "transports:\n"
            "  small: {receive_window: %u B}\n",
            windows_bytes[i]);
        stage_init(&stage, flows, "queue: 500 packets");
        flow_stage_run(&stage, 100 * NS_PER_S);
        const Flow *flow = &stage.table->flows[0];
        g_assert_cmpuint(flow_tend(stage.table), ==, 1);
        double trips = 200e3 / windows_bytes[i];
        double took_s = (double)(flow->done_ns - flow->connected_ns) / 1e9;
        g_assert_cmpfloat(took_s, >, 0.04 * trips * 0.9);
        g_assert_cmpfloat(took_s, <, 0.3 + 0.042 * trips * 1.6);
        g_test_message("%u B: %.3f s, %.1f trips", windows_bytes[i], took_s,
                       took_s / 0.04);
        flow_stage_clear(&stage);
    }
}

static void
repairs_are_counted_while_and_after_a_flow_lives(void)
{
    FlowStage stage;
    stage_init(&stage,
               "    - {from: server, to: receiver0, bytes: 3 MB}\n"
               "    - {from: server, to: receiver1, bytes: endless}\n",
               "queue: 500 packets, loss: 1 %");
    flow_stage_run(&stage, 60 * NS_PER_S);
    flow_settle(stage.table);
    uint64_t resent = 0;
    for (uint32_t i = 0; i < 2; i++) {
        g_assert_cmpuint(stage.table->flows[i].resent_segments, >, 0);
        resent += stage.table->flows[i].resent_segments;
    }
    uint64_t lost = stage.network.count.dropped_packets[LINK_DROP_LOSS];
    /* Most losses were data, repaired once; some were ACKs. */
    g_assert_cmpuint(resent, >, lost / 3);
    g_assert_cmpuint(resent, <=, lost + lost / 2);
    flow_stage_clear(&stage);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/flow/life", a_flow_connects_sends_and_is_done);
    g_test_add_func("/flow/pairs",
                    groups_pair_member_by_member_one_after_the_other);
    g_test_add_func("/flow/server", one_host_serves_every_member_of_a_group);
    g_test_add_func("/flow/fair", two_flows_share_a_link_fairly);
    g_test_add_func("/flow/connections", connections_of_a_flow_share_its_bytes);
    g_test_add_func("/flow/parallel",
                    four_connections_suffer_less_from_loss_than_one);
    g_test_add_func("/flow/window", a_small_window_slows_a_flow_and_no_more);
    g_test_add_func("/flow/repairs",
                    repairs_are_counted_while_and_after_a_flow_lives);
    return g_test_run();
}
