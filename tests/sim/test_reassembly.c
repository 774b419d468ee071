/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_reassembly.c: bytes that arrive in any order.
 */
#include "sim/transport/reassembly.h"

#include <glib.h>
#include <string.h>

#include "sim/random.h"

#define MAP_BYTES 400u

static void
bytes_in_order_leave_nothing_behind(void)
{
    Reassembly reassembly = {0};
    for (uint64_t seq = 0; seq < 1000; seq += 100)
        g_assert_true(reassembly_add(&reassembly, seq, seq + 100));
    g_assert_cmpuint(reassembly.next_seq, ==, 1000);
    g_assert_cmpuint(reassembly.count, ==, 0);
    g_assert_false(reassembly_add(&reassembly, 900, 1000));
    reassembly_clear(&reassembly);
}

static void
a_filled_hole_releases_what_waited_behind_it(void)
{
    Reassembly reassembly = {0};
    reassembly_add(&reassembly, 0, 100);
    reassembly_add(&reassembly, 200, 300);
    reassembly_add(&reassembly, 400, 500);
    g_assert_cmpuint(reassembly.next_seq, ==, 100);
    g_assert_cmpuint(reassembly.count, ==, 2);
    reassembly_add(&reassembly, 100, 200);
    g_assert_cmpuint(reassembly.next_seq, ==, 300);
    reassembly_add(&reassembly, 300, 400);
    g_assert_cmpuint(reassembly.next_seq, ==, 500);
    g_assert_cmpuint(reassembly.count, ==, 0);
    reassembly_clear(&reassembly);
}

static void
sack_tells_the_latest_intervals_first(void)
{
    Reassembly reassembly = {0};
    SackBlock sack[PACKET_SACK_MAX] = {{0, 0}};
    reassembly_add(&reassembly, 1000, 1100);
    reassembly_add(&reassembly, 3000, 3100);
    reassembly_add(&reassembly, 2000, 2100);
    reassembly_write_sack(&reassembly, sack);
    g_assert_cmpuint(sack[0].start_bytes, ==, 2000);
    g_assert_cmpuint(sack[0].end_bytes, ==, 2100);
    g_assert_cmpuint(sack[1].start_bytes, ==, 3000);
    /* Growing an interval makes it the latest, and is told once. */
    reassembly_add(&reassembly, 3100, 3200);
    memset(sack, 0, sizeof sack);
    reassembly_write_sack(&reassembly, sack);
    g_assert_cmpuint(sack[0].start_bytes, ==, 3000);
    g_assert_cmpuint(sack[0].end_bytes, ==, 3200);
    g_assert_cmpuint(sack[1].start_bytes, ==, 2000);
    reassembly_clear(&reassembly);
}

static void
sack_is_relative_to_the_cumulative_ack(void)
{
    Reassembly reassembly = {0};
    SackBlock sack[PACKET_SACK_MAX] = {{0, 0}};
    reassembly_add(&reassembly, 0, 5000);
    reassembly_add(&reassembly, 6000, 7000);
    reassembly_write_sack(&reassembly, sack);
    g_assert_cmpuint(sack[0].start_bytes, ==, 1000);
    g_assert_cmpuint(sack[0].end_bytes, ==, 2000);
    g_assert_cmpuint(sack[1].end_bytes, ==, 0);
    reassembly_clear(&reassembly);
}

static void
check_against_map(const Reassembly *reassembly, const bool *has_byte)
{
    uint32_t next = 0;
    while (next < MAP_BYTES && has_byte[next])
        next++;
    g_assert_cmpuint(reassembly->next_seq, ==, next);
    uint32_t interval = 0;
    for (uint32_t byte = next; byte < MAP_BYTES; byte++) {
        bool is_start = has_byte[byte] && !has_byte[byte - 1];
        bool is_end =
            has_byte[byte] && (byte + 1 == MAP_BYTES || !has_byte[byte + 1]);
        if (is_start)
            g_assert_cmpuint(reassembly->intervals[interval].start, ==, byte);
        if (is_end)
            g_assert_cmpuint(reassembly->intervals[interval++].end, ==,
                             byte + 1);
    }
    g_assert_cmpuint(reassembly->count, ==, interval);
}

static void
any_order_and_overlap_is_what_a_map_of_bytes_says(void)
{
    RandomStream stream;
    random_init(&stream, (RandomSeed){1, 0}, "reassembly", "test");
    for (uint32_t round = 0; round < 200; round++) {
        Reassembly reassembly = {0};
        bool has_byte[MAP_BYTES] = {false};
        for (uint32_t step = 0; step < 80; step++) {
            uint32_t start = (uint32_t)(random_next(&stream) % MAP_BYTES);
            uint32_t size = 1 + (uint32_t)(random_next(&stream) % 20);
            uint32_t end = MIN(start + size, MAP_BYTES);
            bool is_new = false;
            for (uint32_t byte = start; byte < end; byte++) {
                is_new |= !has_byte[byte];
                has_byte[byte] = true;
            }
            g_assert_cmpint(reassembly_add(&reassembly, start, end), ==,
                            is_new);
            check_against_map(&reassembly, has_byte);
        }
        reassembly_clear(&reassembly);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reassembly/order", bytes_in_order_leave_nothing_behind);
    g_test_add_func("/reassembly/hole",
                    a_filled_hole_releases_what_waited_behind_it);
    g_test_add_func("/reassembly/sack", sack_tells_the_latest_intervals_first);
    g_test_add_func("/reassembly/relative",
                    sack_is_relative_to_the_cumulative_ack);
    g_test_add_func("/reassembly/map",
                    any_order_and_overlap_is_what_a_map_of_bytes_says);
    return g_test_run();
}
