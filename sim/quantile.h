/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/quantile.h: quantiles out of a CSV file of measurements.
 *
 * Two kinds of file: rows of quantiles (columns q01, q50, q99 ...), of which
 * the filters pick one row, and rows of samples, of which the filters pick
 * many and `column` names the value.
 */
#pragma once

#include "sim/distribution.h"

#include <glib.h>
#include <stdbool.h>

#define QUANTILE_FILE_BYTES_MAX (64u << 20)

typedef struct QuantileQuery {
    const char *path;
    char **filters;     /* "column=value", NULL-terminated */
    const char *column; /* of samples; NULL: a row of quantiles */
} QuantileQuery;

/* Points in the file's own unit, or NULL and *ret_why; free both. Samples
 * give their 99 percentiles, by linear interpolation (R's type 7). */
GArray *quantile_read(const QuantileQuery *query, char **ret_why);
