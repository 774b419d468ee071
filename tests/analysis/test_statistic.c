/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/test_statistic.c: estimates against published figures, and
 * intervals against how often they hold what they promise.
 */
#include "analysis/statistic.h"

#include <glib.h>
#include <gsl/gsl_randist.h>
#include <math.h>

static void
expect_near(double value, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(value, expected, tolerance);
}

static void
percentile_lies_between_order_statistics(void)
{
    double values[] = {40, 10, 30, 20};
    statistic_sort(values, 4);
    expect_near(statistic_percentile(values, 4, 0), 10, 1e-12);
    expect_near(statistic_percentile(values, 4, 0.5), 25, 1e-12);
    expect_near(statistic_percentile(values, 4, 0.9), 37, 1e-12);
    expect_near(statistic_percentile(values, 4, 1), 40, 1e-12);
    g_assert_true(isnan(statistic_percentile(values, 0, 0.5)));
}

/* Newcombe, "Two-sided confidence intervals for the single proportion",
 * Statistics in Medicine 17 (1998), table I, method 3. */
static void
share_interval_is_wilsons(void)
{
    Estimate share = statistic_share(81, 263);
    expect_near(share.low, 0.2553, 5e-5);
    expect_near(share.high, 0.3662, 5e-5);
    share = statistic_share(15, 148);
    expect_near(share.low, 0.0624, 5e-5);
    expect_near(share.high, 0.1605, 5e-5);
    share = statistic_share(0, 20);
    expect_near(share.low, 0, 1e-12);
    expect_near(share.high, 0.1611, 5e-5);
    share = statistic_share(1, 29);
    expect_near(share.low, 0.0061, 5e-5);
    expect_near(share.high, 0.1718, 5e-5);
    g_assert_true(isnan(statistic_share(0, 0).value));
}

/* 2, 4, 4, 4, 5, 5, 7, 9: mean 5, s = sqrt(32/7), t(7) = 2.364624. */
static void
mean_has_students_interval(void)
{
    const double parts[] = {2, 4, 4, 4, 5, 5, 7, 9, 1000, (double)NAN};
    const double wholes[] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 1};
    RatioSample sample = {parts, wholes, 10, RATIO_OF_SUMS};
    Estimate mean = statistic_ratio(&sample);
    double half = 2.364624 * sqrt(32.0 / 7) / sqrt(8);
    g_assert_cmpuint(mean.count, ==, 8);
    expect_near(mean.value, 5, 1e-12);
    expect_near(mean.low, 5 - half, 1e-5);
    expect_near(mean.high, 5 + half, 1e-5);
}

static void
ratio_weighs_by_the_whole(void)
{
    const double connects[] = {4, 0, 1};
    const double attempts[] = {4, 4, 2};
    RatioSample sample = {connects, attempts, 3, RATIO_OF_SUMS};
    expect_near(statistic_ratio(&sample).value, 0.5, 1e-12);
}

/* 32 of 32 attempts of four downloads, and t(3) = 3.182446: Wilson's lower
 * bound is 1 / (1 + t^2 / 32). Four downloads that agree prove little. */
static void
share_of_attempts_is_never_certain(void)
{
    const double all[] = {8, 8, 8, 8};
    const double half[] = {4, 4, 4, 4};
    RatioSample sample = {
        .parts = all, .wholes = all, .count = 4, .kind = RATIO_POOLED_SHARE};
    Estimate share = statistic_ratio(&sample);
    g_assert_cmpuint(share.count, ==, 4);
    expect_near(share.value, 1, 1e-12);
    expect_near(share.high, 1, 1e-12);
    expect_near(share.low, 0.7596, 5e-5);
    sample.parts = half;
    share = statistic_ratio(&sample);
    g_assert_cmpfloat(share.low, <, 0.3);
    g_assert_cmpfloat(share.high, >, 0.7);
}

/* Of each download all attempts succeed or none, so that they are worth one:
 * the variance is that of 19, and t(19) = 2.093024. */
static void
attempts_of_one_luck_count_as_one(void)
{
    double parts[20];
    double wholes[20];
    for (size_t i = 0; i < 20; i++) {
        wholes[i] = 4;
        parts[i] = i % 2 ? 4 : 0;
    }
    RatioSample sample = {.parts = parts,
                          .wholes = wholes,
                          .count = 20,
                          .kind = RATIO_POOLED_SHARE};
    Estimate share = statistic_ratio(&sample);
    expect_near(share.value, 0.5, 1e-12);
    expect_near(share.low, 0.2836, 5e-5);
    expect_near(share.high, 0.7164, 5e-5);
}

static void
one_observation_has_no_interval(void)
{
    const double one[] = {1};
    RatioSample sample = {one, one, 1, RATIO_OF_SUMS};
    Estimate mean = statistic_ratio(&sample);
    expect_near(mean.value, 1, 1e-12);
    g_assert_true(isnan(mean.low));
    g_assert_true(isnan(mean.high));
}

/* b = a + 1 exactly: as means, the difference is known without error, since
 * the common part cancels. */
static void
common_luck_cancels_in_a_paired_difference(void)
{
    const double ones[] = {1, 1, 1, 1};
    const double before[] = {10, 90, 40, 60};
    const double after[] = {11, 91, 41, 61};
    RatioSample first = {before, ones, 4, RATIO_OF_SUMS};
    RatioSample second = {after, ones, 4, RATIO_OF_SUMS};
    Estimate difference = statistic_paired_difference(&first, &second);
    expect_near(difference.value, 1, 1e-12);
    expect_near(difference.low, 1, 1e-6);
    expect_near(difference.high, 1, 1e-6);
}

static void
one_pair_has_no_interval(void)
{
    const double one[] = {1};
    const double two[] = {2};
    RatioSample first = {one, one, 1, RATIO_OF_SUMS};
    RatioSample second = {two, one, 1, RATIO_OF_SUMS};
    Estimate difference = statistic_paired_difference(&first, &second);
    expect_near(difference.value, 1, 1e-12);
    g_assert_true(isnan(difference.low));
    g_assert_true(isnan(difference.high));
}

/* Newcombe, "Improved confidence intervals for the difference between
 * binomial proportions based on paired data", Statistics in Medicine 17
 * (1998): 0 against 0 of 10 is no proof of equality (square-and-add of two
 * Wilson intervals of [0, 0.2775]). */
static void
equal_zeros_still_leave_doubt(void)
{
    const double ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const double none[10] = {0};
    RatioSample sample = {none, ones, 10, RATIO_SHARE};
    Estimate difference = statistic_paired_difference(&sample, &sample);
    expect_near(difference.value, 0, 1e-12);
    expect_near(difference.low, -0.2775, 5e-5);
    expect_near(difference.high, 0.2775, 5e-5);
}

enum { STUDY_SIZE = 200, STUDY_COUNT = 2000 };

typedef struct Study {
    double parts[2][STUDY_SIZE];
    double wholes[2][STUDY_SIZE];
} Study;

/* Downloads whose shared line decides half of the outcome; the second mode
 * succeeds with 0.6, the first with 0.5; one in ten is neither. */
static void
draw_study(gsl_rng *rng, Study *study)
{
    for (size_t i = 0; i < STUDY_SIZE; i++) {
        double shared = gsl_rng_uniform(rng);
        for (size_t mode = 0; mode < 2; mode++) {
            double own = gsl_rng_uniform(rng);
            double luck = gsl_rng_uniform(rng) < 0.5 ? shared : own;
            study->wholes[mode][i] = gsl_rng_uniform(rng) < 0.9;
            study->parts[mode][i] =
                luck < (mode == 0 ? 0.5 : 0.6) && study->wholes[mode][i] > 0;
        }
    }
}

/* Of 2000 studies a 95 % interval should hold the truth in 1900 +- 32 (99.9 %
 * of the binomial); the method is conservative by up to two in a hundred. */
static void
paired_interval_holds_the_truth_as_often_as_promised(void)
{
    g_autofree Study *study = g_new(Study, 1);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 20);
    int held_count = 0;
    for (int i = 0; i < STUDY_COUNT; i++) {
        draw_study(rng, study);
        RatioSample first = {study->parts[0], study->wholes[0], STUDY_SIZE,
                             RATIO_SHARE};
        RatioSample second = {study->parts[1], study->wholes[1], STUDY_SIZE,
                              RATIO_SHARE};
        Estimate difference = statistic_paired_difference(&first, &second);
        held_count += difference.low <= 0.1 && 0.1 <= difference.high;
    }
    gsl_rng_free(rng);
    g_test_message("%d of %d held", held_count, STUDY_COUNT);
    g_assert_cmpint(held_count, >=, 1868);
    g_assert_cmpint(held_count, <=, 1972);
}

/* Thirty downloads with eight attempts each: of four in five downloads 98 %
 * of the attempts succeed, of the fifth half. In all it is 88.4 %. */
static void
share_of_attempts_holds_the_truth_as_often_as_promised(void)
{
    double parts[30];
    double wholes[30];
    RatioSample sample = {.parts = parts,
                          .wholes = wholes,
                          .count = 30,
                          .kind = RATIO_POOLED_SHARE};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 21);
    int held_count = 0;
    for (int i = 0; i < STUDY_COUNT; i++) {
        for (size_t j = 0; j < 30; j++) {
            double chance = gsl_rng_uniform(rng) < 0.8 ? 0.98 : 0.5;
            wholes[j] = 8;
            parts[j] = gsl_ran_binomial(rng, chance, 8);
        }
        Estimate share = statistic_ratio(&sample);
        held_count += share.low <= 0.884 && 0.884 <= share.high;
    }
    gsl_rng_free(rng);
    g_test_message("%d of %d held", held_count, STUDY_COUNT);
    g_assert_cmpint(held_count, >=, 1868);
    g_assert_cmpint(held_count, <=, 1972);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func(
        "/analysis/statistic/percentile_lies_between_order_statistics",
        percentile_lies_between_order_statistics);
    g_test_add_func("/analysis/statistic/share_interval_is_wilsons",
                    share_interval_is_wilsons);
    g_test_add_func("/analysis/statistic/mean_has_students_interval",
                    mean_has_students_interval);
    g_test_add_func("/analysis/statistic/ratio_weighs_by_the_whole",
                    ratio_weighs_by_the_whole);
    g_test_add_func("/analysis/statistic/share_of_attempts_is_never_certain",
                    share_of_attempts_is_never_certain);
    g_test_add_func("/analysis/statistic/attempts_of_one_luck_count_as_one",
                    attempts_of_one_luck_count_as_one);
    g_test_add_func("/analysis/statistic/"
                    "share_of_attempts_holds_the_truth_as_often_as_promised",
                    share_of_attempts_holds_the_truth_as_often_as_promised);
    g_test_add_func("/analysis/statistic/one_observation_has_no_interval",
                    one_observation_has_no_interval);
    g_test_add_func(
        "/analysis/statistic/common_luck_cancels_in_a_paired_difference",
        common_luck_cancels_in_a_paired_difference);
    g_test_add_func("/analysis/statistic/one_pair_has_no_interval",
                    one_pair_has_no_interval);
    g_test_add_func("/analysis/statistic/equal_zeros_still_leave_doubt",
                    equal_zeros_still_leave_doubt);
    g_test_add_func("/analysis/statistic/"
                    "paired_interval_holds_the_truth_as_often_as_promised",
                    paired_interval_holds_the_truth_as_often_as_promised);
    return g_test_run();
}
