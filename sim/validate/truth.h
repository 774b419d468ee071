/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/validate/truth.h: measurements of a real TCP, read from a CSV file.
 *
 * Columns are found by name, in any order; rows of one case are repetitions
 * of the same conditions.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum TruthControl {
    TRUTH_RENO,
    TRUTH_CUBIC,
    TRUTH_OTHER, /* one that is not modelled */
} TruthControl;

typedef struct TruthCase {
    char *name;
    char *group;
    char *tag;
    char *unlike; /* why it is beyond the model; NULL: it is not */
    TruthControl control;
    uint32_t initial_window;
    uint32_t queue_packets;
    uint64_t size_bytes; /* 0: without end, max_ns long */
    int64_t rtt_ns;
    int64_t max_ns;
    uint64_t rate_bps;
    double loss_ratio;
    bool has_idle_restart;
    bool has_hystart;
    GArray *completion_ms; /* double, one a repetition */
    GArray *goodput_mbps;
} TruthCase;

/* Cases in the order of the file; NULL and *ret_why (g_free it) when the
 * file cannot be read or lacks a column. */
GPtrArray *truth_read(const char *path, char **ret_why);
double truth_median(const GArray *values);
double truth_mean(const GArray *values);
