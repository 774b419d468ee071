/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/metric.h: the dictionary: every figure of summary.json, its unit
 * and what it counts, in one table that code, report and pages print.
 */
#pragma once

#include <stddef.h>

typedef struct Metric {
    const char *name;       /* as in summary.json; the unit is its last word */
    const char *unit;       /* for people: "MB/s", "%", "s", "" */
    const char *label;      /* short, for table rows and axes */
    const char *definition; /* what is counted, where, when: one sentence */
    double scale;           /* a value times this is in the unit for people */
} Metric;

/* All of them, in the order of the table on the terminal. */
const Metric *metric_table(size_t *ret_count);
/* NULL when the dictionary does not know the name. */
const Metric *metric_find(const char *name);
