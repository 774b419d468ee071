/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/metrics.h: what a process counts, as Prometheus reads it.
 *
 * Names are those of the simulator where both measure the same. One table in
 * live/metrics.c says for each what it is, in which unit. Labels have few
 * values, known when this was compiled: no peer can make more of them.
 */
#pragma once

#include "core/note.h"
#include "live/visit.h"

#define HISTOGRAM_BOUND_COUNT 17u
/* 1xx to 5xx, and those without an answer. */
#define STATUS_CLASS_COUNT 6u

typedef enum MetricId {
    METRIC_ACCEPTED,
    METRIC_OPENED,
    METRIC_MULTIPATH,
    METRIC_RESET,
    METRIC_REFUSED,
    METRIC_TURNED_AWAY,
    METRIC_LATE_HEADS,
    METRIC_SLOW_READERS,
    METRIC_CONNECTIONS,
    METRIC_VISITORS,
    METRIC_BUFFERED,
    METRIC_RECEIVED,
    METRIC_SENT,
    METRIC_FORWARDS,
    METRIC_FORWARDED,
    METRIC_EVENTS,
    METRIC_BODY,
    METRIC_SERVED,
    METRIC_LOST_LINES,
    METRIC_RELOADS,
    METRIC_FAILED_RELOADS,
    METRIC_DRAINING,
    METRIC_OPEN_FILES,
    METRIC_RESIDENT,
    METRIC_START,
    METRIC_COUNT,
} MetricId;

typedef struct Histogram {
    uint64_t counts[HISTOGRAM_BOUND_COUNT + 1]; /* the last: above all */
    uint64_t count;
    int64_t sum_ns;
} Histogram;

typedef struct Metrics {
    uint64_t values[METRIC_COUNT];
    uint64_t notes[NOTE_COUNT];
    uint64_t responses[STATUS_CLASS_COUNT];
    uint64_t ends[VISIT_END_COUNT];
    Histogram connect;
    Histogram first_byte;
    Histogram duration;
} Metrics;

void metrics_see_visit(Metrics *metrics, const Visit *visit);
void metrics_see_connect(Metrics *metrics, int64_t took_ns);
void metrics_see_note(Metrics *metrics, NoteKind kind, uint64_t value);
/* What the system says about this process. */
void metrics_see_process(Metrics *metrics);
/* Append all of them. role is that of the process. */
void metrics_write(GString *text, const Metrics *metrics, const char *role);
