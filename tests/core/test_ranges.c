/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/core/test_ranges.c: bytes go out once and come back once.
 */
#include "core/dice.h"
#include "core/ranges.h"
#include "core/speed.h"

#include <glib.h>

static void
neighbours_join_and_strangers_stay_apart(void)
{
    RangeSet set;
    ranges_init(&set);
    ranges_put(&set, &(Range){30, 40});
    ranges_put(&set, &(Range){10, 20});
    ranges_put(&set, &(Range){5, 5});
    g_assert_cmpuint(set.count, ==, 2);
    ranges_put(&set, &(Range){20, 30});
    g_assert_cmpuint(set.count, ==, 1);
    g_assert_cmpuint(set.ranges[0].start_bytes, ==, 10);
    g_assert_cmpuint(set.ranges[0].end_bytes, ==, 40);
    g_assert_cmpuint(set.total_bytes, ==, 30);
    ranges_clear(&set);
}

static void
cuts_are_aligned_and_never_empty(void)
{
    RangeSet set;
    ranges_init(&set);
    ranges_put(&set, &(Range){5, 100});
    Range first = ranges_take(&set, 4, 16);
    g_assert_cmpuint(first.start_bytes, ==, 5);
    g_assert_cmpuint(first.end_bytes, ==, 16);
    Range second = ranges_take(&set, 40, 16);
    g_assert_cmpuint(second.end_bytes, ==, 48);
    Range third = ranges_take(&set, 1000, 16);
    g_assert_cmpuint(third.end_bytes, ==, 100);
    Range none = ranges_take(&set, 1000, 16);
    g_assert_cmpuint(range_size_bytes(&none), ==, 0);
    ranges_clear(&set);
}

/* Many sources take, deliver part, and give the rest back, in any order: at
 * the end each byte has been delivered exactly once. */
static void
whatever_is_taken_and_given_back_each_byte_goes_once(void)
{
    enum { FILE_BYTES = 100003, HELD = 8 };
    static const uint8_t SEED[32] = {3};
    g_autofree uint8_t *seen = g_new0(uint8_t, FILE_BYTES);
    Range held[HELD] = {{0, 0}};
    RangeSet set;
    Dice dice;
    dice_init(&dice, SEED, 0);
    ranges_init(&set);
    ranges_put(&set, &(Range){0, FILE_BYTES});
    uint64_t left_bytes = FILE_BYTES;
    while (left_bytes > 0) {
        Range *one = &held[dice_below(&dice, HELD)];
        uint64_t part_bytes = dice_below(&dice, range_size_bytes(one) + 1);
        for (uint64_t i = 0; i < part_bytes; i++)
            seen[one->start_bytes++]++;
        left_bytes -= part_bytes;
        ranges_put(&set, one);
        *one = ranges_take(&set, 1 + dice_below(&dice, 3000),
                           dice_happens_ppm(&dice, 500000) ? 1 : 512);
    }
    for (uint32_t i = 0; i < FILE_BYTES; i++)
        g_assert_cmpuint(seen[i], ==, 1);
    g_assert_cmpuint(set.total_bytes, ==, 0);
    ranges_clear(&set);
}

static void
speed_is_taken_over_the_last_whole_seconds(void)
{
    Speed speed = {.tick_count = 0};
    g_assert_cmpuint(speed_bps(&speed, 5), ==, 0);
    uint64_t total_bytes = 0;
    for (uint32_t second = 1; second <= 200; second++) {
        total_bytes += second <= 100 ? 1000 : 3000;
        speed_tick(&speed, total_bytes);
        if (second == 2)
            g_assert_cmpuint(speed_bps(&speed, 5), ==, 8000);
        if (second == 102)
            g_assert_cmpuint(speed_bps(&speed, 5), ==,
                             (3 * 1000 + 2 * 3000) * 8 / 5);
    }
    g_assert_cmpuint(speed_bps(&speed, 60), ==, 24000);
}

#define STORY(name) g_test_add_func("/ranges/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    STORY(neighbours_join_and_strangers_stay_apart);
    STORY(cuts_are_aligned_and_never_empty);
    STORY(whatever_is_taken_and_given_back_each_byte_goes_once);
    STORY(speed_is_taken_over_the_last_whole_seconds);
    return g_test_run();
}
