/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/record.h: what a mode leaves behind, as rows of CSV (RFC 4180).
 *
 * A mode's process writes rows without heads into DIR/parts; the parent puts
 * head and all modes' rows together.
 */
#pragma once

#include "sim/download.h"
#include "sim/flow.h"

#include <stdio.h>

typedef enum RecordKind {
    RECORD_DOWNLOADS,
    RECORD_FLOWS,
    RECORD_LINKS,
    RECORD_NODES,
    RECORD_NOTES, /* measure.trace: everything that nodes note */
    RECORD_KIND_COUNT,
} RecordKind;

/* One sampled link: what its counters said at the last sample. */
typedef struct WatchedLink {
    LinkId link;
    char *name;
    LinkCount last;
    uint64_t last_busy_ns;
} WatchedLink;

typedef struct Recorder {
    const char *mode;
    FILE *links;
    int64_t interval_ns;
    GArray *watched; /* WatchedLink */
} Recorder;

bool recorder_init(Recorder *recorder, const char *directory, const char *mode,
                   int64_t interval_ns, GError **error);
bool recorder_close(Recorder *recorder, GError **error);
void recorder_watch(Recorder *recorder, LinkId link, const char *name);
/* A row a watched link for the interval that ends now. */
void recorder_sample(Recorder *recorder, const Network *network);

/* Give the world a file for its notes; record_close_trace when it is over. */
bool record_open_trace(const char *directory, const char *mode, World *world,
                       GError **error);
bool record_close_trace(World *world, GError **error);
bool record_downloads(const char *directory, const char *mode,
                      const DownloadTable *table, GError **error);
bool record_nodes(const char *directory, const char *mode, const World *world,
                  GError **error);
bool record_flows(const char *directory, const char *mode,
                  const FlowTable *table, GError **error);
/* Put a kind's parts together under its head; no rows, no file. */
bool record_join(const char *directory, RecordKind kind,
                 const Scenario *scenario, const char *const *modes,
                 GError **error);
