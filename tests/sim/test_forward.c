/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_forward.c: standing orders between two streams.
 */
#include "tests/sim/street.h"

#define FORWARD_BUFFER_BYTES (256 * KIB)

/* The receiver's line is slow: what waits for it must wait at the sender. */
static void
an_order_is_bounded_and_its_back_pressure_reaches_the_sender(void)
{
    Street street;
    street_init(&street, 20000000);
    const uint64_t size_bytes = 4096 * KIB;
    street_order(&street, size_bytes);
    street_send_body(&street, 0, size_bytes);
    const Node *receiver = street_puppet(&street, RECEIVER);
    const Endpoint *from = street_end(&street, RELAY, street.from);
    const Endpoint *to = street_end(&street, RELAY, street.to);
    const Endpoint *sender = street_end(&street, SENDER, street.sender);
    uint64_t unsent_bytes_max = 0;
    while (receiver->body_bytes < size_bytes) {
        street_step(&street);
        uint64_t unsent_bytes = tcp_unsent_bytes(to);
        unsent_bytes_max = MAX(unsent_bytes_max, unsent_bytes);
        g_assert_cmpuint(tcp_readable_bytes(from), <=, WINDOW_BYTES);
        g_assert_cmpuint(sender->next_seq - receiver->body_bytes, <=,
                         WINDOW_BYTES + FORWARD_BUFFER_BYTES + WINDOW_BYTES);
    }
    g_assert_cmpuint(unsent_bytes_max, ==, FORWARD_BUFFER_BYTES);
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 0);
    g_assert_nonnull(
        g_strrstr(street_puppet(&street, RELAY)->heard->str, " forwarded 0\n"));
    street_clear(&street);
}

static void
a_body_that_ends_with_the_stream_is_told_before_its_end(void)
{
    Street street;
    street_init(&street, 0);
    street_order(&street, 1000);
    Extent body = {.size_bytes = 1000};
    Turn *turn = street_plan(&street, SENDER);
    turn_write_body(turn, street.sender, &body);
    turn_close(turn, street.sender, CLOSE_DONE);
    street_act(&street, SENDER);
    street_run_ms(&street, 100);
    street_expect(&street, RELAY, "10 forwarded 0\n10 closed 0 done\n");
    g_assert_cmpuint(street_puppet(&street, RECEIVER)->body_bytes, ==, 1000);
    street_clear(&street);
}

static void
a_stream_that_ends_early_is_told_and_never_forwarded(void)
{
    Street street;
    street_init(&street, 0);
    street_order(&street, 1001);
    Extent body = {.size_bytes = 1000};
    Turn *turn = street_plan(&street, SENDER);
    turn_write_body(turn, street.sender, &body);
    turn_close(turn, street.sender, CLOSE_DONE);
    street_act(&street, SENDER);
    street_run_ms(&street, 100);
    street_expect(&street, RELAY, "10 closed 0 done\n");
    g_assert_cmpuint(street_puppet(&street, RECEIVER)->body_bytes, ==, 1000);
    street_clear(&street);
}

/* One order after the other on the same streams, given in the very turn that
 * hears of the end of the first. */
static void
the_turn_that_hears_of_the_end_may_order_again(void)
{
    Street street;
    street_init(&street, 0);
    street_order(&street, 1000);
    turn_forward(street_cue(&street, RELAY, EVENT_FORWARDED), street.from,
                 street.to, 500);
    street_send_body(&street, 0, 1700);
    street_run_ms(&street, 100);
    street_expect(&street, RELAY, "10 forwarded 0\n10 forwarded 0\n");
    g_assert_cmpuint(street_puppet(&street, RECEIVER)->body_bytes, ==, 1500);
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 200);
    street_clear(&street);
}

/* The buffer is full when the target goes: what waits before it, and what
 * comes later, is the node's again, to the last byte. */
static void
a_target_that_closes_cancels_the_order(void)
{
    Street street;
    street_init(&street, 1000000);
    const uint64_t size_bytes = 2048 * KIB;
    street_order(&street, size_bytes);
    street_send_body(&street, 0, size_bytes);
    street_run_ms(&street, 500);
    const Node *receiver = street_puppet(&street, RECEIVER);
    const Node *relay = street_puppet(&street, RELAY);
    g_assert_cmpuint(relay->body_bytes, ==, 0);
    turn_close(street_plan(&street, RECEIVER), street.receiver, CLOSE_RESET);
    street_act(&street, RECEIVER);
    uint64_t forwarded_bytes = receiver->body_bytes;
    street_run_ms(&street, 1000);
    street_expect(&street, RELAY, "510 closed 1 reset\n");
    g_assert_cmpuint(relay->body_bytes, >, size_bytes / 2);
    g_assert_cmpuint(relay->body_end_bytes, ==, size_bytes);
    g_assert_cmpuint(receiver->body_bytes, ==, forwarded_bytes);
    street_clear(&street);
}

static void
a_target_that_the_node_closes_cancels_the_order(void)
{
    Street street;
    street_init(&street, 0);
    street_order(&street, 3000);
    street_send_body(&street, 0, 1000);
    street_run_ms(&street, 50);
    turn_close(street_plan(&street, RELAY), street.to, CLOSE_DONE);
    street_act(&street, RELAY);
    street_send_body(&street, 1000, 2000);
    street_run_ms(&street, 100);
    street_expect(&street, RELAY, "");
    street_expect(&street, RECEIVER, "60 closed 0 done\n");
    g_assert_cmpuint(street_puppet(&street, RECEIVER)->body_bytes, ==, 1000);
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 2000);
    street_clear(&street);
}

/* What the node expected of its own reading does not slow an order down, and
 * holds again when the order is done. */
static void
an_expectation_rests_while_an_order_holds(void)
{
    Street street;
    street_init(&street, 0);
    Turn *turn = street_plan(&street, RELAY);
    turn_expect(turn, street.from, 1000);
    turn_forward(turn, street.from, street.to, 1500);
    street_act(&street, RELAY);
    street_send_body(&street, 0, 600);
    street_run_ms(&street, 50);
    g_assert_cmpuint(street_puppet(&street, RECEIVER)->body_bytes, ==, 600);
    street_send_body(&street, 600, 1500);
    street_run_ms(&street, 50);
    g_assert_cmpuint(street_puppet(&street, RECEIVER)->body_bytes, ==, 1500);
    street_expect(&street, RELAY, "60 forwarded 0\n");
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 0);
    street_send_body(&street, 2100, 400);
    street_run_ms(&street, 50);
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 1000);
    g_assert_cmpuint(street_puppet(&street, RELAY)->piece_bytes, ==, 1000);
    street_clear(&street);
}

/* The target's end and 600 bytes come at one instant, after a thousand that
 * the node had expected: 600 are too few for it. */
static void
an_expectation_holds_again_when_the_target_goes(void)
{
    Street street;
    street_init(&street, 0);
    turn_expect(street_plan(&street, RELAY), street.from, 1000);
    street_act(&street, RELAY);
    street_send_body(&street, 0, 1000);
    street_run_ms(&street, 50);
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 1000);
    street_order(&street, 5000);
    turn_close(street_plan(&street, RECEIVER), street.receiver, CLOSE_RESET);
    street_act(&street, RECEIVER);
    street_send_body(&street, 1000, 600);
    street_run_ms(&street, 50);
    street_expect(&street, RELAY, "60 closed 1 reset\n");
    g_assert_cmpuint(street_puppet(&street, RELAY)->body_bytes, ==, 1000);
    street_clear(&street);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/forward/bound",
        an_order_is_bounded_and_its_back_pressure_reaches_the_sender);
    g_test_add_func("/forward/end",
                    a_body_that_ends_with_the_stream_is_told_before_its_end);
    g_test_add_func("/forward/short",
                    a_stream_that_ends_early_is_told_and_never_forwarded);
    g_test_add_func("/forward/again",
                    the_turn_that_hears_of_the_end_may_order_again);
    g_test_add_func("/forward/target", a_target_that_closes_cancels_the_order);
    g_test_add_func("/forward/cancel",
                    a_target_that_the_node_closes_cancels_the_order);
    g_test_add_func("/forward/expect",
                    an_expectation_rests_while_an_order_holds);
    g_test_add_func("/forward/target_expect",
                    an_expectation_holds_again_when_the_target_goes);
    return g_test_run();
}
