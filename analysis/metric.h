/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/metric.h: the dictionary: every figure of summary.json, its unit
 * and what it counts, in one table that code, report and pages print.
 */
#pragma once

#include <stddef.h>

typedef struct Metric {
    const char *name;       /* as in summary.json, unit last */
    const char *label;      /* for table rows and axes */
    const char *unit;       /* for people: "kB/s", "%", "ms", "" */
    double scale;           /* a value times this is in that unit */
    int decimals;           /* what is printed of it */
    const char *definition; /* what is counted, where, when */
} Metric;

/* All of them, in the order in which tables show them. */
const Metric *metric_table(size_t *ret_count);
/* NULL when the dictionary does not know the name. */
const Metric *metric_find(const char *name);
/* A new text: the value in the unit for people, "-" for NAN. */
char *metric_new_text(const Metric *metric, double value);
