/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_link.c: one link, packets by hand, times to the nanosecond.
 */
#include "sim/link.h"

#include <glib.h>

#include "core/event.h"

#define MBIT UINT64_C(1000000)
/* 1000 bytes at 8 Mbit/s take a millisecond. */
#define SIZE_BYTES 1000u
#define SEND_NS NS_PER_MS

typedef struct Bench {
    Link link;
    PacketPool pool;
    int64_t out_ns; /* of the last packet that came out */
    uint64_t number;
} Bench;

static void
bench_init(Bench *bench)
{
    *bench = (Bench){0};
    link_init(&bench->link);
    packet_pool_init(&bench->pool);
    bench->link.rate_bps = 8 * MBIT;
    random_init(&bench->link.random, (RandomSeed){1, 0}, "bench", "link");
}

static void
bench_clear(Bench *bench)
{
    g_assert_cmpuint(bench->pool.used_count, ==, 0);
    link_clear(&bench->link);
    packet_pool_clear(&bench->pool);
}

/* Packets are numbered in the order of arrival, the refused ones too. */
static bool
arrive(Bench *bench, uint32_t size_bytes, int64_t now_ns)
{
    uint32_t packet = packet_take(&bench->pool);
    bench->pool.transits[packet].size_bytes = (uint16_t)size_bytes;
    bench->pool.packets[packet].seq = bench->number++;
    bool is_taken = link_accept(&bench->link, &bench->pool, packet, now_ns);
    if (!is_taken)
        packet_put(&bench->pool, packet);
    return is_taken;
}

/* Let the next packet out when it is due; its number. */
static uint64_t
leave(Bench *bench, bool *ret_is_lost)
{
    bench->out_ns = link_next_ns(&bench->link, &bench->pool);
    bool is_early;
    g_assert_cmpuint(
        link_pop(&bench->link, &bench->pool, bench->out_ns - 1, &is_early), ==,
        PACKET_NONE);
    uint32_t packet =
        link_pop(&bench->link, &bench->pool, bench->out_ns, ret_is_lost);
    g_assert_cmpuint(packet, !=, PACKET_NONE);
    uint64_t number = bench->pool.packets[packet].seq;
    packet_put(&bench->pool, packet);
    return number;
}

static uint32_t
drain(Bench *bench)
{
    uint32_t count = 0;
    bool is_lost;
    while (link_next_ns(&bench->link, &bench->pool) != TIME_NEVER) {
        leave(bench, &is_lost);
        count++;
    }
    return count;
}

static void
sending_takes_size_over_rate_rounded_up(void)
{
    g_assert_cmpint(transmit_ns(1500, 10 * MBIT), ==, 1200000);
    g_assert_cmpint(transmit_ns(1, 3), ==, 2666666667);
    g_assert_cmpint(transmit_ns(1500, 0), ==, 0);
    g_assert_cmpint(transmit_ns(TRANSMIT_BYTES_MAX, 8), ==,
                    TRANSMIT_BYTES_MAX * NS_PER_S);
}

static void
packets_leave_one_after_the_other_in_order(void)
{
    Bench bench;
    bool is_lost;
    bench_init(&bench);
    bench.link.delay_ns = 5 * NS_PER_MS;
    for (uint32_t i = 0; i < 10; i++)
        g_assert_true(arrive(&bench, SIZE_BYTES, 0));
    for (uint32_t i = 0; i < 10; i++) {
        g_assert_cmpuint(leave(&bench, &is_lost), ==, i);
        g_assert_false(is_lost);
        g_assert_cmpint(bench.out_ns, ==, (i + 1) * SEND_NS + 5 * NS_PER_MS);
    }
    /* After a pause nobody waits. */
    arrive(&bench, SIZE_BYTES, NS_PER_S);
    leave(&bench, &is_lost);
    g_assert_cmpint(bench.out_ns, ==, NS_PER_S + 6 * NS_PER_MS);
    g_assert_cmpuint(bench.link.busy_ns, ==, 11 * SEND_NS);
    bench_clear(&bench);
}

static void
a_queue_of_three_packets_holds_three_beside_the_one_being_sent(void)
{
    Bench bench;
    bench_init(&bench);
    link_bound(&bench.link, LINK_QUEUE_PACKETS, 3);
    for (uint32_t i = 0; i < 4; i++)
        g_assert_true(arrive(&bench, SIZE_BYTES, 0));
    g_assert_false(arrive(&bench, SIZE_BYTES, 0));
    g_assert_false(arrive(&bench, SIZE_BYTES, SEND_NS - 1));
    /* At the very instant at which the next one starts, its place is free. */
    g_assert_true(arrive(&bench, SIZE_BYTES, SEND_NS));
    g_assert_false(arrive(&bench, SIZE_BYTES, SEND_NS));
    g_assert_cmpuint(bench.link.dropped_packets[LINK_DROP_QUEUE], ==, 3);
    g_assert_cmpuint(bench.link.waiting_packets_max, ==, 3);
    g_assert_cmpuint(drain(&bench), ==, 5);
    bench_clear(&bench);
}

/* The wire is ten seconds long: what is on it waits no more. */
static void
a_packet_that_is_long_under_way_leaves_the_queue_when_it_is_sent(void)
{
    Bench bench;
    bench_init(&bench);
    link_bound(&bench.link, LINK_QUEUE_PACKETS, 1);
    bench.link.delay_ns = 10 * NS_PER_S;
    g_assert_true(arrive(&bench, SIZE_BYTES, 0));
    g_assert_true(arrive(&bench, SIZE_BYTES, 0));
    g_assert_false(arrive(&bench, SIZE_BYTES, 0));
    g_assert_true(arrive(&bench, SIZE_BYTES, SEND_NS));
    g_assert_cmpuint(drain(&bench), ==, 3);
    bench_clear(&bench);
}

static void
a_queue_of_bytes_takes_what_still_fits(void)
{
    Bench bench;
    bench_init(&bench);
    link_bound(&bench.link, LINK_QUEUE_BYTES, 1500);
    g_assert_true(arrive(&bench, SIZE_BYTES, 0));
    g_assert_true(arrive(&bench, SIZE_BYTES, 0));
    g_assert_false(arrive(&bench, 501, 0));
    g_assert_true(arrive(&bench, 500, 0));
    g_assert_false(arrive(&bench, 1, 0));
    g_assert_cmpuint(drain(&bench), ==, 3);
    bench_clear(&bench);
}

static void
a_queue_of_time_takes_what_will_not_wait_longer(void)
{
    Bench bench;
    bench_init(&bench);
    link_bound(&bench.link, LINK_QUEUE_NS, 2 * SEND_NS);
    for (uint32_t i = 0; i < 3; i++)
        g_assert_true(arrive(&bench, SIZE_BYTES, 0));
    g_assert_cmpint(link_wait_ns(&bench.link, 0), ==, 3 * SEND_NS);
    g_assert_false(arrive(&bench, SIZE_BYTES, SEND_NS - 1));
    g_assert_true(arrive(&bench, SIZE_BYTES, SEND_NS));
    g_assert_cmpuint(bench.link.waited_ns, ==, 5 * SEND_NS);
    g_assert_cmpuint(drain(&bench), ==, 4);
    bench_clear(&bench);
}

static void
a_lost_packet_has_used_its_share_of_the_rate(void)
{
    Bench bench;
    bool is_lost;
    bench_init(&bench);
    bench.link.delay_ns = 7 * NS_PER_MS;
    link_extra(&bench.link)->chosen_loss.next = 0x5;
    for (uint32_t i = 0; i < 4; i++)
        arrive(&bench, SIZE_BYTES, 0);
    for (uint32_t i = 0; i < 4; i++) {
        leave(&bench, &is_lost);
        g_assert_cmpint(is_lost, ==, i == 0 || i == 2);
        g_assert_cmpint(bench.out_ns, ==, (i + 1) * SEND_NS + 7 * NS_PER_MS);
    }
    g_assert_cmpuint(bench.link.dropped_packets[LINK_DROP_LOSS], ==, 2);
    g_assert_cmpuint(bench.link.arrived_packets, ==, 4);
    bench_clear(&bench);
}

/* Loss only in the bad state, which is entered for certain and never left. */
static void
burst_loss_follows_its_state(void)
{
    Bench bench;
    bool is_lost;
    bench_init(&bench);
    LinkExtra *extra = link_extra(&bench.link);
    extra->has_burst_loss = true;
    extra->burst_loss = (BurstLoss){.to_bad = random_threshold(1),
                                    .to_good = random_threshold(0),
                                    .loss_bad = random_threshold(1)};
    for (uint32_t i = 0; i < 5; i++) {
        arrive(&bench, SIZE_BYTES, 0);
        leave(&bench, &is_lost);
        g_assert_true(is_lost);
    }
    extra->burst_loss.to_good = random_threshold(1);
    arrive(&bench, SIZE_BYTES, 0);
    leave(&bench, &is_lost);
    g_assert_false(is_lost);
    bench_clear(&bench);
}

static void
jitter_delays_but_never_reorders(void)
{
    Bench bench;
    bool is_lost;
    bench_init(&bench);
    link_extra(&bench.link)->jitter_ns_max = 20 * NS_PER_MS;
    bool is_delayed = false;
    for (uint32_t i = 0; i < 200; i++)
        arrive(&bench, SIZE_BYTES, 0);
    for (uint32_t i = 0; i < 200; i++) {
        int64_t last_ns = bench.out_ns;
        int64_t sent_ns = (i + 1) * SEND_NS;
        g_assert_cmpuint(leave(&bench, &is_lost), ==, i);
        g_assert_cmpint(bench.out_ns, >=, MAX(last_ns, sent_ns));
        g_assert_cmpint(bench.out_ns, <=, sent_ns + 20 * NS_PER_MS);
        is_delayed |= bench.out_ns > sent_ns;
    }
    g_assert_true(is_delayed);
    bench_clear(&bench);
}

static void
jitter_reorders_when_it_may(void)
{
    Bench bench;
    bool is_lost;
    bench_init(&bench);
    LinkExtra *extra = link_extra(&bench.link);
    extra->jitter_ns_max = 20 * NS_PER_MS;
    extra->may_reorder = true;
    uint32_t overtaken_count = 0;
    uint64_t number_sum = 0;
    uint64_t number_max = 0;
    for (uint32_t i = 0; i < 200; i++)
        arrive(&bench, SIZE_BYTES, 0);
    for (uint32_t i = 0; i < 200; i++) {
        int64_t last_ns = bench.out_ns;
        uint64_t number = leave(&bench, &is_lost);
        g_assert_cmpint(bench.out_ns, >=, last_ns);
        g_assert_cmpint(bench.out_ns, <=, ((int64_t)number + 21) * SEND_NS);
        overtaken_count += number < number_max;
        number_max = MAX(number_max, number);
        number_sum += number;
    }
    g_assert_cmpuint(overtaken_count, >, 20);
    g_assert_cmpuint(number_sum, ==, 199 * 200 / 2);
    bench_clear(&bench);
}

/* 1000 bytes: 8000 bits. Half a ms at 8 Mbit/s sends 4000 of them, the next
 * 2 ms nothing, the rest takes 1 ms at 4 Mbit/s. */
static void
a_rate_that_changes_under_way_is_followed_exactly(void)
{
    Bench bench;
    bool is_lost;
    bench_init(&bench);
    LinkExtra *extra = link_extra(&bench.link);
    extra->piece_count = 3;
    extra->pieces = g_new(RatePiece, 3);
    extra->pieces[0] = (RatePiece){0, 8 * MBIT};
    extra->pieces[1] = (RatePiece){10 * NS_PER_MS, 0};
    extra->pieces[2] = (RatePiece){12 * NS_PER_MS, 4 * MBIT};
    arrive(&bench, SIZE_BYTES, 0);
    leave(&bench, &is_lost);
    g_assert_cmpint(bench.out_ns, ==, NS_PER_MS);
    arrive(&bench, SIZE_BYTES, 9 * NS_PER_MS + NS_PER_MS / 2);
    leave(&bench, &is_lost);
    g_assert_cmpint(bench.out_ns, ==, 13 * NS_PER_MS);
    arrive(&bench, SIZE_BYTES, 20 * NS_PER_MS);
    leave(&bench, &is_lost);
    g_assert_cmpint(bench.out_ns, ==, 22 * NS_PER_MS);
    bench_clear(&bench);
}

/* Ten seconds of a tenth more than the link can send: without an AQM all of
 * it would wait; CoDel drops about the tenth and keeps the rest short. */
static int64_t
overload(Bench *bench)
{
    int64_t wait_ns_sum = 0;
    for (int64_t now_ns = 0; now_ns < 10 * NS_PER_S;
         now_ns += SEND_NS * 10 / 11) {
        while (link_next_ns(&bench->link, &bench->pool) <= now_ns) {
            bool is_lost;
            leave(bench, &is_lost);
        }
        if (now_ns > 5 * NS_PER_S)
            wait_ns_sum += link_wait_ns(&bench->link, now_ns);
        arrive(bench, SIZE_BYTES, now_ns);
    }
    drain(bench);
    return wait_ns_sum / 5500;
}

static void
codel_bounds_a_standing_queue(void)
{
    Bench bench;
    bench_init(&bench);
    g_assert_cmpint(overload(&bench), >, 500 * NS_PER_MS);
    bench_clear(&bench);
    bench_init(&bench);
    link_extra(&bench.link)->has_codel = true;
    int64_t mean_wait_ns = overload(&bench);
    g_assert_cmpint(mean_wait_ns, <, 60 * NS_PER_MS);
    uint64_t dropped = bench.link.dropped_packets[LINK_DROP_AQM];
    g_assert_cmpuint(dropped, >, 800);
    g_assert_cmpuint(dropped, <, 1300);
    bench_clear(&bench);
}

static void
codel_leaves_a_short_burst_alone(void)
{
    Bench bench;
    bench_init(&bench);
    link_extra(&bench.link)->has_codel = true;
    for (uint32_t i = 0; i < 60; i++)
        arrive(&bench, SIZE_BYTES, 0);
    g_assert_cmpuint(drain(&bench), ==, 60);
    bench_clear(&bench);
}

/* N = arrivals per second x time: the integral of the number waiting,
 * counted at every change, is the sum of the waits. */
static void
littles_law_holds_for_the_queue(void)
{
    Bench bench;
    bench_init(&bench);
    int64_t starts_ns[500];
    uint64_t integral = 0;
    for (uint32_t i = 0; i < G_N_ELEMENTS(starts_ns); i++) {
        int64_t now_ns = i / 7 * 5 * NS_PER_MS;
        starts_ns[i] = now_ns + link_wait_ns(&bench.link, now_ns);
        arrive(&bench, SIZE_BYTES, now_ns);
    }
    int64_t end_ns = starts_ns[G_N_ELEMENTS(starts_ns) - 1];
    for (int64_t at_ns = 0; at_ns <= end_ns; at_ns += NS_PER_MS) {
        for (uint32_t i = 0; i < G_N_ELEMENTS(starts_ns); i++) {
            bool is_here = i / 7 * 5 * NS_PER_MS <= at_ns;
            integral += is_here && starts_ns[i] > at_ns ? NS_PER_MS : 0;
        }
    }
    g_assert_cmpuint(bench.link.waited_ns, ==, integral);
    g_assert_cmpuint(drain(&bench), ==, 500);
    bench_clear(&bench);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link/rate", sending_takes_size_over_rate_rounded_up);
    g_test_add_func("/link/order", packets_leave_one_after_the_other_in_order);
    g_test_add_func(
        "/link/queue_packets",
        a_queue_of_three_packets_holds_three_beside_the_one_being_sent);
    g_test_add_func(
        "/link/long-wire",
        a_packet_that_is_long_under_way_leaves_the_queue_when_it_is_sent);
    g_test_add_func("/link/queue_bytes",
                    a_queue_of_bytes_takes_what_still_fits);
    g_test_add_func("/link/queue_time",
                    a_queue_of_time_takes_what_will_not_wait_longer);
    g_test_add_func("/link/loss", a_lost_packet_has_used_its_share_of_the_rate);
    g_test_add_func("/link/burst_loss", burst_loss_follows_its_state);
    g_test_add_func("/link/jitter", jitter_delays_but_never_reorders);
    g_test_add_func("/link/reordering", jitter_reorders_when_it_may);
    g_test_add_func("/link/schedule",
                    a_rate_that_changes_under_way_is_followed_exactly);
    g_test_add_func("/link/codel", codel_bounds_a_standing_queue);
    g_test_add_func("/link/codel_burst", codel_leaves_a_short_burst_alone);
    g_test_add_func("/link/little", littles_law_holds_for_the_queue);
    return g_test_run();
}
