/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/statistic.h: means, ratios, percentiles and their 95 % intervals.
 *
 * Intervals are over what is handed in. Over the rows of one run (downloads,
 * flows) they tell what more downloads in the same simulated world would
 * change, not what another seed would; a sweep hands in replications.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Printed beside every percentile. */
#define PERCENTILE_METHOD                                                      \
    "linear interpolation between order statistics at (n - 1) p (R type 7)"

typedef struct Estimate {
    double value; /* NAN when there is nothing to estimate from */
    double low;   /* 95 % interval; NAN when n is too small for one */
    double high;
    size_t count; /* of observations, the n that is printed */
} Estimate;

typedef enum RatioKind {
    RATIO_OF_SUMS,     /* a mean, where wholes are 1; any quotient */
    RATIO_SHARE,       /* each part is 0 or its whole; wholes are 0 or 1 */
    RATIO_POOLED_SHARE /* parts are from 0 to their wholes: a share of what
                          observations have several of */
} RatioKind;

/* Observations of a ratio of two sums, sum(parts) / sum(wholes). The arrays
 * are lent. */
typedef struct RatioSample {
    const double *parts;
    const double *wholes; /* 0 leaves the observation out */
    size_t count;
    RatioKind kind;
} RatioSample;

void statistic_sort(double *values, size_t count);
/* Exact, of sorted values; see PERCENTILE_METHOD. NAN when count is 0. */
double statistic_percentile(const double *sorted, size_t count,
                            double probability);

/* Student's t over the linearised residuals (Cochran 1977, section 6.3); for
 * shares Wilson's score interval (Wilson 1927). For pooled shares it is
 * Wilson's with Student's t, of as many as would have the residuals' variance
 * if each had luck of its own, but no more than there are (after Korn and
 * Graubard, Survey Methodology 24, 1998): it stays between 0 and 1, and where
 * all succeed it does not claim that all must. */
Estimate statistic_ratio(const RatioSample *sample);
/* Wilson's interval of hit_count out of count. */
Estimate statistic_share(size_t hit_count, size_t count);

/* The same at another level: the chance of missing the truth is tail on each
 * side, 0.025 for 95 %. */
Estimate statistic_ratio_at(const RatioSample *sample, double tail);
/* The same of groups of unequal size, of which the large ones count more: the
 * degrees of freedom are those of as many equal ones (Kish 1965, section 8.2)
 * less 1. */
Estimate statistic_group_ratio_at(const RatioSample *groups, double tail);
/* A percentile of sorted values, between two of them whatever they are drawn
 * from: the number below the truth is binomial (Conover 1999, section 3.2).
 * A bound is infinite where even the extreme value does not reach that far. */
Estimate statistic_percentile_at(const double *sorted, size_t count,
                                 double probability, double tail);

/* Of the two ratios: how far the same observations pull both. 0 where no
 * observation is in both samples. */
double statistic_correlation(const RatioSample *first,
                             const RatioSample *second);
/* second - first by square-and-add of their intervals (Zou and Donner 2008),
 * with the correlation rho of the two. */
Estimate statistic_subtract(Estimate first, Estimate second, double rho);

/* second - first, where observation i of both is the same download under
 * common random numbers. Square-and-add of the two intervals with the
 * residuals' correlation (Newcombe 1998, Zou and Donner 2008): it stays honest
 * where one of the shares is 0 or 1. */
Estimate statistic_paired_difference(const RatioSample *first,
                                     const RatioSample *second);
