/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/download.h: downloads.csv, judged.
 *
 * The downloads of all modes are numbered alike: download i of two modes is
 * the same one under common random numbers.
 */
#pragma once

#include "analysis/results.h"
#include "analysis/statistic.h"

typedef enum Verdict {
    VERDICT_NONE,       /* was never slow, or not there in this mode */
    VERDICT_SUCCESS,    /* S: total > T and edges > T / 2 */
    VERDICT_FAILURE,    /* F: total < T */
    VERDICT_NEITHER,    /* N: fast again, but not by the edges' help */
    VERDICT_UNMEASURED, /* slow, with no rates in the file */
} Verdict;

typedef struct Download {
    bool is_there; /* in this mode's rows */
    size_t row;    /* of the table */
    bool is_slow;
    Verdict verdict;
    bool is_fixed;     /* total above the fix threshold */
    const char *cause; /* of slowness, as in the file */
    double before_bytes_per_second;
    double total_bytes_per_second;
    double edge_bytes_per_second;
    double cdn_bytes_per_second;
    double edge_attempts;
    double edge_connects;
    double edge_connect_seconds; /* summed over the connects */
    double cdn_connects;
    double cdn_connect_seconds;
    double edge_connections_used;
} Download;

typedef struct DownloadSet {
    size_t mode_count;
    size_t count;        /* different download_ids */
    Download *downloads; /* [mode][count] */
    Table *table;        /* lent; texts point into it */
} DownloadSet;

/* window is "" for the measure's own window, "10_s" and the like for the
 * columns total_10_s_bytes_per_second and edge_10_s_bytes_per_second. */
DownloadSet *download_set_new(const Results *results, const char *window,
                              GError **error);
void download_set_free(DownloadSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DownloadSet, download_set_free)

/* The mode's [count] downloads; NULL when count is 0. */
const Download *download_set_mode(const DownloadSet *set, size_t mode);
/* The windows that the file has columns for; ended by NULL. */
char **download_new_windows(const Results *results);
/* Rates of the mode's slow downloads, sorted; before or during the help. */
double *download_new_rates(const DownloadSet *set, size_t mode, bool is_before,
                           size_t *ret_count);
