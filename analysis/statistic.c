/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/statistic.c: means, ratios, percentiles and their 95 % intervals.
 */
#include "analysis/statistic.h"

#include <glib.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define TAIL 0.025 /* two-sided 95 % */

/* Of a ratio of sums: what its residuals are computed from. */
typedef struct Fit {
    double ratio;
    double whole_sum;
    size_t count;
} Fit;

void
statistic_sort(double *values, size_t count)
{
    gsl_sort(values, 1, count);
}

double
statistic_percentile(const double *sorted, size_t count, double probability)
{
    if (count == 0)
        return (double)NAN;
    return gsl_stats_quantile_from_sorted_data(sorted, 1, count, probability);
}

static bool
is_left_out(const RatioSample *sample, size_t i)
{
    return !(sample->wholes[i] > 0) || isnan(sample->parts[i]);
}

static Fit
fit_ratio(const RatioSample *sample)
{
    double part_sum = 0;
    Fit fit = {0};
    for (size_t i = 0; i < sample->count; i++) {
        if (is_left_out(sample, i))
            continue;
        part_sum += sample->parts[i];
        fit.whole_sum += sample->wholes[i];
        fit.count++;
    }
    fit.ratio = fit.count > 0 ? part_sum / fit.whole_sum : (double)NAN;
    return fit;
}

/* How much observation i pulls the ratio up; all of them sum to 0. */
static double
residual(const RatioSample *sample, const Fit *fit, size_t i)
{
    if (is_left_out(sample, i))
        return 0;
    return (sample->parts[i] - fit->ratio * sample->wholes[i]) / fit->whole_sum;
}

/* Set the bounds around a share p of n, with z standard errors. */
static void
set_wilson(Estimate *share, double n, double z)
{
    double p = share->value;
    double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half =
        z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    /* Rounding must not push 0 and 1 out of their own intervals. */
    share->low = fmin(p, fmax(0, centre - half));
    share->high = fmax(p, fmin(1, centre + half));
}

static Estimate
share_at(size_t hit_count, size_t count, double tail)
{
    Estimate share = {(double)NAN, (double)NAN, (double)NAN, count};
    if (count == 0)
        return share;
    share.value = (double)hit_count / (double)count;
    set_wilson(&share, (double)count, gsl_cdf_ugaussian_Qinv(tail));
    return share;
}

Estimate
statistic_share(size_t hit_count, size_t count)
{
    return share_at(hit_count, count, TAIL);
}

Estimate
statistic_ratio(const RatioSample *sample)
{
    return statistic_ratio_at(sample, TAIL);
}

/* Of the ratio, by its linearised residuals; there are two or more. */
static double
variance(const RatioSample *sample, const Fit *fit)
{
    double square_sum = 0;
    for (size_t i = 0; i < sample->count; i++) {
        double pull = residual(sample, fit, i);
        square_sum += pull * pull;
    }
    double n = (double)fit->count;
    return square_sum * n / (n - 1);
}

/* Student's t with so many degrees of freedom, over linearised residuals. */
static Estimate
linear_at(const RatioSample *sample, double freedom, double tail)
{
    Fit fit = fit_ratio(sample);
    Estimate estimate = {fit.ratio, (double)NAN, (double)NAN, fit.count};
    if (fit.count < 2)
        return estimate;
    double spread = sqrt(variance(sample, &fit));
    double half = gsl_cdf_tdist_Qinv(tail, freedom) * spread;
    /* GSL has no quantile that far out for next to no freedom. */
    if (isnan(half))
        half = spread > 0 ? INFINITY : 0;
    estimate.low = fit.ratio - half;
    estimate.high = fit.ratio + half;
    return estimate;
}

static Estimate
pooled_share_at(const RatioSample *sample, const Fit *fit, double tail)
{
    double p = fit->ratio;
    Estimate share = {p, (double)NAN, (double)NAN, fit->count};
    if (fit->count < 2)
        return share;
    double spread = variance(sample, fit);
    double n = fit->whole_sum;
    if (spread * n > p * (1 - p))
        n = p * (1 - p) / spread;
    set_wilson(&share, n, gsl_cdf_tdist_Qinv(tail, (double)fit->count - 1));
    return share;
}

Estimate
statistic_ratio_at(const RatioSample *sample, double tail)
{
    Fit fit = fit_ratio(sample);
    if (sample->kind == RATIO_POOLED_SHARE)
        return pooled_share_at(sample, &fit, tail);
    if (sample->kind == RATIO_SHARE)
        return share_at(
            (size_t)lround(fit.count > 0 ? fit.ratio * fit.whole_sum : 0),
            fit.count, tail);
    return linear_at(sample, (double)fit.count - 1, tail);
}

Estimate
statistic_group_ratio_at(const RatioSample *groups, double tail)
{
    double sum = 0;
    double square_sum = 0;
    for (size_t i = 0; i < groups->count; i++) {
        if (is_left_out(groups, i))
            continue;
        sum += groups->wholes[i];
        square_sum += groups->wholes[i] * groups->wholes[i];
    }
    return linear_at(groups, sum * sum / square_sum - 1, tail);
}

double
statistic_correlation(const RatioSample *first, const RatioSample *second)
{
    Fit fit_first = fit_ratio(first);
    Fit fit_second = fit_ratio(second);
    double first_sum = 0;
    double second_sum = 0;
    double both_sum = 0;
    for (size_t i = 0; i < first->count; i++) {
        double a = residual(first, &fit_first, i);
        double b = residual(second, &fit_second, i);
        first_sum += a * a;
        second_sum += b * b;
        both_sum += a * b;
    }
    double scale = sqrt(first_sum) * sqrt(second_sum);
    return scale > 0 ? both_sum / scale : 0;
}

/* The chance that count draws hold at most hit_count hits. */
static double
chance_at_most(size_t hit_count, size_t count, double probability)
{
    return gsl_cdf_binomial_P((unsigned)hit_count, probability,
                              (unsigned)count);
}

/* How many of the smallest of count values may be left out before the chance
 * that the percentile is among them exceeds tail; -1: not even the smallest
 * is small enough. */
static gssize
spare_count(size_t count, double probability, double tail)
{
    gssize low = -1;
    gssize high = (gssize)count;
    while (high - low > 1) {
        gssize middle = low + (high - low) / 2;
        if (chance_at_most((size_t)middle, count, probability) <= tail)
            low = middle;
        else
            high = middle;
    }
    return low;
}

Estimate
statistic_percentile_at(const double *sorted, size_t count, double probability,
                        double tail)
{
    double value = statistic_percentile(sorted, count, probability);
    Estimate estimate = {value, (double)NAN, (double)NAN, count};
    if (count == 0)
        return estimate;
    gssize below = spare_count(count, probability, tail);
    gssize above = spare_count(count, 1 - probability, tail);
    estimate.low = below < 0 ? -(double)INFINITY : fmin(value, sorted[below]);
    estimate.high = above < 0 ? (double)INFINITY
                              : fmax(value, sorted[(gssize)count - 1 - above]);
    return estimate;
}

/* The hypotenuse of two correlated half-widths. */
static double
add_widths(double a, double b, double rho)
{
    if (isinf(a) || isinf(b))
        return (double)INFINITY;
    double square = a * a - 2 * rho * a * b + b * b;
    return square < 0 ? 0 : sqrt(square); /* NAN stays NAN */
}

Estimate
statistic_subtract(Estimate first, Estimate second, double rho)
{
    double value = second.value - first.value;
    return (Estimate){
        .value = value,
        .low = value - add_widths(second.value - second.low,
                                  first.high - first.value, rho),
        .high = value + add_widths(second.high - second.value,
                                   first.value - first.low, rho),
        .count = MIN(first.count, second.count),
    };
}

Estimate
statistic_paired_difference(const RatioSample *first, const RatioSample *second)
{
    Estimate difference =
        statistic_subtract(statistic_ratio(first), statistic_ratio(second),
                           statistic_correlation(first, second));
    difference.count = first->count;
    return difference;
}
