/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/contrast.h: whether a figure of one run is another in a second.
 *
 * The difference has a 95 % interval: square-and-add of each run's own (Zou
 * and Donner, Statistics in Medicine 27, 2008). For shares those are Wilson's,
 * so that it is Newcombe's hybrid score interval (Statistics in Medicine 17,
 * 1998, 873 and 2635), for means Student's, which is close to Welch's; for
 * percentiles they lie between order statistics. Where both runs have the same
 * observation its part in both cancels (the correlation of residuals; for
 * percentiles of which side of them it is on, after Bahadur 1966): pairs need
 * no other formula, and observations without a pair do no harm.
 *
 * Observations that share their luck tell less than they seem to. Where they
 * come in groups, an interval over the groups' sums (Cochran 1977, chapter 9A)
 * is worked out too, and the wider bound of both is taken.
 *
 * p is the level at which the interval stops excluding differences within the
 * margin, so that p and interval cannot disagree. Several p are judged by
 * Holm's procedure (Scandinavian Journal of Statistics 6, 1979), which holds
 * however the figures hang together.
 */
#pragma once

#include "analysis/statistic.h"

typedef struct Contrast {
    Estimate difference; /* second - first */
    double p;            /* that it is within the margin; NAN: no bound */
} Contrast;

/* Observation i of both samples is the same, or is left out of one of them.
 * groups are sums of the samples' parts and wholes, in no common order; NULL:
 * there are none. */
Contrast contrast_of_ratios(const RatioSample samples[2],
                            const RatioSample *groups, double margin);
/* Of the parts; the wholes are 1. The groups' parts are how many of their
 * observations are at most the percentile, their wholes how many they have. */
Contrast contrast_of_percentiles(const RatioSample samples[2],
                                 const RatioSample *groups, double probability,
                                 double margin);
/* Make p values fit to be held against one level together; NANs stay and do
 * not count. */
void contrast_adjust(double *ps, size_t count);
