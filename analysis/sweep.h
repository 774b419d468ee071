/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/sweep.h: the figures of all runs of a sweep, read.
 */
#pragma once

#include "analysis/metric.h"
#include "analysis/statistic.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* One figure of a run's mode. */
typedef struct SweepFigure {
    const char *name;   /* of its column */
    const char *path;   /* within the mode in summary.json */
    const char *metric; /* in the dictionary */
    const char *label;  /* in the table on the terminal; NULL: not there */
} SweepFigure;

/* A mode of a run. */
typedef struct SweepRow {
    size_t mode; /* of Sweep.modes */
    uint64_t replication;
    bool is_complete; /* reached its goal before stop_time */
    char *fingerprint;
    double *values; /* of the figures; NAN: none */
} SweepRow;

typedef struct Sweep {
    char *directory;
    json_t *plan;     /* sweep.json */
    GPtrArray *modes; /* char *, as they are met */
    const SweepFigure *figures;
    size_t figure_count;
    GArray *rows;            /* SweepRow, by point, then by replication */
    size_t *starts;          /* of each point's rows, and their end */
    size_t missing_count;    /* runs */
    size_t incomplete_count; /* runs that stop_time ended */
} Sweep;

/* Runs that are not there, or were interrupted, are counted and left out. */
Sweep *sweep_new_from_directory(const char *directory, GError **error);
void sweep_free(Sweep *sweep);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sweep, sweep_free)

size_t sweep_point_count(const Sweep *sweep);
size_t sweep_key_count(const Sweep *sweep);
size_t sweep_replication_count(const Sweep *sweep);
/* The point's name, and its value of a key as the scenario says it. */
const char *sweep_point_name(const Sweep *sweep, size_t point);
const char *sweep_key(const Sweep *sweep, size_t key);
size_t sweep_value_index(const Sweep *sweep, size_t point, size_t key);
const char *sweep_value(const Sweep *sweep, size_t point, size_t key);
/* "count=40, loss=1 %": all keys of several values but one (SIZE_MAX: all);
 * free it. */
char *sweep_new_label(const Sweep *sweep, size_t point, size_t skipped_key);
/* Mean over replications, with Student's 95 % interval as far as it is within
 * what the figure can be. */
Estimate sweep_estimate(const Sweep *sweep, size_t point, size_t mode,
                        size_t figure);
/* The same of what the point has more than the first one in the same
 * replication, which has the same luck at both. */
Estimate sweep_difference(const Sweep *sweep, size_t point, size_t mode,
                          size_t figure);
