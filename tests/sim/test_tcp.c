/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_tcp.c: one connection, and what happens to its segments.
 *
 * Losses are literals: bit i of a mask is the i-th packet on the link. Times
 * of repair are the kernel's, as its measurements tell them.
 */
#include <glib.h>

#include "core/event.h"
#include "tests/sim/pair.h"

#define RTT_NS (50 * NS_PER_MS)
#define MSS 1448u

static void
open_pair(Pair *pair, uint64_t rate_bps)
{
    pair_init(pair, rate_bps, RTT_NS);
    pair_open(pair, PEER_LISTENS);
}

static void
lose_next(Pair *pair, int side, uint64_t mask)
{
    link_extra(pair_link(pair, side))->chosen_loss.next = mask;
}

static void
a_handshake_takes_one_round_trip(void)
{
    Pair pair;
    open_pair(&pair, 0);
    pair_finish(&pair);
    g_assert_cmpint(pair.sides[0].up_ns, ==, RTT_NS);
    g_assert_cmpint(pair.sides[1].up_ns, ==, RTT_NS + RTT_NS / 2);
    g_assert_cmpuint(pair.network.count.sent_packets, ==, 3);
    g_assert_cmpint(pair_end(&pair, 0)->rtt.srtt_ns, ==, RTT_NS);
    g_assert_cmpint(pair_end(&pair, 1)->rtt.srtt_ns, ==, RTT_NS);
    pair_clear(&pair);
}

static void
a_lost_syn_costs_a_second(void)
{
    Pair pair;
    pair_init(&pair, 0, RTT_NS);
    lose_next(&pair, 0, 1);
    pair_open(&pair, PEER_LISTENS);
    pair_finish(&pair);
    g_assert_cmpint(pair.sides[0].up_ns, ==, NS_PER_S + RTT_NS);
    pair_clear(&pair);
}

/* Both ends' timers race; either brings the SYN-ACK again. */
static void
a_lost_syn_ack_costs_a_second(void)
{
    Pair pair;
    pair_init(&pair, 0, RTT_NS);
    lose_next(&pair, 1, 1);
    pair_open(&pair, PEER_LISTENS);
    pair_finish(&pair);
    g_assert_cmpint(pair.sides[0].up_ns, >=, NS_PER_S + RTT_NS / 2);
    g_assert_cmpint(pair.sides[0].up_ns, <=, NS_PER_S + RTT_NS);
    pair_clear(&pair);
}

/* With IW 10, k round trips bring 10 (2^k - 1) segments. */
static void
the_window_doubles_every_round_trip(void)
{
    static const uint32_t segments[] = {10, 11, 30, 31, 70, 150, 151, 310};
    static const uint32_t rounds[] = {1, 2, 2, 3, 3, 4, 5, 5};
    for (uint32_t i = 0; i < G_N_ELEMENTS(segments); i++) {
        Pair pair;
        open_pair(&pair, 0);
        pair_run(&pair, NS_PER_S);
        pair_write(&pair, 0, segments[i] * MSS);
        pair_finish(&pair);
        g_assert_cmpuint(pair.sides[1].got_bytes, ==, segments[i] * MSS);
        int64_t took_ns = pair.sides[1].last_ns - NS_PER_S;
        g_assert_cmpint(took_ns, ==, rounds[i] * RTT_NS - RTT_NS / 2);
        pair_clear(&pair);
    }
}

/* 60 segments, of which a burst and some others are lost: SACK repairs them
 * in a few round trips, each sent again just once, without a time-out. */
static void
a_burst_of_losses_is_repaired_without_a_time_out(void)
{
    Pair pair;
    open_pair(&pair, 100000000);
    pair_run(&pair, NS_PER_S);
    lose_next(&pair, 0, UINT64_C(0x00000151007f0000));
    pair_write(&pair, 0, 200 * MSS);
    pair_finish(&pair);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 200 * MSS);
    const TcpCount *count = &pair_end(&pair, 0)->count;
    g_assert_cmpuint(count->timeouts, ==, 0);
    g_assert_cmpuint(count->resent_segments, ==, 11);
    g_assert_cmpint(pair.sides[1].last_ns, <, NS_PER_S + 12 * RTT_NS);
    pair_clear(&pair);
}

static void
a_lost_copy_is_sent_a_third_time(void)
{
    Pair pair;
    open_pair(&pair, 100000000);
    pair_run(&pair, NS_PER_S);
    /* The first of ten, and the first packet after them: its copy. */
    lose_next(&pair, 0, 1u | 1u << 10);
    pair_write(&pair, 0, 10 * MSS);
    pair_finish(&pair);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 10 * MSS);
    const TcpCount *count = &pair_end(&pair, 0)->count;
    g_assert_cmpuint(count->resent_segments, >=, 2);
    pair_clear(&pair);
}

/* What the loss of these packets (of 46, IW 10, 50 Mbit/s) costs, beyond a
 * transfer without loss; the kernel was measured at it. */
static int64_t
cost_of_loss_ns(uint64_t mask)
{
    int64_t took_ns[2];
    for (int is_lossy = 0; is_lossy < 2; is_lossy++) {
        Pair pair;
        open_pair(&pair, 50000000);
        pair_run(&pair, NS_PER_S);
        lose_next(&pair, 0, is_lossy ? mask : 0);
        pair_write(&pair, 0, 65536);
        pair_finish(&pair);
        g_assert_cmpuint(pair.sides[1].got_bytes, ==, 65536);
        took_ns[is_lossy] = pair.sides[1].last_ns;
        pair_clear(&pair);
    }
    return took_ns[1] - took_ns[0];
}

static void
assert_near_ms(int64_t time_ns, int64_t expected_ms, int64_t band_ms)
{
    g_assert_cmpint(ABS(time_ns - expected_ms * NS_PER_MS), <=,
                    band_ms * NS_PER_MS);
}

static void
a_lost_tail_is_probed_for(void)
{
    uint64_t last = UINT64_C(1) << 45;
    /* Alone: the probe waits for a delayed ACK, but not beyond the RTO. */
    assert_near_ms(cost_of_loss_ns(last), 305, 15);
    /* Two: the probe goes after two round trips and two ticks. */
    assert_near_ms(cost_of_loss_ns(last | last >> 1), 210, 15);
    /* With its probe: one time-out more. */
    assert_near_ms(cost_of_loss_ns(last | last << 1), 575, 45);
    /* The last but one: a reordering window more than a round trip. */
    assert_near_ms(cost_of_loss_ns(last >> 1), 67, 10);
}

static void
a_loss_in_the_first_flight_is_dear_and_later_ones_are_not(void)
{
    int64_t first_ns = cost_of_loss_ns(1);
    g_assert_cmpint(first_ns, >=, 3 * RTT_NS - RTT_NS / 2);
    g_assert_cmpint(first_ns, <=, 4 * RTT_NS + RTT_NS / 2);
    assert_near_ms(cost_of_loss_ns(UINT64_C(0x3ff)), 455, 46);
}

/* Note when a packet enters a link, until it dies for good. */
static uint32_t
watch_sends(Pair *pair, int side, int64_t *sent_ns, uint32_t count_max)
{
    uint32_t count = 0;
    const Link *link = pair_link(pair, side);
    while (count < count_max && pair->network.agenda.count > 0) {
        uint64_t before = link->arrived_packets;
        pair_run(pair, agenda_peek_ns(&pair->network.agenda));
        if (link->arrived_packets != before)
            sent_ns[count++] = pair->network.now_ns;
    }
    return count;
}

static void
on_a_dead_link_time_outs_double_until_the_sender_gives_up(void)
{
    Pair pair;
    int64_t sent_ns[40];
    open_pair(&pair, 0);
    pair_run(&pair, NS_PER_S);
    pair_link(&pair, 0)->loss = random_threshold(1);
    pair_write(&pair, 0, MSS);
    uint32_t count = watch_sends(&pair, 0, sent_ns, G_N_ELEMENTS(sent_ns));
    /* A probe, then fifteen time-outs. */
    g_assert_cmpuint(count, ==, 16);
    int64_t rto_ns = RTT_NS + RTO_MIN_NS;
    g_assert_cmpint(sent_ns[0], ==, NS_PER_S + rto_ns);
    for (uint32_t i = 1; i < count; i++) {
        int64_t wait_ns = sent_ns[i] - sent_ns[i - 1];
        g_assert_cmpint(wait_ns, ==, MIN(rto_ns << (i - 1), RTO_MAX_NS));
    }
    g_assert_true(pair.sides[0].is_closed);
    g_assert_cmpint(pair.sides[0].reason, ==, CLOSE_TIMED_OUT);
    pair_clear(&pair);
}

static void
after_a_time_out_the_window_starts_again_from_one(void)
{
    Pair pair;
    open_pair(&pair, 0);
    pair_run(&pair, NS_PER_S);
    /* A whole initial window, and the two probes that follow. */
    lose_next(&pair, 0, 0xfff);
    pair_write(&pair, 0, 300 * MSS);
    while (pair_end(&pair, 0)->count.timeouts == 0)
        pair_run(&pair, agenda_peek_ns(&pair.network.agenda));
    g_assert_cmpuint(pair_end(&pair, 0)->window.packets, ==, 1);
    g_assert_cmpuint(pair_end(&pair, 0)->window.threshold_packets, ==, 7);
    pair_finish(&pair);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 300 * MSS);
    g_assert_cmpuint(pair_end(&pair, 0)->backoff, ==, 0);
    pair_clear(&pair);
}

static void
bulk_is_acknowledged_every_second_segment(void)
{
    uint64_t acks[2];
    for (int is_delayed = 0; is_delayed < 2; is_delayed++) {
        Pair pair;
        open_pair(&pair, 20000000);
        pair.options.has_delayed_ack = is_delayed;
        link_bound(pair_link(&pair, 0), LINK_QUEUE_PACKETS, 100);
        pair_run(&pair, NS_PER_S);
        pair_write(&pair, 0, 10000 * MSS);
        pair_finish(&pair);
        acks[is_delayed] = pair_link(&pair, 1)->arrived_packets;
        g_assert_cmpuint(pair.sides[1].got_bytes, ==, 10000 * MSS);
        pair_clear(&pair);
    }
    g_assert_cmpuint(acks[0], >=, 10000);
    g_assert_cmpuint(acks[1], >=, 5000);
    g_assert_cmpuint(acks[1], <=, 5800);
}

static void
a_lonely_segment_is_acknowledged_after_forty_ms(void)
{
    Pair pair;
    open_pair(&pair, 0);
    /* Long enough for the quick ACKs of the beginning to be used up. */
    pair_link(&pair, 0)->rate_bps = 20000000;
    pair_write(&pair, 0, 2000 * MSS);
    pair_run(&pair, 10 * NS_PER_S);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 2000 * MSS);
    uint64_t acks_before = pair_link(&pair, 1)->arrived_packets;
    pair_write(&pair, 0, 100);
    pair_run(&pair, 10 * NS_PER_S + RTT_NS / 2 + 39 * NS_PER_MS);
    g_assert_cmpuint(pair_link(&pair, 1)->arrived_packets, ==, acks_before);
    pair_run(&pair, 10 * NS_PER_S + RTT_NS / 2 + 41 * NS_PER_MS);
    g_assert_cmpuint(pair_link(&pair, 1)->arrived_packets, ==, acks_before + 1);
    pair_clear(&pair);
}

static void
an_idle_sender_starts_again_from_its_initial_window(void)
{
    for (int has_restart = 0; has_restart < 2; has_restart++) {
        Pair pair;
        open_pair(&pair, 0);
        pair.options.has_slow_start_after_idle = has_restart;
        pair_write(&pair, 0, 500 * MSS);
        pair_run(&pair, 5 * NS_PER_S);
        uint32_t grown = pair_end(&pair, 0)->window.packets;
        g_assert_cmpuint(grown, >, 300);
        pair_write(&pair, 0, 500 * MSS);
        g_assert_cmpuint(pair_end(&pair, 0)->window.packets, ==,
                         has_restart ? 10 : grown);
        pair_finish(&pair);
        pair_clear(&pair);
    }
}

/* With an ACK for each of 15 segments, ten of them at first, the window is by
 * 15 larger: that nothing was left to send is no use of it either way. */
static void
the_window_grows_with_the_last_acks_too(void)
{
    Pair pair;
    pair_init(&pair, 0, RTT_NS);
    pair.options.has_delayed_ack = false;
    pair_open(&pair, PEER_LISTENS);
    pair_run(&pair, NS_PER_S);
    pair_write(&pair, 0, 15 * MSS);
    pair_finish(&pair);
    g_assert_cmpuint(pair_end(&pair, 0)->window.packets, ==, 25);
    pair_clear(&pair);
}

/* A question, an answer, and both again after 40 s: the silence is no round
 * trip of the asker's. */
static void
silence_is_no_round_trip(void)
{
    Pair pair;
    open_pair(&pair, 100000000);
    pair_run(&pair, NS_PER_S);
    for (int i = 0; i < 2; i++) {
        pair_write(&pair, 0, 100);
        pair_run(&pair, pair.network.now_ns + RTT_NS);
        pair_write(&pair, 1, 100 * MSS);
        pair_run(&pair, pair.network.now_ns + 40 * NS_PER_S);
        int64_t rtt_ns = pair_end(&pair, 0)->receive.rtt_ns;
        g_assert_cmpint(rtt_ns, >=, RTT_NS - NS_PER_MS);
        g_assert_cmpint(rtt_ns, <, 2 * RTT_NS);
    }
    pair_clear(&pair);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcp/handshake", a_handshake_takes_one_round_trip);
    g_test_add_func("/tcp/lost_syn", a_lost_syn_costs_a_second);
    g_test_add_func("/tcp/lost_syn_ack", a_lost_syn_ack_costs_a_second);
    g_test_add_func("/tcp/slow_start", the_window_doubles_every_round_trip);
    g_test_add_func("/tcp/burst",
                    a_burst_of_losses_is_repaired_without_a_time_out);
    g_test_add_func("/tcp/copy", a_lost_copy_is_sent_a_third_time);
    g_test_add_func("/tcp/tail", a_lost_tail_is_probed_for);
    g_test_add_func("/tcp/first_flight",
                    a_loss_in_the_first_flight_is_dear_and_later_ones_are_not);
    g_test_add_func("/tcp/dead_link",
                    on_a_dead_link_time_outs_double_until_the_sender_gives_up);
    g_test_add_func("/tcp/time_out",
                    after_a_time_out_the_window_starts_again_from_one);
    g_test_add_func("/tcp/acks", bulk_is_acknowledged_every_second_segment);
    g_test_add_func("/tcp/delayed_ack",
                    a_lonely_segment_is_acknowledged_after_forty_ms);
    g_test_add_func("/tcp/idle",
                    an_idle_sender_starts_again_from_its_initial_window);
    g_test_add_func("/tcp/last_acks", the_window_grows_with_the_last_acks_too);
    g_test_add_func("/tcp/silence", silence_is_no_round_trip);
    return g_test_run();
}
