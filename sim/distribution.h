/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/distribution.h: what a scenario says a quantity is drawn from.
 *
 * Values are in base units: ns, bit/s, bytes, a ratio, or a plain number. A
 * draw advances the caller's stream only, so equal streams draw equally.
 */
#pragma once

#include "sim/random.h"

#include <stdint.h>

typedef enum DistributionKind {
    DISTRIBUTION_CONSTANT,    /* a: the value */
    DISTRIBUTION_UNIFORM,     /* a: lowest, b: highest */
    DISTRIBUTION_EXPONENTIAL, /* a: mean */
    DISTRIBUTION_LOGNORMAL,   /* a: median, b: sigma of the logarithm */
    DISTRIBUTION_PARETO,      /* a: least value, b: alpha */
    DISTRIBUTION_ZIPF,        /* a: exponent, b: value of rank 1 */
    DISTRIBUTION_QUANTILES,   /* points: straight lines between them */
    DISTRIBUTION_CHOICE,      /* points: weights and the index of a name */
    DISTRIBUTION_KIND_COUNT,
} DistributionKind;

typedef struct DistributionPoint {
    double share;     /* quantiles: cumulative, rising; choice: a weight */
    double value;     /* quantiles: the quantile; choice: the named index */
    const char *name; /* choice only */
} DistributionPoint;

typedef struct Distribution {
    DistributionKind kind;
    double a;
    double b;
    const DistributionPoint *points;
    uint32_t point_count;
} Distribution;

const char *distribution_kind_name(DistributionKind kind);

double distribution_draw(const Distribution *distribution,
                         RandomStream *stream);
/* A draw rounded to the nearest whole unit and cut to [0, 2^53]: use it for
 * ns, bit/s and bytes. */
int64_t distribution_draw_integer(const Distribution *distribution,
                                  RandomStream *stream);
/* The index that a choice picks. */
uint32_t distribution_draw_choice(const Distribution *distribution,
                                  RandomStream *stream);
/* The mean of the law, INFINITY where it has none (pareto, zipf). */
double distribution_mean(const Distribution *distribution);
/* The share of draws that fall below value. */
double distribution_share_below(const Distribution *distribution, double value);
