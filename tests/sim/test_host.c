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

/* A word and a goodbye are on their way, and lost; whoever would send them
 * again is dead, and then another life's host. */
static void
who_loses_power_repeats_nothing_that_it_had_closed(void)
{
    for (int is_back = 0; is_back < 2; is_back++) {
        Street street;
        street_init(&street, 0);
        Endpoint *end = street_end(&street, RELAY, street.to);
        LinkId line = street.world.hosts[RECEIVER].down;
        link_extra(&street.world.network.links[line])->chosen_loss.next = 0x3;
        Turn *turn = street_plan(&street, RELAY);
        turn_write(turn, street.to, "lost", 4);
        turn_close(turn, street.to, CLOSE_DONE);
        street_act(&street, RELAY);
        street_run_ms(&street, 50);
        g_assert_cmpint(end->state, ==, TCP_ESTABLISHED);
        world_stop(&street.world, RELAY);
        if (is_back)
            world_start(&street.world, RELAY);
        street_run_ms(&street, 10000);
        street_expect(&street, RECEIVER, "");
        g_assert_cmpint(end->state, ==, TCP_CLOSED);
        street_clear(&street);
    }
}

/* The relay calls the receiver, who loses power after_ms later. */
static void
call_and_cut(Street *street, int64_t after_ms, bool is_back)
{
    street_init(street, 0);
    turn_connect(street_plan(street, RELAY), RECEIVER, TRANSPORT_TCP);
    street_act(street, RELAY);
    street_run_ms(street, after_ms);
    world_stop(&street->world, RECEIVER);
    if (is_back)
        world_start(&street->world, RECEIVER);
    street_run_ms(street, 100);
}

/* The call is still on its way; a new life may take it. */
static void
who_has_no_power_takes_no_call(void)
{
    for (int is_back = 0; is_back < 2; is_back++) {
        Street street;
        call_and_cut(&street, 5, is_back);
        street_expect(&street, RELAY, is_back ? "20 connected 2\n" : "");
        street_clear(&street);
    }
}

/* The old life answers at 10 ms; what it said at 20 ms reaches the new one. */
static void
a_new_life_knows_no_half_open_calls(void)
{
    Street street;
    call_and_cut(&street, 15, true);
    street_expect(&street, RELAY, "20 connected 2\n");
    street_expect(&street, RECEIVER, "");
    street_clear(&street);
}

/* At 5 ms the relay closes, behind 20 ms of work; at 10 ms comes a word. As
 * in a kernel, bytes that nobody read turn the end into a reset. */
static void
who_closes_hears_no_more_though_the_cpu_is_busy(void)
{
    Street street;
    street_init(&street, 0);
    street_say(&street, 20, "last");
    Turn *turn = street_plan(&street, RECEIVER);
    turn_write(turn, street.receiver, "too late", 8);
    street_act(&street, RECEIVER);
    street_run_ms(&street, 5);
    turn_close(street_plan(&street, RELAY), street.to, CLOSE_DONE);
    street_act(&street, RELAY);
    street_run_ms(&street, 100);
    street_expect(&street, RELAY, "");
    street_expect(&street, RECEIVER, "30 received 0 last\n30 closed 0 reset\n");
    street_clear(&street);
}

static void
a_close_that_waits_is_a_close_when_the_peer_is_first(void)
{
    const CloseReason reasons[] = {CLOSE_DONE, CLOSE_RESET};
    for (uint32_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        Street street;
        street_init(&street, 0);
        uint32_t free_count = street.world.hosts[RELAY].pool.free_count;
        turn_close(street_plan(&street, RECEIVER), street.receiver, reasons[i]);
        street_act(&street, RECEIVER);
        street_run_ms(&street, 5);
        Turn *turn = street_plan(&street, RELAY);
        turn_work(turn, WORK_RANK, 10, 0);
        turn_close(turn, street.to, CLOSE_DONE);
        street_act(&street, RELAY);
        street_run_ms(&street, 5);
        g_assert_cmpuint(street.world.hosts[RELAY].pool.free_count, ==,
                         free_count);
        street_run_ms(&street, 100);
        street_expect(&street, RELAY, "");
        g_assert_cmpuint(street.world.hosts[RELAY].pool.free_count, ==,
                         free_count + 1);
        street_clear(&street);
    }
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

/* The connect is still in the queue when the node thinks better of it. */
static void
who_closes_before_it_is_connected_hears_nothing(void)
{
    Street street;
    street_init(&street, 0);
    Turn *turn = street_plan(&street, RELAY);
    turn_work(turn, WORK_RANK, 1, 0);
    StreamId stream = turn_connect(turn, RECEIVER, TRANSPORT_TCP);
    street_act(&street, RELAY);
    turn = street_plan(&street, RELAY);
    turn_work(turn, WORK_RANK, 50, 0);
    turn_close(turn, stream, CLOSE_DONE);
    street_act(&street, RELAY);
    street_run_ms(&street, 200);
    street_expect(&street, RELAY, "");
    street_expect(&street, RECEIVER, "31 accepted 1\n61 closed 1 done\n");
    street_clear(&street);
}

static void
an_order_to_a_stream_that_will_close_is_cancelled_at_once(void)
{
    Street street;
    street_init(&street, 0);
    street_order(&street, 1000);
    street_send_body(&street, 0, 1000);
    street_run_ms(&street, 5);
    Turn *turn = street_plan(&street, RELAY);
    turn_work(turn, WORK_RANK, 10, 0);
    turn_close(turn, street.to, CLOSE_DONE);
    street_act(&street, RELAY);
    street_run_ms(&street, 100);
    street_expect(&street, RELAY, "");
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 1000);
    g_assert_cmpuint(street_puppet(&street, RECEIVER)->body_bytes, ==, 0);
    street_clear(&street);
}

/* Both wait: the order for 10 ms of work, the close for 10 ms more. */
static void
an_order_that_waits_is_cancelled_too(void)
{
    Street street;
    street_init(&street, 0);
    Turn *turn = street_plan(&street, RELAY);
    turn_work(turn, WORK_RANK, 10, 0);
    turn_forward(turn, street.from, street.to, 1000);
    street_act(&street, RELAY);
    turn = street_plan(&street, RELAY);
    turn_work(turn, WORK_RANK, 10, 0);
    turn_close(turn, street.to, CLOSE_DONE);
    street_act(&street, RELAY);
    street_send_body(&street, 0, 1000);
    street_run_ms(&street, 100);
    street_expect(&street, RELAY, "");
    street_expect(&street, RECEIVER, "30 closed 0 done\n");
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 1000);
    street_clear(&street);
}

/* Ordered at 5 ms behind 10 ms of work, the bytes come at 10 ms: they were
 * promised to the target, and wait for the word before them. */
static void
bytes_that_come_before_a_waiting_order_are_forwarded(void)
{
    Street street;
    street_init(&street, 0);
    street_send_body(&street, 0, 1000);
    street_run_ms(&street, 5);
    Turn *turn = street_plan(&street, RELAY);
    turn_work(turn, WORK_RANK, 10, 0);
    turn_write(turn, street.to, "head", 4);
    turn_forward(turn, street.from, street.to, 800);
    street_act(&street, RELAY);
    street_run_ms(&street, 100);
    street_expect(&street, RELAY, "15 forwarded 0\n");
    street_expect(&street, RECEIVER, "25 received 0 head\n");
    g_assert_cmpuint(street_puppet(&street, RECEIVER)->body_bytes, ==, 800);
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 200);
    street_clear(&street);
}

static void
an_expectation_holds_though_the_cpu_is_busy(void)
{
    Street street;
    street_init(&street, 0);
    Turn *turn = street_plan(&street, RELAY);
    turn_work(turn, WORK_RANK, 15, 0);
    turn_expect(turn, street.from, 1000);
    street_act(&street, RELAY);
    street_send_body(&street, 0, 600);
    street_run_ms(&street, 50);
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 0);
    street_send_body(&street, 600, 400);
    street_run_ms(&street, 50);
    g_assert_cmpuint(street_puppet(&street, RELAY)->piece_bytes, ==, 1000);
    street_clear(&street);
}

/* The first piece makes the node expect more: the rest waits for that. */
static void
a_new_expectation_holds_for_the_rest(void)
{
    Street street;
    street_init(&street, 0);
    Extent body = {.size_bytes = 996};
    turn_expect(street_cue(&street, RELAY, EVENT_RECEIVED), street.from, 1000);
    Turn *turn = street_plan(&street, SENDER);
    turn_write(turn, street.sender, "head", 4);
    turn_write_body(turn, street.sender, &body);
    street_act(&street, SENDER);
    street_run_ms(&street, 50);
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 0);
    street_send_body(&street, 996, 4);
    street_run_ms(&street, 50);
    g_assert_cmpuint(street_puppet(&street, RELAY)->piece_bytes, ==, 1000);
    street_clear(&street);
}

/* Half of what the receiver takes unread is all that is waited for. */
static void
an_expectation_beyond_the_window_is_no_dead_end(void)
{
    Street street;
    street_init(&street, 0);
    turn_expect(street_plan(&street, RELAY), street.from, 2 * WINDOW_BYTES);
    street_act(&street, RELAY);
    street_send_body(&street, 0, 2 * WINDOW_BYTES);
    street_run_ms(&street, 2000);
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, >=,
                     3 * WINDOW_BYTES / 2);
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
    g_test_add_func("/host/power_closed",
                    who_loses_power_repeats_nothing_that_it_had_closed);
    g_test_add_func("/host/power_call", who_has_no_power_takes_no_call);
    g_test_add_func("/host/power_half_open",
                    a_new_life_knows_no_half_open_calls);
    g_test_add_func("/host/close",
                    who_closes_hears_no_more_though_the_cpu_is_busy);
    g_test_add_func("/host/peer",
                    a_close_that_waits_is_a_close_when_the_peer_is_first);
    g_test_add_func("/host/word", a_word_that_waits_reaches_no_other_stream);
    g_test_add_func("/host/connect",
                    who_closes_before_it_is_connected_hears_nothing);
    g_test_add_func("/host/cancel",
                    an_order_to_a_stream_that_will_close_is_cancelled_at_once);
    g_test_add_func("/host/cancel_waiting",
                    an_order_that_waits_is_cancelled_too);
    g_test_add_func("/host/forward",
                    bytes_that_come_before_a_waiting_order_are_forwarded);
    g_test_add_func("/host/expect",
                    an_expectation_holds_though_the_cpu_is_busy);
    g_test_add_func("/host/new", a_new_expectation_holds_for_the_rest);
    g_test_add_func("/host/expect_much",
                    an_expectation_beyond_the_window_is_no_dead_end);
    g_test_add_func("/host/numbers",
                    a_cpu_that_never_rests_gives_stream_numbers_back);
    return g_test_run();
}
