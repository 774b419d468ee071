/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/distribution.c: draws, means and shares of the laws, by GSL.
 */
#include "sim/distribution.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sf_zeta.h>
#include <math.h>
#include <stdbool.h>

/* The largest double below which every whole number is one. */
#define WHOLE_MAX 9007199254740992.0
/* Ranks beyond are drawn as this one. */
#define ZIPF_RANK_MAX 1e9

static const char *const KIND_NAMES[DISTRIBUTION_KIND_COUNT] = {
    [DISTRIBUTION_CONSTANT] = "constant",
    [DISTRIBUTION_UNIFORM] = "uniform",
    [DISTRIBUTION_EXPONENTIAL] = "exponential",
    [DISTRIBUTION_LOGNORMAL] = "lognormal",
    [DISTRIBUTION_PARETO] = "pareto",
    [DISTRIBUTION_ZIPF] = "zipf",
    [DISTRIBUTION_QUANTILES] = "quantiles",
    [DISTRIBUTION_CHOICE] = "choice",
};

const char *
distribution_kind_name(DistributionKind kind)
{
    assert(kind < DISTRIBUTION_KIND_COUNT);
    return KIND_NAMES[kind];
}

/* Devroye (1986), Non-Uniform Random Variate Generation, X.6.1. */
static double
draw_zipf(double exponent, gsl_rng *rng)
{
    double power = pow(2, exponent - 1);
    for (;;) {
        double u = 1 - gsl_rng_uniform(rng);
        double v = gsl_rng_uniform(rng);
        double rank = floor(pow(u, -1 / (exponent - 1)));
        if (rank > ZIPF_RANK_MAX)
            return ZIPF_RANK_MAX;
        double t = pow(1 + 1 / rank, exponent - 1);
        if (v * rank * (t - 1) / (power - 1) <= t / power)
            return rank;
    }
}

/* Straight lines between the points; outside them, the nearest one. */
static double
interpolate(const Distribution *distribution, double share)
{
    const DistributionPoint *points = distribution->points;
    uint32_t last = distribution->point_count - 1;
    if (share <= points[0].share)
        return points[0].value;
    for (uint32_t at = 1; at <= last; at++) {
        if (share >= points[at].share)
            continue;
        const DistributionPoint *low = &points[at - 1];
        double part = (share - low->share) / (points[at].share - low->share);
        return low->value + part * (points[at].value - low->value);
    }
    return points[last].value;
}

static double
sum_weights(const Distribution *distribution)
{
    double sum = 0;
    for (uint32_t at = 0; at < distribution->point_count; at++)
        sum += distribution->points[at].share;
    return sum;
}

static double
choose(const Distribution *distribution, double share)
{
    double rest = share * sum_weights(distribution);
    uint32_t last = distribution->point_count - 1;
    for (uint32_t at = 0; at < last; at++) {
        rest -= distribution->points[at].share;
        if (rest < 0)
            return distribution->points[at].value;
    }
    return distribution->points[last].value;
}

double
distribution_draw(const Distribution *distribution, RandomStream *stream)
{
    gsl_rng state;
    gsl_rng *rng = random_gsl(stream, &state);
    double a = distribution->a;
    double b = distribution->b;
    switch (distribution->kind) {
    case DISTRIBUTION_CONSTANT:
        return a;
    case DISTRIBUTION_UNIFORM:
        return gsl_ran_flat(rng, a, b);
    case DISTRIBUTION_EXPONENTIAL:
        return gsl_ran_exponential(rng, a);
    case DISTRIBUTION_LOGNORMAL:
        return gsl_ran_lognormal(rng, log(a), b);
    case DISTRIBUTION_PARETO:
        return gsl_ran_pareto(rng, b, a);
    case DISTRIBUTION_ZIPF:
        return b * draw_zipf(a, rng);
    case DISTRIBUTION_QUANTILES:
        return interpolate(distribution, gsl_rng_uniform(rng));
    case DISTRIBUTION_CHOICE:
        return choose(distribution, gsl_rng_uniform(rng));
    case DISTRIBUTION_KIND_COUNT:
        break;
    }
    assert(false); /* the reader makes the kinds above only */
    return 0;
}

int64_t
distribution_draw_integer(const Distribution *distribution,
                          RandomStream *stream)
{
    double value = round(distribution_draw(distribution, stream));
    if (!(value > 0))
        return 0;
    return value > WHOLE_MAX ? (int64_t)WHOLE_MAX : (int64_t)value;
}

uint32_t
distribution_draw_choice(const Distribution *distribution, RandomStream *stream)
{
    assert(distribution->kind == DISTRIBUTION_CHOICE);
    return (uint32_t)distribution_draw(distribution, stream);
}

static double
mean_of_quantiles(const Distribution *distribution)
{
    const DistributionPoint *points = distribution->points;
    uint32_t last = distribution->point_count - 1;
    double mean = points[0].share * points[0].value +
                  (1 - points[last].share) * points[last].value;
    for (uint32_t at = 0; at < last; at++)
        mean += (points[at + 1].share - points[at].share) *
                (points[at + 1].value + points[at].value) / 2;
    return mean;
}

double
distribution_mean(const Distribution *distribution)
{
    double a = distribution->a;
    double b = distribution->b;
    switch (distribution->kind) {
    case DISTRIBUTION_CONSTANT:
    case DISTRIBUTION_EXPONENTIAL:
        return a;
    case DISTRIBUTION_UNIFORM:
        return (a + b) / 2;
    case DISTRIBUTION_LOGNORMAL:
        return a * exp(b * b / 2);
    case DISTRIBUTION_PARETO:
        return b > 1 ? a * b / (b - 1) : (double)INFINITY;
    case DISTRIBUTION_ZIPF:
        return a > 2 ? b * gsl_sf_zeta(a - 1) / gsl_sf_zeta(a)
                     : (double)INFINITY;
    case DISTRIBUTION_QUANTILES:
        return mean_of_quantiles(distribution);
    case DISTRIBUTION_CHOICE:
    case DISTRIBUTION_KIND_COUNT:
        break;
    }
    assert(false); /* names have no mean */
    return 0;
}

static double
quantile_share_below(const Distribution *distribution, double value)
{
    const DistributionPoint *points = distribution->points;
    uint32_t last = distribution->point_count - 1;
    if (value <= points[0].value)
        return 0;
    for (uint32_t at = 1; at <= last; at++) {
        if (value > points[at].value)
            continue;
        const DistributionPoint *low = &points[at - 1];
        double part = (value - low->value) / (points[at].value - low->value);
        return low->share + part * (points[at].share - low->share);
    }
    return 1;
}

static double
zipf_share_below(const Distribution *distribution, double value)
{
    double rank = ceil(value / distribution->b);
    if (rank <= 1)
        return 0;
    double beyond = gsl_sf_hzeta(distribution->a, rank);
    return 1 - beyond / gsl_sf_zeta(distribution->a);
}

double
distribution_share_below(const Distribution *distribution, double value)
{
    double a = distribution->a;
    double b = distribution->b;
    switch (distribution->kind) {
    case DISTRIBUTION_CONSTANT:
        return a < value ? 1 : 0;
    case DISTRIBUTION_UNIFORM:
        return a < b ? gsl_cdf_flat_P(value, a, b) : a < value;
    case DISTRIBUTION_EXPONENTIAL:
        return value > 0 ? gsl_cdf_exponential_P(value, a) : 0;
    case DISTRIBUTION_LOGNORMAL:
        if (value <= 0)
            return 0;
        return b > 0 ? gsl_cdf_lognormal_P(value, log(a), b) : a < value;
    case DISTRIBUTION_PARETO:
        return value > a ? gsl_cdf_pareto_P(value, b, a) : 0;
    case DISTRIBUTION_ZIPF:
        return zipf_share_below(distribution, value);
    case DISTRIBUTION_QUANTILES:
        return quantile_share_below(distribution, value);
    case DISTRIBUTION_CHOICE:
    case DISTRIBUTION_KIND_COUNT:
        break;
    }
    assert(false); /* names have no order */
    return 0;
}
