/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_distribution.c: draws follow the law that is written down.
 *
 * Each law is drawn 200,000 times from a fixed seed and held against its own
 * closed form: the mean within four standard errors, the share below a point
 * within 0.5 %.
 */
#include "sim/distribution.h"

#include <glib.h>
#include <math.h>

#define DRAW_COUNT 200000

static RandomStream
new_stream(const char *purpose)
{
    RandomStream stream;
    random_init(&stream, (RandomSeed){.seed = 7}, "test", purpose);
    return stream;
}

static void
check_law(const Distribution *law, double spread, double point)
{
    RandomStream stream = new_stream(distribution_kind_name(law->kind));
    double sum = 0;
    int below_count = 0;
    for (int i = 0; i < DRAW_COUNT; i++) {
        double value = distribution_draw(law, &stream);
        sum += value;
        below_count += value < point;
    }
    double error = 4 * spread / sqrt(DRAW_COUNT);
    g_assert_cmpfloat_with_epsilon(sum / DRAW_COUNT, distribution_mean(law),
                                   error + 1e-9);
    g_assert_cmpfloat_with_epsilon((double)below_count / DRAW_COUNT,
                                   distribution_share_below(law, point), 0.005);
}

static void
draws_follow_their_closed_forms(void)
{
    Distribution law = {.kind = DISTRIBUTION_CONSTANT, .a = 5};
    check_law(&law, 0, 5.5);
    law = (Distribution){.kind = DISTRIBUTION_UNIFORM, .a = 2, .b = 6};
    check_law(&law, 1.155, 3);
    law = (Distribution){.kind = DISTRIBUTION_EXPONENTIAL, .a = 10};
    check_law(&law, 10, 12);
    law = (Distribution){.kind = DISTRIBUTION_LOGNORMAL, .a = 30, .b = 0.6};
    check_law(&law, 24, 30);
    law = (Distribution){.kind = DISTRIBUTION_PARETO, .a = 1, .b = 4};
    check_law(&law, 0.48, 1.2);
    law = (Distribution){.kind = DISTRIBUTION_ZIPF, .a = 4, .b = 2};
    check_law(&law, 1.2, 3);
}

static void
a_lognormal_has_the_median_it_is_given(void)
{
    /* The file sizes of the NetDisk scenario: median 115, mean 390 MB. */
    Distribution law = {
        .kind = DISTRIBUTION_LOGNORMAL, .a = 115e6, .b = 1.5628};
    g_assert_cmpfloat_with_epsilon(distribution_share_below(&law, 115e6), 0.5,
                                   1e-9);
    g_assert_cmpfloat_with_epsilon(distribution_mean(&law), 390e6, 0.1e6);
}

static void
quantiles_are_met_at_their_points_and_straight_between(void)
{
    static const DistributionPoint POINTS[] = {
        {0.1, 2, NULL}, {0.5, 10, NULL}, {0.9, 50, NULL}};
    Distribution law = {.kind = DISTRIBUTION_QUANTILES,
                        .points = POINTS,
                        .point_count = G_N_ELEMENTS(POINTS)};
    g_assert_cmpfloat(distribution_share_below(&law, 1), ==, 0);
    g_assert_cmpfloat_with_epsilon(distribution_share_below(&law, 6), 0.3,
                                   1e-9);
    g_assert_cmpfloat_with_epsilon(distribution_share_below(&law, 50), 0.9,
                                   1e-9);
    g_assert_cmpfloat(distribution_share_below(&law, 51), ==, 1);
    check_law(&law, 17, 20);
}

static void
a_choice_picks_by_weight_whatever_the_weights_sum_to(void)
{
    static const DistributionPoint POINTS[] = {
        {3, 4, "four"}, {0, 5, "never"}, {1, 6, "six"}};
    Distribution law = {.kind = DISTRIBUTION_CHOICE,
                        .points = POINTS,
                        .point_count = G_N_ELEMENTS(POINTS)};
    RandomStream stream = new_stream("choice");
    int counts[7] = {0};
    for (int i = 0; i < DRAW_COUNT; i++)
        counts[distribution_draw_choice(&law, &stream)]++;
    g_assert_cmpint(counts[5], ==, 0);
    g_assert_cmpint(counts[4] + counts[6], ==, DRAW_COUNT);
    g_assert_cmpfloat_with_epsilon(counts[4] / (double)DRAW_COUNT, 0.75, 0.005);
}

static void
integers_are_rounded_and_never_negative(void)
{
    RandomStream stream = new_stream("integer");
    Distribution law = {.kind = DISTRIBUTION_CONSTANT, .a = 2.5};
    g_assert_cmpint(distribution_draw_integer(&law, &stream), ==, 3);
    law.a = -4;
    g_assert_cmpint(distribution_draw_integer(&law, &stream), ==, 0);
    law.a = 1e300;
    g_assert_cmpint(distribution_draw_integer(&law, &stream), ==,
                    INT64_C(1) << 53);
}

static void
laws_without_a_mean_say_so(void)
{
    Distribution law = {.kind = DISTRIBUTION_PARETO, .a = 1, .b = 1};
    g_assert_true(isinf(distribution_mean(&law)));
    law = (Distribution){.kind = DISTRIBUTION_ZIPF, .a = 2, .b = 1};
    g_assert_true(isinf(distribution_mean(&law)));
}

static void
equal_streams_draw_equally(void)
{
    Distribution law = {.kind = DISTRIBUTION_LOGNORMAL, .a = 30, .b = 0.6};
    RandomStream left = new_stream("twin");
    RandomStream right = new_stream("twin");
    for (int i = 0; i < 1000; i++)
        g_assert_cmpfloat(distribution_draw(&law, &left), ==,
                          distribution_draw(&law, &right));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/distribution/closed_forms",
                    draws_follow_their_closed_forms);
    g_test_add_func("/distribution/median",
                    a_lognormal_has_the_median_it_is_given);
    g_test_add_func("/distribution/quantiles",
                    quantiles_are_met_at_their_points_and_straight_between);
    g_test_add_func("/distribution/choice",
                    a_choice_picks_by_weight_whatever_the_weights_sum_to);
    g_test_add_func("/distribution/integers",
                    integers_are_rounded_and_never_negative);
    g_test_add_func("/distribution/no_mean", laws_without_a_mean_say_so);
    g_test_add_func("/distribution/streams", equal_streams_draw_equally);
    return g_test_run();
}
