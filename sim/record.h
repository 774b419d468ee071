/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/record.h: what a mode leaves behind, as rows of CSV (RFC 4180).
 *
 * A mode's process writes rows without heads into DIR/parts; the parent puts
 * head and all modes' rows together.
 */
#pragma once

#include "sim/download.h"
#include "sim/flow.h"
#include "sim/pcap.h"

#include <stdio.h>

typedef enum RecordKind {
    RECORD_DOWNLOADS,
    RECORD_FLOWS,
    RECORD_LINKS,
    RECORD_NODES,
    RECORD_NOTES, /* measure.trace: everything that nodes note */
    RECORD_KIND_COUNT,
} RecordKind;

/* What a sample tells of a link; all values are alike, for parts_sum. */
typedef struct LinkSample {
    uint64_t arrived_packets;
    uint64_t busy_ns;
    uint64_t waited_ns;
    uint64_t waiting_packets_max;
    uint64_t dropped_packets[LINK_DROP_COUNT];
} LinkSample;

/* One sampled link: what its counters said at the last sample. */
typedef struct WatchedLink {
    LinkId link;
    char *name;
    LinkSample last;
} WatchedLink;

/* What is written while a mode runs. */
typedef struct Recorder {
    const char *directory;
    const char *mode;
    FILE *links;
    FILE *notes; /* NULL: not wanted */
    int64_t interval_ns;
    bool has_rows;       /* from before */
    GArray *watched;     /* WatchedLink */
    GPtrArray *captures; /* Pcap * */
} Recorder;

/* With rows that are there to be gone on with, recorder_code follows. Without
 * a directory (NULL) nothing is kept: another rank does. */
bool recorder_init(Recorder *recorder, const char *directory, const char *mode,
                   int64_t interval_ns, bool has_rows, GError **error);
/* What it has written, written; or read, and the files cut to what they held
 * then. All links are watched and captured. */
void recorder_code(Recorder *recorder, Coder *coder);
/* Remove what a recorder for the mode has left. */
bool recorder_forget(const char *directory, const char *mode, GError **error);
/* Open the file for the world's notes. */
bool recorder_trace(Recorder *recorder, GError **error);
/* Write the packets that the link delivers to DIR/pcap/MODE-NAME.pcap. */
bool recorder_capture(Recorder *recorder, Link *link, const char *name,
                      GError **error);
/* Whether all rows so far could be written; cheap enough to ask often. */
bool recorder_is_good(const Recorder *recorder);
/* After the last row: false when any byte did not reach the disk. Packets that
 * would have come after end_ns are not written. */
bool recorder_close(Recorder *recorder, int64_t end_ns, GError **error);
void recorder_clear(Recorder *recorder);
void recorder_watch(Recorder *recorder, LinkId link, const char *name);
/* A row a watched link for the interval that ends now. */
void recorder_sample(Recorder *recorder, const Network *network);

bool record_downloads(const char *directory, const char *mode,
                      const DownloadTable *table, GError **error);
bool record_nodes(const char *directory, const char *mode, const World *world,
                  GError **error);
bool record_flows(const char *directory, const char *mode,
                  const FlowTable *table, GError **error);
/* The row of column names above a kind's rows, with its line end. */
char *record_new_head(RecordKind kind, const Scenario *scenario);
/* Put a kind's parts together under its head; no rows, no file. */
bool record_join(const char *directory, RecordKind kind,
                 const Scenario *scenario, const char *const *modes,
                 GError **error);
