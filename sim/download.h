/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/download.h: the downloads of a run: when they come, what they saw.
 *
 * Each arrival has its own random stream, so that every mode sees the same
 * clients ask for the same files at the same times.
 */
#pragma once

#include "core/client.h"
#include "sim/population.h"
#include "sim/transport/reassembly.h"

typedef enum Cause {
    CAUSE_NONE, /* not slow */
    CAUSE_OWN_ACCESS,
    CAUSE_CELL_INGRESS,
    CAUSE_DATA_CENTRE_LEG,
    CAUSE_CDN_PATH,
    CAUSE_OTHER, /* distance, background loss: no congestion was on */
} Cause;

typedef enum Outcome {
    OUTCOME_UNFINISHED, /* the run ended first */
    OUTCOME_DONE,
    OUTCOME_STOPPED, /* after its window, as the workload wants */
    OUTCOME_FAILED,
} Outcome;

typedef struct WindowRates {
    uint64_t total_bytes_per_s;
    uint64_t edge_bytes_per_s;
    uint64_t cdn_bytes_per_s;
} WindowRates;

typedef struct Download {
    uint32_t id; /* number of the arrival */
    HostId client;
    uint32_t file;
    uint64_t file_bytes;
    int64_t start_ns;
    int64_t trigger_ns; /* TIME_NEVER: not slow */
    int64_t end_ns;
    Cause cause;
    Outcome outcome;
    uint64_t before_bytes_per_s;
    WindowRates rates[CLIENT_WINDOW_MAX];
    bool is_measured;          /* rates[0] stand */
    uint32_t windows_measured; /* bits: which of the others stand */
    uint32_t window;           /* of the note that comes next */
    uint32_t edges_listed;
    uint32_t edge_attempts;
    uint32_t edge_connects;
    int64_t edge_connect_ns;
    uint32_t cdn_connects;
    int64_t cdn_connect_ns;
    uint32_t edges_used; /* that delivered at least one range */
    GHashTable *used;    /* which; looked up only */
    uint32_t node_requests;
    uint32_t node_failures;
    uint64_t delivered_bytes;
    Reassembly coverage; /* which bytes have been delivered */
} Download;

typedef struct DownloadTable {
    World *world;
    const Population *population;
    const PlanDownloads *plan;
    GArray *downloads;   /* Download */
    uint32_t *active_of; /* [host]: index of its download, or none */
    uint32_t arrival_count;
    uint32_t candidate_count;
    uint32_t slow_count;
    uint32_t measured_count; /* slow ones whose window is over */
    uint32_t running_count;
    uint32_t sampled_count;
    uint64_t equal_bytes; /* sampled payload, compared after opening */
    uint64_t different_bytes;
    int64_t heard_ns; /* time of the latest note */
    bool is_closed;   /* no more arrivals */
} DownloadTable;

void download_table_init(DownloadTable *table, World *world,
                         const Population *population);
void download_table_clear(DownloadTable *table);
/* The books, written, or read into those of a world set up alike. */
void download_table_code(DownloadTable *table, Coder *coder);
/* An agenda entry of kind AGENDA_COMMAND: the next arrival. */
void download_arrive(DownloadTable *table);
/* All that was asked for has been measured. */
bool download_is_over(const DownloadTable *table);
const char *cause_name(Cause cause);
const char *outcome_name(Outcome outcome);
