/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/sample.h: a mean, and how well it is known.
 */
#pragma once

#include <stdint.h>

#define SAMPLE_CONFIDENCE 0.999

/* A measured value; half_width is half of its 99.9 % interval, 0 when the
 * value knows no chance. */
typedef struct Estimate {
    double value;
    double half_width;
} Estimate;

/* Independent values of one quantity (batch means, runs with other seeds);
 * Welford's sums, which lose no digits. */
typedef struct Sample {
    uint32_t count;
    double mean;
    double square_sum; /* of differences from the mean */
} Sample;

void sample_add(Sample *sample, double value);
/* The mean, with Student's t; needs two values. */
Estimate sample_estimate(const Sample *sample);
/* A share out of so many independent draws whose probability is known. */
Estimate sample_share(uint64_t hit_count, uint64_t draw_count,
                      double probability);
