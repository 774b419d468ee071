/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_cubic.c: how windows grow and fall.
 */
#include "sim/transport/cubic.h"

#include <glib.h>

#include "core/event.h"

#define MSS_BYTES 1448u
#define RTT_NS (100 * NS_PER_MS)

/* A sender whose path takes whatever is in the window, round trip after
 * round trip; each segment is acknowledged gap_ns after the one before. */
typedef struct Sender {
    CongestionWindow window;
    int64_t now_ns;
    int64_t rtt_ns;
    int64_t gap_ns;
    uint64_t una_seq;
} Sender;

static Sender
new_sender(CongestionKind kind, uint32_t window, bool has_hystart)
{
    Sender sender = {.now_ns = NS_PER_S, .rtt_ns = RTT_NS};
    congestion_init(&sender.window, kind, window, has_hystart);
    return sender;
}

static void
acknowledge(Sender *sender, uint32_t packets, uint64_t next_seq)
{
    sender->una_seq += (uint64_t)packets * MSS_BYTES;
    CongestionAck ack = {.now_ns = sender->now_ns,
                         .rtt_ns = sender->rtt_ns,
                         .srtt_ns = sender->rtt_ns,
                         .acked_packets = packets,
                         .mss_bytes = MSS_BYTES,
                         .una_seq = sender->una_seq,
                         .next_seq = next_seq,
                         .is_limiting = true};
    congestion_sample(&sender->window, &ack);
    congestion_grow(&sender->window, &ack);
}

static void
pass_round_trip(Sender *sender, uint32_t packets_per_ack)
{
    int64_t start_ns = sender->now_ns;
    uint32_t packets = sender->window.packets;
    uint64_t end_seq = sender->una_seq + (uint64_t)packets * MSS_BYTES;
    for (uint32_t acked = 0; acked < packets; acked += packets_per_ack) {
        uint32_t part = MIN(packets_per_ack, packets - acked);
        acknowledge(sender, part, end_seq + (uint64_t)acked * MSS_BYTES);
        sender->now_ns += part * sender->gap_ns;
    }
    sender->now_ns = MAX(start_ns + sender->rtt_ns, sender->now_ns);
}

static void
lose(Sender *sender)
{
    CongestionWindow *window = &sender->window;
    window->threshold_packets = congestion_threshold_after_loss(window);
    window->packets = window->threshold_packets;
}

static void
slow_start_doubles_by_segments_not_by_acks(void)
{
    for (uint32_t packets_per_ack = 1; packets_per_ack <= 4;
         packets_per_ack++) {
        Sender sender = new_sender(CONGESTION_RENO, 10, false);
        for (uint32_t round = 0; round < 5; round++)
            pass_round_trip(&sender, packets_per_ack);
        g_assert_cmpuint(sender.window.packets, ==, 320);
    }
}

static void
reno_adds_one_packet_a_round_trip_and_halves(void)
{
    Sender sender = new_sender(CONGESTION_RENO, 100, false);
    lose(&sender);
    g_assert_cmpuint(sender.window.packets, ==, 50);
    for (uint32_t round = 0; round < 20; round++)
        pass_round_trip(&sender, 2);
    g_assert_cmpuint(sender.window.packets, ==, 70);
}

static void
slow_start_stops_at_the_threshold_and_goes_on_slowly(void)
{
    Sender sender = new_sender(CONGESTION_RENO, 10, false);
    sender.window.threshold_packets = 25;
    pass_round_trip(&sender, 1);
    g_assert_cmpuint(sender.window.packets, ==, 20);
    pass_round_trip(&sender, 1);
    g_assert_cmpuint(sender.window.packets, ==, 25);
    pass_round_trip(&sender, 1);
    g_assert_cmpuint(sender.window.packets, <=, 27);
}

static void
a_window_that_is_not_in_the_way_does_not_grow(void)
{
    Sender sender = new_sender(CONGESTION_CUBIC, 10, true);
    CongestionAck ack = {.now_ns = NS_PER_S, .acked_packets = 10};
    congestion_grow(&sender.window, &ack);
    g_assert_cmpuint(sender.window.packets, ==, 10);
}

/* W(t) = C (t - K)^3 + Wmax: back at the old window after K, not before. */
static void
cubic_is_back_at_its_maximum_after_k(void)
{
    Sender sender = new_sender(CONGESTION_CUBIC, 1000, false);
    lose(&sender);
    g_assert_cmpuint(sender.window.packets, ==, 700);
    int64_t start_ns = sender.now_ns;
    while (sender.window.packets < 990)
        pass_round_trip(&sender, 2);
    double took_s = (double)(sender.now_ns - start_ns) / 1e9;
    double expected_s = 9.086 - 2.924; /* K - cbrt(10 / C) */
    g_assert_cmpfloat_with_epsilon(took_s, expected_s, 0.4);
    while (sender.now_ns < start_ns + 9 * NS_PER_S)
        pass_round_trip(&sender, 2);
    g_assert_cmpuint(sender.window.packets, >=, 997);
    g_assert_cmpuint(sender.window.packets, <=, 1001);
    while (sender.now_ns < start_ns + 15 * NS_PER_S)
        pass_round_trip(&sender, 2);
    /* 0.4 (15 - 9.086)^3 = 83 above */
    g_assert_cmpuint(sender.window.packets, >, 1060);
    g_assert_cmpuint(sender.window.packets, <, 1100);
}

static void
two_losses_in_a_row_leave_room_for_others(void)
{
    Sender sender = new_sender(CONGESTION_CUBIC, 1000, false);
    lose(&sender);
    g_assert_cmpuint(sender.window.cubic.last_max_packets, ==, 1000);
    lose(&sender);
    g_assert_cmpuint(sender.window.packets, ==, 490);
    /* Fast convergence: 700 x (1 + beta) / 2. */
    g_assert_cmpuint(sender.window.cubic.last_max_packets, ==, 595);
}

/* On a short path reno with the same beta would be faster: 3 (1 - beta) /
 * (1 + beta) = 0.53 packets a round trip. */
static void
on_short_paths_cubic_keeps_up_with_reno(void)
{
    Sender sender = new_sender(CONGESTION_CUBIC, 100, false);
    sender.rtt_ns = 10 * NS_PER_MS;
    lose(&sender);
    for (uint32_t round = 0; round < 40; round++)
        pass_round_trip(&sender, 2);
    g_assert_cmpuint(sender.window.packets, >=, 70 + 19);
    g_assert_cmpuint(sender.window.packets, <=, 70 + 24);
}

/* As the specification tells the kernel: the window after the exit is W plus
 * half of what the path holds, W the first IW 2^k above that half. */
static void
hystart_leaves_slow_start_when_acks_fill_half_the_path(void)
{
    static const struct {
        uint32_t bdp;
        uint32_t initial;
        uint32_t exit;
    } cases[] = {{417, 10, 528}, {417, 24, 592}, {208, 10, 264},
                 {167, 10, 243}, {167, 24, 179}, {83, 10, 122}};
    for (uint32_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Sender sender = new_sender(CONGESTION_CUBIC, cases[i].initial, true);
        sender.gap_ns = RTT_NS / cases[i].bdp;
        for (uint32_t round = 0;
             round < 12 && congestion_is_slow_start(&sender.window); round++)
            pass_round_trip(&sender, 1);
        g_assert_false(congestion_is_slow_start(&sender.window));
        double ratio = (double)sender.window.threshold_packets / cases[i].exit;
        g_assert_cmpfloat_with_epsilon(ratio, 1, 0.03);
    }
}

static void
hystart_leaves_slow_start_when_delay_grows(void)
{
    Sender sender = new_sender(CONGESTION_CUBIC, 20, true);
    sender.gap_ns = 3 * NS_PER_MS; /* no train */
    pass_round_trip(&sender, 1);
    g_assert_true(congestion_is_slow_start(&sender.window));
    sender.rtt_ns += RTT_NS / 8 - NS_PER_MS;
    pass_round_trip(&sender, 1);
    g_assert_true(congestion_is_slow_start(&sender.window));
    sender.rtt_ns += 2 * NS_PER_MS;
    pass_round_trip(&sender, 1);
    g_assert_false(congestion_is_slow_start(&sender.window));
}

static void
before_any_loss_cubic_grows_by_one_in_twenty(void)
{
    Sender sender = new_sender(CONGESTION_CUBIC, 400, false);
    sender.window.threshold_packets = 400;
    /* The first round trip still runs up to what cubic knows of itself. */
    pass_round_trip(&sender, 2);
    uint32_t before = sender.window.packets;
    pass_round_trip(&sender, 2);
    g_assert_cmpuint(sender.window.packets - before, >=, before / 20 - 2);
    g_assert_cmpuint(sender.window.packets - before, <=, before / 20 + 2);
}

/* Idle time is not grown in; neither does growth begin in the future. */
static void
growth_goes_on_where_it_was_after_a_pause(void)
{
    Sender sender = new_sender(CONGESTION_CUBIC, 10, false);
    sender.window.cubic.epoch_ns = 3 * NS_PER_S;
    congestion_resume(&sender.window, 5 * NS_PER_S, 7 * NS_PER_S);
    g_assert_cmpint(sender.window.cubic.epoch_ns, ==, 5 * NS_PER_S);
    congestion_resume(&sender.window, 4 * NS_PER_S, 8 * NS_PER_S);
    g_assert_cmpint(sender.window.cubic.epoch_ns, ==, 8 * NS_PER_S);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/window/slow_start",
                    slow_start_doubles_by_segments_not_by_acks);
    g_test_add_func("/window/reno",
                    reno_adds_one_packet_a_round_trip_and_halves);
    g_test_add_func("/window/threshold",
                    slow_start_stops_at_the_threshold_and_goes_on_slowly);
    g_test_add_func("/window/unused",
                    a_window_that_is_not_in_the_way_does_not_grow);
    g_test_add_func("/cubic/k", cubic_is_back_at_its_maximum_after_k);
    g_test_add_func("/cubic/convergence",
                    two_losses_in_a_row_leave_room_for_others);
    g_test_add_func("/cubic/friendly", on_short_paths_cubic_keeps_up_with_reno);
    g_test_add_func("/cubic/train",
                    hystart_leaves_slow_start_when_acks_fill_half_the_path);
    g_test_add_func("/cubic/delay", hystart_leaves_slow_start_when_delay_grows);
    g_test_add_func("/cubic/first",
                    before_any_loss_cubic_grows_by_one_in_twenty);
    g_test_add_func("/cubic/pause", growth_goes_on_where_it_was_after_a_pause);
    return g_test_run();
}
