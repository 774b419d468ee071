/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/sample.c: confidence intervals.
 */
#include "sim/validate/sample.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

void
sample_add(Sample *sample, double value)
{
    sample->count++;
    double difference = value - sample->mean;
    sample->mean += difference / sample->count;
    sample->square_sum += difference * (value - sample->mean);
}

Estimate
sample_estimate(const Sample *sample)
{
    assert(sample->count >= 2);
    double freedom = sample->count - 1.0;
    double deviation = sqrt(sample->square_sum / freedom / sample->count);
    double quantile = gsl_cdf_tdist_Pinv(0.5 + SAMPLE_CONFIDENCE / 2, freedom);
    return (Estimate){sample->mean, quantile * deviation};
}

Estimate
sample_share(uint64_t hit_count, uint64_t draw_count, double probability)
{
    assert(draw_count > 0);
    double draws = (double)draw_count;
    double deviation = sqrt(probability * (1 - probability) / draws);
    double quantile = gsl_cdf_ugaussian_Pinv(0.5 + SAMPLE_CONFIDENCE / 2);
    return (Estimate){(double)hit_count / draws, quantile * deviation};
}
