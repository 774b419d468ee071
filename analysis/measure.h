/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/measure.h: what each row of one mode adds to a figure.
 */
#pragma once

#include "analysis/results.h"
#include "analysis/statistic.h"

/* Downloads as DownloadSet numbers them, or the rows of flows.csv. */
typedef struct Observations {
    const Results *results;
    const Table *table; /* NULL: the run wrote none */
    size_t mode;
    size_t count;
    size_t *rows; /* of the table; G_MAXSIZE: not of this mode */
} Observations;

/* A figure as a ratio of two sums over observations; see RatioSample. */
typedef struct Measure {
    double *parts; /* [count], and zeroed, as are the wholes behind them */
    double *wholes;
    RatioKind kind;
    bool is_bursty;     /* one event may strike all rows: only pairs tell */
    double probability; /* of a percentile of the parts; NAN: a ratio */
} Measure;

/* rows is the caller's to free. */
Observations observations_of(const Results *results, size_t mode);
/* keys, ended by NULL, lead to a figure of the mode in summary.json. False
 * when rows do not add up to it. */
bool measure_figure(const Observations *seen, const char *const *keys,
                    Measure *measure);
