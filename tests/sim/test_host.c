/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_host.c: a CPU is a queue, and what that means.
 */
#include "tests/sim/street.h"

static void
work_is_a_queue_and_what_waits_leaves_in_order(void)
{
    Street street;
    street_init(&street, 0);
    street_say(&street, 10, "first");
    street_run_ms(&street, 5);
    street_say(&street, 0, "second");
    street_run_ms(&street, 1);
    street_say(&street, 5, "third");
    street_run_ms(&street, 100);
    street_say(&street, 2, "fourth");
    street_run_ms(&street, 100);
    street_expect(&street, RECEIVER,
                  "20 received 0 first\n20 received 0 second\n"
                  "25 received 0 third\n118 received 0 fourth\n");
    g_assert_cmpuint(street.world.hosts[RELAY].count.cpu_busy_ns, ==,
                     17 * NS_PER_MS);
    street_clear(&street);
}

static void
cores_share_the_work(void)
{
    Street street;
    street_init(&street, 0);
    street.world.hosts[RELAY].cores = 4;
    street_say(&street, 10, "early");
    street_run_ms(&street, 100);
    street_expect(&street, RECEIVER, "12.5 received 0 early\n");
    street_clear(&street);
}

static void
who_loses_power_says_nothing_that_waited(void)
{
    Street street;
    street_init(&street, 0);
    street_say(&street, 100, "lost");
    street_run_ms(&street, 5);
    world_stop(&street.world, RELAY);
    world_start(&street.world, RELAY);
    street.to = street_open(&street, RELAY, RECEIVER);
    street_say(&street, 2, "again");
    street_run_ms(&street, 200);
    street_expect(&street, RECEIVER, "35 accepted 1\n47 received 1 again\n");
    street_clear(&street);
}

/* The receiver goes while a word for it waits: the stream that the relay
 * opens then has another number, and the word goes nowhere. */
static void
a_word_that_waits_reaches_no_other_stream(void)
{
    Street street;
    street_init(&street, 0);
    street_say(&street, 20, "lost");
    turn_close(street_plan(&street, RECEIVER), street.receiver, CLOSE_DONE);
    street_act(&street, RECEIVER);
    street_run_ms(&street, 15);
    StreamId stream = street_open(&street, RELAY, SENDER);
    g_assert_cmpuint(stream, !=, street.to);
    street_run_ms(&street, 100);
    street_expect(&street, RELAY, "10 closed 1 done\n40 connected 2\n");
    street_expect(&street, SENDER, "50 accepted 1\n");
    street_clear(&street);
}

/* A new stream each millisecond, closed in the next, on a CPU with 3 ms of
 * work before it: the numbers of closed streams are used again. */
static void
a_cpu_that_never_rests_gives_stream_numbers_back(void)
{
    Street street;
    street_init(&street, 0);
    turn_work(street_plan(&street, RELAY), WORK_RANK, 3, 0);
    street_act(&street, RELAY);
    StreamId last = STREAM_NONE;
    for (int i = 0; i < 1000; i++) {
        Turn *turn = street_plan(&street, RELAY);
        turn_work(turn, WORK_RANK, 1, 0);
        if (last != STREAM_NONE)
            turn_close(turn, last, CLOSE_RESET);
        last = turn_connect(turn, RECEIVER, TRANSPORT_TCP);
        street_act(&street, RELAY);
        g_assert_nonnull(street.world.hosts[RELAY].deferred_first);
        street_run_ms(&street, 1);
    }
    g_assert_cmpuint(street.world.hosts[RELAY].pool.capacity, <=, 16);
    street_clear(&street);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/queue",
                    work_is_a_queue_and_what_waits_leaves_in_order);
    g_test_add_func("/host/cores", cores_share_the_work);
    g_test_add_func("/host/power", who_loses_power_says_nothing_that_waited);
    g_test_add_func("/host/word", a_word_that_waits_reaches_no_other_stream);
    g_test_add_func("/host/numbers",
                    a_cpu_that_never_rests_gives_stream_numbers_back);
    return g_test_run();
}
