/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/test_contrast.c: differences against published figures, and
 * verdicts against how often they may be wrong.
 */
#include "analysis/contrast.h"

#include <glib.h>
#include <gsl/gsl_randist.h>
#include <math.h>

enum { OBSERVATION_COUNT_MAX = 400 };

/* Two samples with no observation in both. */
typedef struct Trial {
    double parts[2][OBSERVATION_COUNT_MAX];
    double wholes[2][OBSERVATION_COUNT_MAX];
    RatioSample samples[2];
} Trial;

static void
expect_near(double value, double expected, double tolerance)
{
    g_assert_cmpfloat_with_epsilon(value, expected, tolerance);
}

static Trial *
trial_new(size_t first_count, size_t second_count, RatioKind kind)
{
    Trial *trial = g_new0(Trial, 1);
    size_t count = first_count + second_count;
    g_assert_cmpuint(count, <=, OBSERVATION_COUNT_MAX);
    for (size_t i = 0; i < count; i++)
        trial->wholes[i < first_count ? 0 : 1][i] = 1;
    for (size_t side = 0; side < 2; side++)
        trial->samples[side] =
            (RatioSample){trial->parts[side], trial->wholes[side], count, kind};
    return trial;
}

/* Newcombe, "Interval estimation for the difference between independent
 * proportions", Statistics in Medicine 17 (1998), table II, method 10, examples
 * (a) 56/70 - 48/80 and (d) 9/10 - 3/10. */
static void
shares_have_newcombes_interval(void)
{
    g_autofree Trial *trial = trial_new(80, 70, RATIO_SHARE);
    for (size_t i = 0; i < 48; i++)
        trial->parts[0][i] = 1;
    for (size_t i = 80; i < 80 + 56; i++)
        trial->parts[1][i] = 1;
    Contrast contrast = contrast_of_ratios(trial->samples, NULL, 0);
    expect_near(contrast.difference.value, 0.2, 1e-12);
    expect_near(contrast.difference.low, 0.0524, 5e-5);
    expect_near(contrast.difference.high, 0.3339, 5e-5);
    g_autofree Trial *small = trial_new(10, 10, RATIO_SHARE);
    for (size_t i = 0; i < 3; i++)
        small->parts[0][i] = 1;
    for (size_t i = 10; i < 19; i++)
        small->parts[1][i] = 1;
    contrast = contrast_of_ratios(small->samples, NULL, 0);
    expect_near(contrast.difference.low, 0.1705, 5e-5);
    expect_near(contrast.difference.high, 0.8090, 5e-5);
}

/* The interval at the level p has its bound at the margin. */
static void
p_is_where_the_interval_ends(void)
{
    g_autofree Trial *trial = trial_new(20, 20, RATIO_OF_SUMS);
    for (size_t i = 0; i < 20; i++) {
        trial->parts[0][i] = (double)(i % 5);
        trial->parts[1][20 + i] = (double)(i % 5) + 1;
    }
    Contrast contrast = contrast_of_ratios(trial->samples, NULL, 0);
    double low = contrast.difference.low;
    double high = contrast.difference.high;
    g_assert_cmpfloat(low, >, 0);
    g_assert_cmpfloat(contrast.p, <, 0.05);
    expect_near(contrast_of_ratios(trial->samples, NULL, low).p, 0.05, 1e-9);
    expect_near(contrast_of_ratios(trial->samples, NULL, 1).p, 1, 1e-9);
    g_assert_cmpfloat(contrast_of_ratios(trial->samples, NULL, high).p, ==, 1);
}

/* Conover, "Practical Nonparametric Statistics" (1999), section 3.2: the
 * median of ten lies between the second and the ninth, with 97.9 %. */
static void
percentile_lies_between_two_values_however_drawn(void)
{
    const double sorted[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    Estimate median = statistic_percentile_at(sorted, 10, 0.5, 0.025);
    expect_near(median.value, 5.5, 1e-12);
    expect_near(median.low, 2, 1e-12);
    expect_near(median.high, 9, 1e-12);
    Estimate high = statistic_percentile_at(sorted, 10, 0.9, 0.025);
    g_assert_true(isfinite(high.low));
    g_assert_true(isinf(high.high));
}

static void
percentile_without_a_bound_is_not_judged(void)
{
    g_autofree Trial *trial = trial_new(10, 10, RATIO_OF_SUMS);
    for (size_t i = 0; i < 20; i++)
        trial->parts[i / 10][i] = (double)i;
    Contrast contrast = contrast_of_percentiles(trial->samples, NULL, 0.99, 0);
    g_assert_true(isnan(contrast.p));
    contrast = contrast_of_percentiles(trial->samples, NULL, 0.5, 0);
    expect_near(contrast.difference.value, 10, 1e-12);
    g_assert_cmpfloat(contrast.p, <, 0.05);
}

/* Two groups that disagree leave a mean anywhere, and a share between 0 and
 * 1: no difference of shares is beyond 100 points. */
static void
shares_differ_by_no_more_than_all(void)
{
    g_autofree Trial *trial = trial_new(10, 10, RATIO_SHARE);
    for (size_t i = 0; i < 5; i++)
        trial->parts[0][i] = trial->parts[1][10 + i] = 1;
    const double parts[] = {5, 0};
    const double wholes[] = {5, 5};
    const RatioSample groups[2] = {
        {.parts = parts, .wholes = wholes, .count = 2},
        {.parts = parts, .wholes = wholes, .count = 2}};
    Contrast contrast = contrast_of_ratios(trial->samples, groups, 0);
    g_assert_cmpfloat(contrast.difference.low, >=, -1);
    g_assert_cmpfloat(contrast.difference.low, <, -0.7);
    g_assert_cmpfloat(contrast.difference.high, <=, 1);
    trial->samples[0].kind = trial->samples[1].kind = RATIO_OF_SUMS;
    contrast = contrast_of_ratios(trial->samples, groups, 0);
    g_assert_cmpfloat(contrast.difference.high, >, 1);
}

/* Everything is 1 more in the second run, but nothing else is alike. */
static void
pairs_show_what_luck_hides(void)
{
    double ones[40];
    double parts[2][40];
    for (size_t i = 0; i < 40; i++) {
        ones[i] = 1;
        parts[0][i] = (double)(i * i % 97);
        parts[1][i] = parts[0][i] + 1;
    }
    const RatioSample pairs[2] = {{parts[0], ones, 40, RATIO_OF_SUMS},
                                  {parts[1], ones, 40, RATIO_OF_SUMS}};
    g_assert_cmpfloat(contrast_of_ratios(pairs, NULL, 0).p, <, 0.001);
    g_autofree Trial *trial = trial_new(40, 40, RATIO_OF_SUMS);
    for (size_t i = 0; i < 40; i++) {
        trial->parts[0][i] = parts[0][i];
        trial->parts[1][40 + i] = parts[1][i];
    }
    g_assert_cmpfloat(contrast_of_ratios(trial->samples, NULL, 0).p, >, 0.5);
}

/* Holm's table: 0.01 x 3, 0.03 x 2, 0.04 x 1, and never falling. */
static void
more_questions_need_better_answers(void)
{
    double ps[] = {0.04, (double)NAN, 0.01, 0.03};
    contrast_adjust(ps, 4);
    expect_near(ps[0], 0.06, 1e-12);
    g_assert_true(isnan(ps[1]));
    expect_near(ps[2], 0.03, 1e-12);
    expect_near(ps[3], 0.06, 1e-12);
}

enum { STUDY_COUNT = 1000, GROUP_COUNT = 20, GROUP_SIZE = 10 };

/* Half of an observation's luck is its group's. Groups differ in size. */
static void
draw_groups(gsl_rng *rng, Trial *trial, size_t side, double sums[2][20])
{
    for (size_t group = 0; group < GROUP_COUNT; group++) {
        double shared = gsl_ran_ugaussian(rng);
        sums[0][group] = 0;
        sums[1][group] = 0;
        for (size_t i = 0; i < GROUP_SIZE; i++) {
            size_t place = side * 200 + group * GROUP_SIZE + i;
            bool is_in = i < 3 + group % 8;
            trial->parts[side][place] = shared + gsl_ran_ugaussian(rng);
            trial->wholes[side][place] = is_in;
            sums[0][group] += is_in ? trial->parts[side][place] : 0;
            sums[1][group] += is_in;
        }
    }
}

/* Of 1000 pairs that do not differ, 50 +- 23 (99.9 %) may seem to; without
 * the groups it is several times as many. */
static void
shared_luck_is_no_difference(void)
{
    g_autofree Trial *trial = trial_new(200, 200, RATIO_OF_SUMS);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 5);
    int wrong_count = 0;
    int naive_count = 0;
    for (int i = 0; i < STUDY_COUNT; i++) {
        double sums[2][2][GROUP_COUNT];
        draw_groups(rng, trial, 0, sums[0]);
        draw_groups(rng, trial, 1, sums[1]);
        const RatioSample groups[2] = {
            {sums[0][0], sums[0][1], GROUP_COUNT, RATIO_OF_SUMS},
            {sums[1][0], sums[1][1], GROUP_COUNT, RATIO_OF_SUMS}};
        Contrast contrast = contrast_of_ratios(trial->samples, groups, 0);
        wrong_count += contrast.p < 0.05;
        contrast = contrast_of_ratios(trial->samples, NULL, 0);
        naive_count += contrast.p < 0.05;
    }
    gsl_rng_free(rng);
    g_test_message("%d and %d of %d", wrong_count, naive_count, STUDY_COUNT);
    g_assert_cmpint(wrong_count, <=, 73);
    g_assert_cmpint(naive_count, >=, 200);
}

/* How many of each group are at most the median, and how many there are. */
static void
count_below(const RatioSample *sample, size_t side, double sums[2][20])
{
    double values[200];
    size_t count = 0;
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->wholes[i] > 0)
            values[count++] = sample->parts[i];
    }
    statistic_sort(values, count);
    double median = statistic_percentile(values, count, 0.5);
    for (size_t i = 0; i < 200; i++) {
        size_t place = side * 200 + i;
        double *below = &sums[0][i / GROUP_SIZE];
        *below = i % GROUP_SIZE ? *below : 0;
        *below +=
            sample->wholes[place] > 0 && sample->parts[place] <= median ? 1 : 0;
    }
}

/* As above, for medians. */
static void
shared_luck_moves_medians_too(void)
{
    g_autofree Trial *trial = trial_new(200, 200, RATIO_OF_SUMS);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(rng, 6);
    int wrong_count = 0;
    for (int i = 0; i < STUDY_COUNT; i++) {
        double sums[2][2][GROUP_COUNT];
        for (size_t side = 0; side < 2; side++) {
            draw_groups(rng, trial, side, sums[side]);
            count_below(&trial->samples[side], side, sums[side]);
        }
        const RatioSample groups[2] = {
            {sums[0][0], sums[0][1], GROUP_COUNT, RATIO_OF_SUMS},
            {sums[1][0], sums[1][1], GROUP_COUNT, RATIO_OF_SUMS}};
        Contrast contrast =
            contrast_of_percentiles(trial->samples, groups, 0.5, 0);
        wrong_count += contrast.p < 0.05;
    }
    gsl_rng_free(rng);
    g_test_message("%d of %d", wrong_count, STUDY_COUNT);
    g_assert_cmpint(wrong_count, <=, 73);
}

#define CASE(name) g_test_add_func("/analysis/contrast/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(shares_have_newcombes_interval);
    CASE(p_is_where_the_interval_ends);
    CASE(percentile_lies_between_two_values_however_drawn);
    CASE(percentile_without_a_bound_is_not_judged);
    CASE(shares_differ_by_no_more_than_all);
    CASE(pairs_show_what_luck_hides);
    CASE(more_questions_need_better_answers);
    CASE(shared_luck_is_no_difference);
    CASE(shared_luck_moves_medians_too);
    return g_test_run();
}
