/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_tcp_end.c: readers that stop, hosts that go, goodbyes.
 */
#include <glib.h>

#include "core/event.h"
#include "tests/sim/pair.h"

#define RTT_NS (50 * NS_PER_MS)
#define MSS 1448u
#define WINDOW_BYTES 60000u

static void
open_pair(Pair *pair, uint64_t rate_bps)
{
    pair_init(pair, rate_bps, RTT_NS);
    pair_open(pair, PEER_LISTENS);
}

/* The acceptor stops reading with a window of 60 kB; a lot more is coming. */
static void
open_to_a_stopped_reader(Pair *pair)
{
    pair_init(pair, 0, RTT_NS);
    pair->options.receive_window_bytes = WINDOW_BYTES;
    pair_open(pair, PEER_LISTENS);
    pair->sides[1].is_reading = false;
    pair_run(pair, NS_PER_S);
    pair_write(pair, 0, 10 * WINDOW_BYTES);
    pair_run(pair, 20 * NS_PER_S);
}

static void
a_reader_that_stops_stops_the_sender(void)
{
    Pair pair;
    open_to_a_stopped_reader(&pair);
    uint64_t waiting = tcp_readable_bytes(pair_end(&pair, 1));
    g_assert_cmpuint(waiting, <=, WINDOW_BYTES);
    g_assert_cmpuint(waiting, >, WINDOW_BYTES - MSS);
    g_assert_cmpuint(pair_end(&pair, 0)->count.timeouts, ==, 0);
    pair_clear(&pair);
}

static void
a_reader_that_goes_on_is_served_at_once(void)
{
    Pair pair;
    open_to_a_stopped_reader(&pair);
    pair.sides[1].is_reading = true;
    pair_read(&pair, 1, UINT64_MAX);
    pair_run(&pair, 20 * NS_PER_S + 2 * RTT_NS);
    g_assert_cmpuint(pair.sides[1].got_bytes, >, WINDOW_BYTES);
    pair_run(&pair, 22 * NS_PER_S);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 10 * WINDOW_BYTES);
    pair_clear(&pair);
}

/* The only ACK that tells of the new room is lost: knocking finds it out. */
static void
a_lost_window_update_is_asked_for(void)
{
    Pair pair;
    open_to_a_stopped_reader(&pair);
    link_extra(pair_link(&pair, 1))->chosen_loss.next = 1;
    pair.sides[1].is_reading = true;
    pair_read(&pair, 1, UINT64_MAX);
    pair_run(&pair, 20 * NS_PER_S + 2 * RTT_NS);
    g_assert_cmpuint(pair.sides[1].got_bytes, <=, WINDOW_BYTES);
    pair_finish(&pair);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 10 * WINDOW_BYTES);
    pair_clear(&pair);
}

static void
a_slow_reader_is_waited_for_as_long_as_it_answers(void)
{
    Pair pair;
    open_to_a_stopped_reader(&pair);
    pair_run(&pair, 7200 * NS_PER_S);
    g_assert_false(pair.sides[0].is_closed);
    pair.sides[1].is_reading = true;
    pair_read(&pair, 1, UINT64_MAX);
    pair_run(&pair, 7210 * NS_PER_S);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 10 * WINDOW_BYTES);
    pair_clear(&pair);
}

static void
a_stopped_reader_that_goes_away_is_not_waited_for_forever(void)
{
    Pair pair;
    open_to_a_stopped_reader(&pair);
    tcp_vanish(&pair.network, pair_end(&pair, 1));
    pair_finish(&pair);
    g_assert_true(pair.sides[0].is_closed);
    g_assert_cmpint(pair.sides[0].reason, ==, CLOSE_TIMED_OUT);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

static void
a_full_stream_says_when_it_has_room_again(void)
{
    Pair pair;
    open_pair(&pair, 10000000);
    pair_run(&pair, NS_PER_S);
    pair_write(&pair, 0, STREAM_LOW_WATER_BYTES);
    g_assert_false(pair_end(&pair, 0)->is_full);
    pair_write(&pair, 0, 1000000);
    while (pair.sides[0].drained_count == 0) {
        g_assert_cmpuint(tcp_unsent_bytes(pair_end(&pair, 0)), >,
                         STREAM_LOW_WATER_BYTES);
        pair_run(&pair, agenda_peek_ns(&pair.network.agenda));
    }
    g_assert_cmpuint(tcp_unsent_bytes(pair_end(&pair, 0)), <=,
                     STREAM_LOW_WATER_BYTES);
    pair_finish(&pair);
    g_assert_cmpuint(pair.sides[0].drained_count, ==, 1);
    pair_clear(&pair);
}

/* After a second 100 kB are on their way, and both sides about to close. */
static void
send_and_close(Pair *pair)
{
    open_pair(pair, 10000000);
    pair->sides[1].closes_after_peer = true;
    pair_run(pair, NS_PER_S);
    pair_write(pair, 0, 100000);
    pair_close(pair, 0, CLOSE_DONE);
}

static void
one_closes_and_the_other_follows(void)
{
    Pair pair;
    send_and_close(&pair);
    pair_finish(&pair);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 100000);
    g_assert_true(pair.sides[1].is_ended);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

/* The next connection here may live in another part, to whose thread nothing
 * must look as if it was due. */
static void
entries_left_behind_are_nobody_elses(void)
{
    Pair pair;
    send_and_close(&pair);
    int64_t now_ns = NS_PER_S;
    while (pair_end(&pair, 0)->is_used)
        pair_run(&pair, now_ns += NS_PER_MS);
    g_assert_cmpint(agenda_peek_ns(&pair.network.agenda), <, TIME_NEVER);
    g_assert_cmpint(pair_end(&pair, 0)->entry_ns, ==, TIME_NEVER);
    g_assert_cmpint(pair_end(&pair, 1)->entry_ns, ==, TIME_NEVER);
    pair_finish(&pair);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

/* Who closed first is done when the other's FIN has come, but answers it
 * again if that answer got lost. */
static void
a_lost_last_ack_is_sent_again(void)
{
    Pair pair;
    open_pair(&pair, 10000000);
    pair.sides[1].closes_after_peer = true;
    pair_run(&pair, NS_PER_S);
    pair_close(&pair, 0, CLOSE_DONE);
    int64_t now_ns = NS_PER_S;
    while (!pair_end(&pair, 1)->is_fin_sent)
        pair_run(&pair, now_ns += NS_PER_MS);
    link_extra(pair_link(&pair, 0))->chosen_loss.next = 1;
    pair_run(&pair, now_ns + 2 * RTT_NS);
    g_assert_cmpint(pair_end(&pair, 0)->state, ==, TCP_CLOSED);
    g_assert_cmpint(pair_end(&pair, 1)->state, ==, TCP_ESTABLISHED);
    pair_run(&pair, now_ns + 2 * NS_PER_S);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

static void
both_close_at_once(void)
{
    Pair pair;
    open_pair(&pair, 10000000);
    pair_run(&pair, NS_PER_S);
    pair_close(&pair, 0, CLOSE_DONE);
    pair_close(&pair, 1, CLOSE_DONE);
    pair_finish(&pair);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

static void
a_reset_is_heard_by_the_other_side(void)
{
    Pair pair;
    open_pair(&pair, 0);
    pair_run(&pair, NS_PER_S);
    pair_close(&pair, 0, CLOSE_RESET);
    pair_finish(&pair);
    g_assert_true(pair.sides[1].is_closed);
    g_assert_cmpint(pair.sides[1].reason, ==, CLOSE_RESET);
    g_assert_cmpint(pair.sides[1].closed_ns, ==, NS_PER_S + RTT_NS / 2);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

static void
data_for_one_that_has_left_is_answered_by_a_reset(void)
{
    Pair pair;
    open_pair(&pair, 0);
    pair_run(&pair, NS_PER_S);
    pair_close(&pair, 1, CLOSE_DONE);
    pair_write(&pair, 0, 50000);
    pair_finish(&pair);
    g_assert_true(pair.sides[0].is_closed);
    g_assert_cmpint(pair.sides[0].reason, ==, CLOSE_RESET);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

/* The answer and the goodbye behind it are lost, so that what is here already
 * comes again: no reason to reset what has ended well. */
static void
a_copy_for_one_that_has_left_is_only_acknowledged(void)
{
    Pair pair;
    open_pair(&pair, 0);
    pair.sides[0].closes_after_peer = true;
    pair_run(&pair, NS_PER_S);
    link_extra(pair_link(&pair, 1))->chosen_loss.next = 0x3;
    pair_write(&pair, 0, 100);
    pair_run(&pair, NS_PER_S + RTT_NS / 2);
    g_assert_cmpuint(pair.sides[1].got_bytes, ==, 100);
    pair_close(&pair, 1, CLOSE_DONE);
    pair_finish(&pair);
    g_assert_cmpuint(pair_end(&pair, 0)->count.resent_segments, >, 0);
    g_assert_true(pair.sides[0].is_ended);
    g_assert_false(pair.sides[0].is_closed);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

static void
where_nobody_listens_a_reset_comes_after_one_round_trip(void)
{
    Pair pair;
    pair_init(&pair, 0, RTT_NS);
    pair_open(&pair, PEER_REFUSES);
    pair_finish(&pair);
    g_assert_true(pair.sides[0].is_closed);
    g_assert_cmpint(pair.sides[0].reason, ==, CLOSE_REFUSED);
    g_assert_cmpint(pair.sides[0].closed_ns, ==, RTT_NS);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

static void
where_nobody_is_six_more_tries_are_made(void)
{
    Pair pair;
    pair_init(&pair, 0, RTT_NS);
    pair_open(&pair, PEER_IS_DEAD);
    pair_finish(&pair);
    g_assert_true(pair.sides[0].is_closed);
    g_assert_cmpint(pair.sides[0].reason, ==, CLOSE_TIMED_OUT);
    g_assert_cmpint(pair.sides[0].closed_ns, ==, 127 * NS_PER_S);
    g_assert_cmpuint(pair.network.count.sent_packets, ==, 7);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

static void
a_host_that_vanishes_in_a_transfer_is_given_up(void)
{
    Pair pair;
    open_pair(&pair, 10000000);
    pair_run(&pair, NS_PER_S);
    pair_write(&pair, 0, 10000000);
    pair_run(&pair, 3 * NS_PER_S);
    tcp_vanish(&pair.network, pair_end(&pair, 1));
    pair_finish(&pair);
    g_assert_true(pair.sides[0].is_closed);
    g_assert_cmpint(pair.sides[0].reason, ==, CLOSE_TIMED_OUT);
    pair_assert_over(&pair);
    pair_clear(&pair);
}

static void
memory_of_an_ended_connection_serves_the_next(void)
{
    Pair pair;
    pair_init(&pair, 10000000, RTT_NS);
    for (uint32_t i = 0; i < 20; i++) {
        pair.sides[0] = pair.sides[1] =
            (Side){.is_reading = true, .closes_after_peer = true};
        pair_open(&pair, i % 3 ? PEER_LISTENS : PEER_REFUSES);
        g_assert_cmpuint(pair.ids[0], ==, 0);
        pair_run(&pair, pair.network.now_ns + NS_PER_S);
        if (i % 3) {
            pair_write(&pair, 0, 30000);
            pair_close(&pair, 0, CLOSE_DONE);
        }
        pair_finish(&pair);
        g_assert_cmpuint(pair.sides[1].got_bytes, ==, i % 3 ? 30000 : 0);
        pair_assert_over(&pair);
    }
    g_assert_cmpuint(pair.network.connection_count, ==, 1);
    pair_clear(&pair);
}

/* Both sides send a megabyte through losses, bursts, overflowing queues and
 * jitter, then close; whatever happens, all bytes arrive and all ends. */
static void
all_bytes_arrive_whatever_the_links_do(void)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        Pair pair;
        pair_init(&pair, 10000000 + 1000000 * seed, RTT_NS);
        pair.options.congestion = seed % 2 ? CONGESTION_RENO : CONGESTION_CUBIC;
        for (int side = 0; side < 2; side++) {
            Link *link = pair_link(&pair, side);
            random_init(&link->random, (RandomSeed){seed, 0}, "soak", "link");
            link->loss = random_threshold(0.002 * (double)(seed % 40));
            link_bound(link, LINK_QUEUE_PACKETS, 10 + seed);
            link_extra(link)->has_codel = seed % 5 == 0;
            link_extra(link)->jitter_ns_max = (int64_t)(seed % 4) * NS_PER_MS;
            link_extra(link)->may_reorder = seed % 8 == 3;
            pair.sides[side].closes_after_peer = true;
        }
        if (seed % 8 == 3)
            link_bound(pair_link(&pair, 0), LINK_QUEUE_ENDLESS, 0);
        pair_open(&pair, PEER_LISTENS);
        pair_run(&pair, 100 * NS_PER_S);
        g_assert_cmpint(pair.sides[1].up_ns, <, 100 * NS_PER_S);
        pair_write(&pair, 0, 1000000);
        pair_write(&pair, 1, 1000000);
        pair_run(&pair, 3000 * NS_PER_S);
        g_assert_cmpuint(pair.sides[0].got_bytes, ==, 1000000);
        g_assert_cmpuint(pair.sides[1].got_bytes, ==, 1000000);
        pair_close(&pair, seed % 2, CLOSE_DONE);
        pair_finish(&pair);
        pair_assert_over(&pair);
        pair_clear(&pair);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tcp/stopped", a_reader_that_stops_stops_the_sender);
    g_test_add_func("/tcp/reopened", a_reader_that_goes_on_is_served_at_once);
    g_test_add_func("/tcp/lost_update", a_lost_window_update_is_asked_for);
    g_test_add_func("/tcp/slow_reader",
                    a_slow_reader_is_waited_for_as_long_as_it_answers);
    g_test_add_func("/tcp/stopped_and_gone",
                    a_stopped_reader_that_goes_away_is_not_waited_for_forever);
    g_test_add_func("/tcp/pressure", a_full_stream_says_when_it_has_room_again);
    g_test_add_func("/tcp/close", one_closes_and_the_other_follows);
    g_test_add_func("/tcp/left_behind", entries_left_behind_are_nobody_elses);
    g_test_add_func("/tcp/close_again", a_lost_last_ack_is_sent_again);
    g_test_add_func("/tcp/close_both", both_close_at_once);
    g_test_add_func("/tcp/reset", a_reset_is_heard_by_the_other_side);
    g_test_add_func("/tcp/left",
                    data_for_one_that_has_left_is_answered_by_a_reset);
    g_test_add_func("/tcp/left_copy",
                    a_copy_for_one_that_has_left_is_only_acknowledged);
    g_test_add_func("/tcp/refused",
                    where_nobody_listens_a_reset_comes_after_one_round_trip);
    g_test_add_func("/tcp/dead", where_nobody_is_six_more_tries_are_made);
    g_test_add_func("/tcp/vanished",
                    a_host_that_vanishes_in_a_transfer_is_given_up);
    g_test_add_func("/tcp/reuse",
                    memory_of_an_ended_connection_serves_the_next);
    g_test_add_func("/tcp/soak", all_bytes_arrive_whatever_the_links_do);
    return g_test_run();
}
