/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_progress.h: how far a download is, and who brings it.
 */
#pragma once

#include "core/note.h"
#include "core/speed.h"
#include "core/turn.h"

#include <glib.h>

typedef enum FetchProgressMode {
    FETCH_PROGRESS_AUTO,   /* a line that rewrites itself on a terminal; else
                              lines at growing intervals */
    FETCH_PROGRESS_ALWAYS, /* lines, quickly, wherever that goes */
    FETCH_PROGRESS_NEVER,
} FetchProgressMode;

/* What one edge has brought. */
typedef struct FetchEdge {
    PeerId peer;
    uint64_t done_bytes;
} FetchEdge;

typedef struct FetchProgress {
    uint64_t file_bytes;
    uint64_t held_bytes; /* of earlier attempts */
    uint64_t done_bytes; /* of this one */
    uint64_t cdn_bytes;  /* of done_bytes; of whole requests, as the next */
    GArray *edges;       /* FetchEdge, in the order of their first bytes */
    bool is_slow;        /* edges were called for */
    Speed speed;
    int64_t start_ns;
    int64_t tick_ns; /* of speed */
    int64_t line_ns; /* when the next line is due */
    FetchProgressMode mode;
    bool is_terminal;
    bool has_line;
} FetchProgress;

void fetch_progress_init(FetchProgress *progress, FetchProgressMode mode);
/* The first byte is about to be asked for. */
void fetch_progress_start(FetchProgress *progress, int64_t now_ns);
void fetch_progress_clear(FetchProgress *progress);
/* What the client noted. */
void fetch_progress_take(FetchProgress *progress, const Effect *note);
/* Several times a second: print if it is time to. */
void fetch_progress_show(FetchProgress *progress, int64_t now_ns);
/* Take the line away, before others print. */
void fetch_progress_hide(FetchProgress *progress);

/* The line, without its end, in at most so many columns. */
char *fetch_progress_line(const FetchProgress *progress, int64_t now_ns,
                          uint32_t column_count);
/* "4.3 MB"; g_free it. */
char *fetch_progress_size(uint64_t size_bytes);
/* "cdn 60 %, edge 12 40 %": of what this attempt has brought. */
char *fetch_progress_shares(const FetchProgress *progress);
double fetch_progress_elapsed_s(const FetchProgress *progress, int64_t now_ns);
