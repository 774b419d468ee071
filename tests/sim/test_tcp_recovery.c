/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_tcp_recovery.c: how often a loss is paid for.
 *
 * Losses are literals: bit i of a mask is the i-th packet on the link. What
 * is right is what the kernel does (tcp_input.c, tcp_recovery.c).
 */
#include <glib.h>

#include "core/event.h"
#include "tests/sim/pair.h"

#define RTT_NS (50 * NS_PER_MS)
#define MSS 1448u
#define FLIGHT 10u /* segments, the initial window */

/* Ten segments go at second 1, less those of the mask and of what follows. */
static void
send_flight(Pair *pair, uint64_t lost_mask)
{
    pair_init(pair, 100000000, RTT_NS);
    pair_open(pair, PEER_LISTENS);
    pair_run(pair, NS_PER_S);
    link_extra(pair_link(pair, 0))->chosen_loss.next = lost_mask;
    pair_write(pair, 0, FLIGHT * MSS);
}

/* Before the sender is idle for long enough to start anew. */
static void
run_until_acked(Pair *pair, uint64_t seq)
{
    while (pair_end(pair, 0)->una_seq < seq)
        pair_run(pair, agenda_peek_ns(&pair->network.agenda));
}

/* The probe repeats the last segment; its SACK gives the one before away. What
 * is sent next on the connection must not find the probe open still. */
static void
a_lost_tail_cuts_the_window_once(void)
{
    Pair pair;
    send_flight(&pair, 1u << 8 | 1u << 9);
    run_until_acked(&pair, FLIGHT * MSS);
    const Endpoint *sender = pair_end(&pair, 0);
    g_assert_cmpuint(sender->count.resent_segments, ==, 2);
    g_assert_cmpuint(sender->count.timeouts, ==, 0);
    g_assert_cmpuint(sender->window.threshold_packets, ==, 12); /* of 18 */
    pair_write(&pair, 0, FLIGHT * MSS);
    pair_finish(&pair);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 2 * FLIGHT * MSS);
    g_assert_cmpuint(sender->window.threshold_packets, ==, 12);
    pair_clear(&pair);
}

/* A probe that repairs the loss by itself is no free repair. */
static void
a_loss_that_the_probe_repairs_is_paid_for(void)
{
    Pair pair;
    send_flight(&pair, 1u << 9);
    run_until_acked(&pair, FLIGHT * MSS);
    const Endpoint *sender = pair_end(&pair, 0);
    g_assert_cmpuint(sender->count.resent_segments, ==, 1);
    g_assert_cmpuint(sender->window.threshold_packets, ==, WINDOW_INFINITE);
    pair_write(&pair, 0, MSS);
    run_until_acked(&pair, (FLIGHT + 1) * MSS);
    g_assert_cmpuint(sender->window.threshold_packets, ==, 14); /* of 20 */
    pair_clear(&pair);
}

/* All ten and the probe are lost; the time-out's copy arrives, and the two
 * after it are lost again: a time-out after progress is news. */
static void
a_time_out_after_progress_is_another_loss(void)
{
    Pair pair;
    send_flight(&pair, 0x7ff | 1u << 12 | 1u << 13);
    const Endpoint *sender = pair_end(&pair, 0);
    while (sender->count.timeouts < 1)
        pair_run(&pair, agenda_peek_ns(&pair.network.agenda));
    g_assert_cmpuint(sender->window.threshold_packets, ==, 7);
    while (sender->count.timeouts < 2)
        pair_run(&pair, agenda_peek_ns(&pair.network.agenda));
    g_assert_cmpuint(sender->una_seq, ==, MSS);
    g_assert_cmpuint(sender->window.threshold_packets, ==, 2);
    pair_finish(&pair);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, FLIGHT * MSS);
    pair_clear(&pair);
}

/* One after another without an answer: the window was cut at the first. */
static void
time_outs_in_a_row_are_one_loss(void)
{
    Pair pair;
    send_flight(&pair, 0x1fff);
    const Endpoint *sender = pair_end(&pair, 0);
    while (sender->count.timeouts < 3)
        pair_run(&pair, agenda_peek_ns(&pair.network.agenda));
    g_assert_cmpuint(sender->una_seq, ==, 0);
    g_assert_cmpuint(sender->window.threshold_packets, ==, 7);
    pair_clear(&pair);
}

/* What a time-out sent again is lost again, and what was sent after it is not:
 * that is another sign of congestion, and repaired as such. */
static void
a_copy_lost_after_a_time_out_is_another_loss(void)
{
    Pair pair;
    send_flight(&pair, 0x7ff | 1u << 12);
    pair_finish(&pair);
    const Endpoint *sender = pair_end(&pair, 0);
    g_assert_cmpuint(sender->count.timeouts, ==, 1);
    g_assert_cmpuint(sender->window.threshold_packets, <, 7);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, FLIGHT * MSS);
    pair_clear(&pair);
}

/* Three new segments go while a loss is repaired, and are lost. The ACK that
 * ends the repair is the last: without a probe, only a time-out would tell. */
static void
who_has_recovered_may_probe_again(void)
{
    Pair pair;
    send_flight(&pair, 1u << 2);
    const Endpoint *sender = pair_end(&pair, 0);
    while (sender->mood != TCP_RECOVERY)
        pair_run(&pair, agenda_peek_ns(&pair.network.agenda));
    link_extra(pair_link(&pair, 0))->chosen_loss.next = 0x7;
    pair_write(&pair, 0, 3 * MSS);
    pair_finish(&pair);
    g_assert_cmpuint(sender->count.timeouts, ==, 0);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, (FLIGHT + 3) * MSS);
    pair_clear(&pair);
}

/* Three segments and their probe are lost; a fourth goes 10 ms before the
 * time-out, which says nothing about it. */
static void
a_time_out_leaves_what_has_just_been_sent(void)
{
    Pair pair;
    send_flight(&pair, 0);
    run_until_acked(&pair, FLIGHT * MSS);
    const Endpoint *sender = pair_end(&pair, 0);
    link_extra(pair_link(&pair, 0))->chosen_loss.next = 0xf;
    pair_write(&pair, 0, 3 * MSS);
    while (sender->timer != TIMER_RTO)
        pair_run(&pair, agenda_peek_ns(&pair.network.agenda));
    pair_run(&pair, sender->timer_ns - 10 * NS_PER_MS);
    pair_write(&pair, 0, MSS);
    while (sender->count.timeouts == 0)
        pair_run(&pair, agenda_peek_ns(&pair.network.agenda));
    g_assert_cmpuint(sender->board.lost_count, ==, 3);
    pair_finish(&pair);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, (FLIGHT + 4) * MSS);
    pair_clear(&pair);
}

/* Until a reordering timer of a sender that recovers is about to fire; false
 * if none does before all is over. */
static bool
run_to_late_timer(Pair *pair)
{
    const Endpoint *sender = pair_end(pair, 0);
    int64_t next_ns;
    while ((next_ns = agenda_peek_ns(&pair->network.agenda)) != TIME_NEVER) {
        if (sender->mood == TCP_RECOVERY && sender->timer == TIMER_REORDER &&
            sender->timer_ns == next_ns)
            return true;
        pair_run(pair, next_ns);
    }
    return false;
}

/* A timer brings no news of what has arrived. */
static void
waiting_for_order_earns_nothing_in_a_recovery(void)
{
    uint32_t seen = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Pair pair;
        pair_init(&pair, 20000000, RTT_NS);
        Link *link = pair_link(&pair, 0);
        random_init(&link->random, (RandomSeed){seed, 0}, "late", "link");
        link->loss = random_threshold(0.05);
        link_bound(link, LINK_QUEUE_ENDLESS, 0);
        link_extra(link)->jitter_ns_max = 20 * NS_PER_MS;
        link_extra(link)->may_reorder = true;
        pair_open(&pair, PEER_LISTENS);
        pair_run(&pair, 10 * NS_PER_S);
        pair_write(&pair, 0, 500 * MSS);
        while (run_to_late_timer(&pair)) {
            const Endpoint *sender = pair_end(&pair, 0);
            uint32_t delivered = sender->prr_delivered;
            uint64_t una_seq = sender->una_seq;
            pair_run(&pair, sender->timer_ns);
            g_assert_cmpuint(sender->una_seq, ==, una_seq);
            g_assert_cmpuint(sender->prr_delivered, ==, delivered);
            seen++;
        }
        pair_clear(&pair);
    }
    g_assert_cmpuint(seen, >, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recovery/tail", a_lost_tail_cuts_the_window_once);
    g_test_add_func("/recovery/probe",
                    a_loss_that_the_probe_repairs_is_paid_for);
    g_test_add_func("/recovery/progress",
                    a_time_out_after_progress_is_another_loss);
    g_test_add_func("/recovery/row", time_outs_in_a_row_are_one_loss);
    g_test_add_func("/recovery/copy",
                    a_copy_lost_after_a_time_out_is_another_loss);
    g_test_add_func("/recovery/again", who_has_recovered_may_probe_again);
    g_test_add_func("/recovery/fresh",
                    a_time_out_leaves_what_has_just_been_sent);
    g_test_add_func("/recovery/order",
                    waiting_for_order_earns_nothing_in_a_recovery);
    return g_test_run();
}
