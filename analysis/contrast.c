/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/contrast.c: differences between runs.
 */
#include "analysis/contrast.h"

#include <glib.h>
#include <gsl/gsl_sort.h>
#include <math.h>

#define TAIL 0.025
#define TAIL_MIN 1e-12 /* a p of less is not worth telling from 0 */

enum { HALVINGS = 50 }; /* of the range of log tail: to 1e-13 of it */

/* One run's figure, whose interval can be asked for at any level. */
typedef struct Arm {
    const RatioSample *sample;
    const RatioSample *groups; /* the sample's sums; NULL: none */
    double *sorted;            /* of a percentile; NULL: a ratio */
    size_t count;
    double probability;
} Arm;

/* Two of them and how they hang together. */
typedef struct Pair {
    Arm arms[2];
    double rho;
} Pair;

/* Woodruff (JASA 47, 1952): where the share below the percentile may lie, the
 * percentiles of those shares are where it may lie itself. */
static Estimate
woodruff(const Arm *arm, double tail)
{
    Estimate share = statistic_group_ratio_at(arm->groups, tail);
    double low = arm->probability - (share.value - share.low);
    double high = arm->probability + (share.high - share.value);
    Estimate estimate = {(double)NAN, (double)NAN, (double)NAN, share.count};
    if (!isnan(low))
        estimate.low = low > 0
                           ? statistic_percentile(arm->sorted, arm->count, low)
                           : -(double)INFINITY;
    if (!isnan(high))
        estimate.high =
            high < 1 ? statistic_percentile(arm->sorted, arm->count, high)
                     : (double)INFINITY;
    return estimate;
}

/* Groups know nothing of 0 and 1. Of bounds between them differences are, to
 * the last rounding, between -1 and 1. */
static void
keep_within_share(const RatioSample *sample, Estimate *estimate)
{
    if (sample->kind == RATIO_OF_SUMS)
        return;
    if (estimate->low < 0)
        estimate->low = 0;
    if (estimate->high > 1)
        estimate->high = 1;
}

/* fmin and fmax pass over the NANs that a single group gives. */
static Estimate
arm_at(const Arm *arm, double tail)
{
    bool has_groups = arm->groups && arm->groups->count > 0;
    Estimate estimate;
    Estimate wider = {0, (double)NAN, (double)NAN, 0};
    if (arm->sorted) {
        estimate = statistic_percentile_at(arm->sorted, arm->count,
                                           arm->probability, tail);
        if (has_groups && arm->count > 0)
            wider = woodruff(arm, tail);
    } else {
        estimate = statistic_ratio_at(arm->sample, tail);
        if (has_groups)
            wider = statistic_group_ratio_at(arm->groups, tail);
    }
    estimate.low = fmin(estimate.low, wider.low);
    estimate.high = fmax(estimate.high, wider.high);
    if (!arm->sorted)
        keep_within_share(arm->sample, &estimate);
    return estimate;
}

static Estimate
pair_at(const Pair *pair, double tail)
{
    return statistic_subtract(arm_at(&pair->arms[0], tail),
                              arm_at(&pair->arms[1], tail), pair->rho);
}

static bool
excludes(const Pair *pair, double tail, double margin)
{
    Estimate difference = pair_at(pair, tail);
    return difference.low > margin || difference.high < -margin;
}

/* Intervals of higher levels hold those of lower ones: bisection. */
static double
find_p(const Pair *pair, double margin)
{
    double low = log(TAIL_MIN);
    double high = log(0.5);
    if (excludes(pair, TAIL_MIN, margin))
        return 2 * TAIL_MIN;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (excludes(pair, exp(middle), margin))
            high = middle;
        else
            low = middle;
    }
    return 2 * exp(high);
}

static Contrast
judge(const Pair *pair, double margin)
{
    Contrast contrast = {pair_at(pair, TAIL), (double)NAN};
    if (isfinite(contrast.difference.low) || isfinite(contrast.difference.high))
        contrast.p = find_p(pair, margin);
    return contrast;
}

Contrast
contrast_of_ratios(const RatioSample samples[2], const RatioSample *groups,
                   double margin)
{
    Pair pair = {
        .arms = {{.sample = &samples[0], .groups = groups},
                 {.sample = &samples[1], .groups = groups ? groups + 1 : NULL}},
        .rho = statistic_correlation(&samples[0], &samples[1]),
    };
    return judge(&pair, margin);
}

static Arm
arm_new_sorted(const RatioSample *sample, const RatioSample *groups,
               double probability)
{
    Arm arm = {.sample = sample,
               .groups = groups,
               .sorted = g_new(double, sample->count + 1),
               .probability = probability};
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->wholes[i] > 0)
            arm.sorted[arm.count++] = sample->parts[i];
    }
    statistic_sort(arm.sorted, arm.count);
    return arm;
}

/* Which observations are at most the percentile, as a share. */
static RatioSample
sample_new_below(const Arm *arm)
{
    const RatioSample *sample = arm->sample;
    double bound =
        statistic_percentile(arm->sorted, arm->count, arm->probability);
    double *parts = g_new(double, sample->count + 1);
    for (size_t i = 0; i < sample->count; i++)
        parts[i] = sample->parts[i] <= bound;
    return (RatioSample){parts, sample->wholes, sample->count, RATIO_SHARE};
}

Contrast
contrast_of_percentiles(const RatioSample samples[2], const RatioSample *groups,
                        double probability, double margin)
{
    Pair pair = {
        .arms = {arm_new_sorted(&samples[0], groups, probability),
                 arm_new_sorted(&samples[1], groups ? groups + 1 : NULL,
                                probability)}};
    RatioSample first = sample_new_below(&pair.arms[0]);
    RatioSample second = sample_new_below(&pair.arms[1]);
    pair.rho = statistic_correlation(&first, &second);
    Contrast contrast = judge(&pair, margin);
    g_free((double *)first.parts);
    g_free((double *)second.parts);
    g_free(pair.arms[0].sorted);
    g_free(pair.arms[1].sorted);
    return contrast;
}

void
contrast_adjust(double *ps, size_t count)
{
    g_autofree size_t *order = g_new(size_t, count + 1);
    g_autofree double *keys = g_new(double, count + 1);
    size_t judged_count = 0;
    for (size_t i = 0; i < count; i++) {
        keys[i] = isnan(ps[i]) ? (double)INFINITY : ps[i];
        judged_count += isnan(ps[i]) ? 0 : 1;
    }
    gsl_sort_index(order, keys, 1, count);
    double least = 0;
    for (size_t i = 0; i < judged_count; i++) {
        double *p = &ps[order[i]];
        least = fmax(least, fmin(1, *p * (double)(judged_count - i)));
        *p = least;
    }
}
