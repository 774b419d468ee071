/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_scoreboard.c: what the sender knows of its segments.
 */
#include "sim/transport/scoreboard.h"

#include <glib.h>

#include "sim/random.h"

static void
send_segments(Scoreboard *board, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        scoreboard_push(board, 100 * (uint64_t)i, 100, i);
}

/* Serials in the order in which they were last sent. */
static void
assert_order(Scoreboard *board, const uint32_t *serials, uint32_t count)
{
    SendingOrder order = scoreboard_order(board);
    for (uint32_t i = 0; i < count; i++)
        g_assert_cmpuint(scoreboard_next_sent(board, &order), ==, serials[i]);
    g_assert_cmpuint(scoreboard_next_sent(board, &order), ==, SERIAL_NONE);
}

static void
segments_in_flight_are_those_neither_sacked_nor_lost(void)
{
    Scoreboard board;
    scoreboard_init(&board);
    send_segments(&board, 10);
    g_assert_cmpuint(scoreboard_in_flight(&board), ==, 10);
    scoreboard_mark_sacked(&board, 5);
    scoreboard_mark_lost(&board, 2);
    scoreboard_mark_lost(&board, 3);
    g_assert_cmpuint(scoreboard_in_flight(&board), ==, 7);
    scoreboard_mark_resent(&board, 2, 50);
    g_assert_cmpuint(scoreboard_in_flight(&board), ==, 8);
    /* The copy is lost as well. */
    scoreboard_mark_lost(&board, 2);
    g_assert_cmpuint(scoreboard_in_flight(&board), ==, 7);
    scoreboard_mark_sacked(&board, 2);
    g_assert_cmpuint(scoreboard_in_flight(&board), ==, 7);
    for (uint32_t i = 0; i < 10; i++)
        scoreboard_pop(&board);
    g_assert_cmpuint(scoreboard_in_flight(&board), ==, 0);
    g_assert_cmpuint(board.lost_count + board.sacked_count, ==, 0);
    scoreboard_clear(&board);
}

static void
what_is_resent_moves_to_the_end_of_the_sending_order(void)
{
    Scoreboard board;
    scoreboard_init(&board);
    send_segments(&board, 4);
    assert_order(&board, (const uint32_t[]){0, 1, 2, 3}, 4);
    scoreboard_mark_lost(&board, 1);
    assert_order(&board, (const uint32_t[]){0, 2, 3}, 3);
    scoreboard_mark_resent(&board, 1, 99);
    assert_order(&board, (const uint32_t[]){0, 2, 3, 1}, 4);
    scoreboard_mark_sacked(&board, 3);
    scoreboard_pop(&board);
    assert_order(&board, (const uint32_t[]){2, 1}, 2);
    scoreboard_clear(&board);
}

static void
lost_segments_are_resent_from_the_first_on(void)
{
    Scoreboard board;
    scoreboard_init(&board);
    send_segments(&board, 20);
    g_assert_cmpuint(scoreboard_next_lost(&board), ==, SERIAL_NONE);
    scoreboard_mark_lost(&board, 12);
    g_assert_cmpuint(scoreboard_next_lost(&board), ==, 12);
    scoreboard_mark_lost(&board, 4);
    g_assert_cmpuint(scoreboard_next_lost(&board), ==, 4);
    scoreboard_mark_resent(&board, 4, 99);
    g_assert_cmpuint(scoreboard_next_lost(&board), ==, 12);
    scoreboard_mark_resent(&board, 12, 99);
    g_assert_cmpuint(scoreboard_next_lost(&board), ==, SERIAL_NONE);
    scoreboard_clear(&board);
}

static void
a_sequence_finds_the_segment_that_reaches_beyond_it(void)
{
    Scoreboard board;
    scoreboard_init(&board);
    send_segments(&board, 40);
    for (uint32_t i = 0; i < 3; i++)
        scoreboard_pop(&board);
    g_assert_cmpuint(scoreboard_find(&board, 0), ==, 3);
    g_assert_cmpuint(scoreboard_find(&board, 499), ==, 4);
    g_assert_cmpuint(scoreboard_find(&board, 500), ==, 5);
    g_assert_cmpuint(scoreboard_find(&board, 4000), ==, scoreboard_end(&board));
    scoreboard_clear(&board);
}

/* None was sent before the one that comes before it. */
static uint32_t
count_in_order(Scoreboard *board)
{
    int64_t sent_ns = 0;
    uint32_t count = 0;
    SendingOrder order = scoreboard_order(board);
    uint32_t serial;
    while ((serial = scoreboard_next_sent(board, &order)) != SERIAL_NONE) {
        const Segment *segment = scoreboard_at(board, serial);
        g_assert_true(segment->is_awaited);
        g_assert_cmpint(segment->sent_ns, >=, sent_ns);
        sent_ns = segment->sent_ns;
        count++;
    }
    return count;
}

static void
count_all(Scoreboard *board)
{
    uint32_t sacked = 0;
    uint32_t lost = 0;
    uint32_t awaited = 0;
    uint32_t resent = 0;
    for (uint32_t i = board->first; i != scoreboard_end(board); i++) {
        const Segment *segment = scoreboard_at(board, i);
        sacked += segment->is_sacked;
        lost += segment->is_lost;
        awaited += segment->is_awaited;
        resent += segment->is_resent;
        g_assert_false(segment->is_sacked && segment->is_awaited);
    }
    g_assert_cmpuint(board->sacked_count, ==, sacked);
    g_assert_cmpuint(count_in_order(board), ==, awaited);
    g_assert_cmpuint(board->lost_count, ==, lost);
    g_assert_cmpuint(board->resent_count, ==, resent);
}

/* What may happen to a segment, drawn again and again while the ring turns
 * and grows; the counts always are what counting gives. */
static void
counts_are_right_whatever_happens(void)
{
    Scoreboard board;
    RandomStream stream;
    scoreboard_init(&board);
    random_init(&stream, (RandomSeed){1, 0}, "scoreboard", "test");
    uint64_t seq = 0;
    for (int64_t now_ns = 0; now_ns < 20000; now_ns++) {
        uint64_t draw = random_next(&stream);
        if (draw % 3 == 0 || board.count < 5) {
            scoreboard_push(&board, seq, 100, now_ns);
            seq += 100;
            continue;
        }
        uint32_t serial = board.first + (uint32_t)(draw >> 32) % board.count;
        const Segment *segment = scoreboard_at(&board, serial);
        uint32_t what = (draw >> 8) % 4;
        if (what == 0)
            scoreboard_pop(&board);
        else if (segment->is_sacked)
            continue;
        else if (what == 1)
            scoreboard_mark_sacked(&board, serial);
        else if (what == 2)
            scoreboard_mark_lost(&board, serial);
        else if (segment->is_lost)
            scoreboard_mark_resent(&board, serial, now_ns);
        count_all(&board);
    }
    g_assert_cmpuint(board.capacity, >, 16);
    scoreboard_clear(&board);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scoreboard/flight",
                    segments_in_flight_are_those_neither_sacked_nor_lost);
    g_test_add_func("/scoreboard/chain",
                    what_is_resent_moves_to_the_end_of_the_sending_order);
    g_test_add_func("/scoreboard/resend",
                    lost_segments_are_resent_from_the_first_on);
    g_test_add_func("/scoreboard/find",
                    a_sequence_finds_the_segment_that_reaches_beyond_it);
    g_test_add_func("/scoreboard/counts", counts_are_right_whatever_happens);
    return g_test_run();
}
