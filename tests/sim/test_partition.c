/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_partition.c: which places are simulated together.
 */
#include "sim/partition.h"

#include <glib.h>

#include "core/event.h"
#include "sim/mail.h"

#define PLACES_MAX 400

/* A row of places, so far from one another as the delays say. */
static Partition
split_row(uint32_t place_count, const int64_t *delays_ns, const double *weights)
{
    PartitionEdge edges[PLACES_MAX];
    for (uint32_t i = 0; i + 1 < place_count; i++)
        edges[i] = (PartitionEdge){i, i + 1, delays_ns[i]};
    return partition_places(place_count, weights, edges, place_count - 1);
}

static void
neighbours_are_together_and_the_window_is_what_lies_between(void)
{
    const int64_t delays_ns[] = {2 * NS_PER_MS, 9 * NS_PER_MS, 2 * NS_PER_MS,
                                 8 * NS_PER_MS, 2 * NS_PER_MS, 7 * NS_PER_MS,
                                 2 * NS_PER_MS};
    const double weights[] = {1, 1, 1, 1, 1, 1, 1, 1};
    Partition partition = split_row(8, delays_ns, weights);
    g_assert_cmpuint(partition.count, ==, 4);
    g_assert_cmpint(partition.window_ns, ==, 7 * NS_PER_MS);
    for (uint32_t place = 0; place < 8; place++)
        g_assert_cmpuint(partition.part_of[place], ==, place / 2);
    g_free(partition.part_of);
    g_free(partition.loads);
}

static void
no_part_is_made_that_has_more_than_a_quarter_of_the_work(void)
{
    const int64_t delays_ns[] = {2 * NS_PER_MS, 3 * NS_PER_MS, 4 * NS_PER_MS};
    const double weights[] = {10, 1, 1, 12};
    Partition partition = split_row(4, delays_ns, weights);
    g_assert_cmpuint(partition.count, ==, 4);
    g_assert_cmpint(partition.window_ns, ==, 2 * NS_PER_MS);
    g_free(partition.part_of);
    g_free(partition.loads);
}

static void
what_is_closer_than_a_millisecond_is_together_if_there_is_more(void)
{
    const int64_t delays_ns[] = {NS_PER_MS / 5, 20 * NS_PER_MS, NS_PER_MS / 5};
    const double weights[] = {1, 1, 1, 1};
    Partition partition = split_row(4, delays_ns, weights);
    g_assert_cmpuint(partition.count, ==, 2);
    g_assert_cmpint(partition.window_ns, ==, 20 * NS_PER_MS);
    g_free(partition.part_of);
    g_free(partition.loads);
    const int64_t short_ns[] = {NS_PER_MS / 5, NS_PER_MS / 10, NS_PER_MS / 5};
    partition = split_row(4, short_ns, weights);
    g_assert_cmpuint(partition.count, ==, 4);
    g_assert_cmpint(partition.window_ns, ==, NS_PER_MS / 10);
    g_free(partition.part_of);
    g_free(partition.loads);
}

static void
places_without_time_between_them_are_one_part(void)
{
    const int64_t delays_ns[] = {0, 10 * NS_PER_US, 0};
    const double weights[] = {1, 1, 1, 1};
    Partition partition = split_row(4, delays_ns, weights);
    g_assert_cmpuint(partition.count, ==, 1);
    for (uint32_t place = 0; place < 4; place++)
        g_assert_cmpuint(partition.part_of[place], ==, 0);
    g_free(partition.part_of);
    g_free(partition.loads);
}

static void
one_place_alone_is_one_part(void)
{
    const double weight = 1;
    Partition partition = partition_places(1, &weight, NULL, 0);
    g_assert_cmpuint(partition.count, ==, 1);
    g_free(partition.part_of);
    g_free(partition.loads);
}

static void
there_are_never_too_many(void)
{
    int64_t delays_ns[PLACES_MAX];
    double weights[PLACES_MAX];
    for (uint32_t i = 0; i < PLACES_MAX; i++) {
        delays_ns[i] = (i + 2) * NS_PER_MS;
        weights[i] = i == 0 ? 1e6 : 1;
    }
    Partition partition = split_row(PLACES_MAX, delays_ns, weights);
    g_assert_cmpuint(partition.count, <=, PARTS_MAX);
    g_assert_cmpuint(partition.count, >, 1);
    g_free(partition.part_of);
    g_free(partition.loads);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/partition/"
        "neighbours_are_together_and_the_window_is_what_lies_between",
        neighbours_are_together_and_the_window_is_what_lies_between);
    g_test_add_func(
        "/partition/no_part_is_made_that_has_more_than_a_quarter_of_the_work",
        no_part_is_made_that_has_more_than_a_quarter_of_the_work);
    g_test_add_func(
        "/partition/what_is_closer_than_a_millisecond_is_together",
        what_is_closer_than_a_millisecond_is_together_if_there_is_more);
    g_test_add_func("/partition/places_without_time_between_are_one_part",
                    places_without_time_between_them_are_one_part);
    g_test_add_func("/partition/one_place_alone_is_one_part",
                    one_place_alone_is_one_part);
    g_test_add_func("/partition/there_are_never_too_many",
                    there_are_never_too_many);
    return g_test_run();
}
