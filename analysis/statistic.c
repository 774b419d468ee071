/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/statistic.c: means, ratios, percentiles and their 95 % intervals.
 */
#include "analysis/statistic.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

#define UPPER_TAIL 0.975 /* two-sided 95 % */

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

Estimate
statistic_share(size_t hit_count, size_t count)
{
    Estimate share = {(double)NAN, (double)NAN, (double)NAN, count};
    if (count == 0)
        return share;
    double n = (double)count;
    double z = gsl_cdf_ugaussian_Pinv(UPPER_TAIL);
    double p = (double)hit_count / n;
    double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half =
        z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    share.value = p;
    /* Rounding must not push 0 and 1 out of their own intervals. */
    share.low = fmin(p, fmax(0, centre - half));
    share.high = fmax(p, fmin(1, centre + half));
    return share;
}

Estimate
statistic_ratio(const RatioSample *sample)
{
    Fit fit = fit_ratio(sample);
    if (sample->is_share)
        return statistic_share(
            (size_t)lround(fit.count > 0 ? fit.ratio * fit.whole_sum : 0),
            fit.count);
    Estimate estimate = {fit.ratio, (double)NAN, (double)NAN, fit.count};
    if (fit.count < 2)
        return estimate;
    double square_sum = 0;
    for (size_t i = 0; i < sample->count; i++) {
        double pull = residual(sample, &fit, i);
        square_sum += pull * pull;
    }
    double n = (double)fit.count;
    double half =
        gsl_cdf_tdist_Pinv(UPPER_TAIL, n - 1) * sqrt(square_sum * n / (n - 1));
    estimate.low = fit.ratio - half;
    estimate.high = fit.ratio + half;
    return estimate;
}

static double
correlation(const RatioSample *first, const RatioSample *second)
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

/* The hypotenuse of two correlated half-widths. */
static double
add_widths(double a, double b, double rho)
{
    return sqrt(fmax(0, a * a - 2 * rho * a * b + b * b));
}

Estimate
statistic_paired_difference(const RatioSample *first, const RatioSample *second)
{
    Estimate a = statistic_ratio(first);
    Estimate b = statistic_ratio(second);
    double rho = correlation(first, second);
    double value = b.value - a.value;
    Estimate difference = {
        .value = value,
        .low = value - add_widths(b.value - b.low, a.high - a.value, rho),
        .high = value + add_widths(b.high - b.value, a.value - a.low, rho),
        .count = first->count,
    };
    return difference;
}
