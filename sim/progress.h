/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/progress.h: how far a run is, on one line; and what it cost.
 *
 * The one place of sim/ that looks at the wall clock.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_MODES_MAX 8

/* Shared between the process of a mode, which writes, and its parent. */
typedef struct ModeProgress {
    int64_t now_ns;
    int64_t stop_ns;
    uint64_t done; /* flows completed, slow downloads measured */
    uint64_t goal; /* 0: time alone says how far it is */
    uint64_t events;
    uint64_t memory_bytes;
    bool is_over;
    /* Where it went on from a checkpoint: not done by this run. */
    uint64_t resumed_events;
    double resumed_share;
} ModeProgress;

typedef enum ProgressMode {
    PROGRESS_AUTO,
    PROGRESS_ALWAYS,
    PROGRESS_NEVER,
} ProgressMode;

typedef struct Progress {
    const ModeProgress *modes;
    uint32_t mode_count;
    const char *noun; /* "slow downloads" */
    bool is_terminal; /* rewrite the line; else lines at growing intervals */
    bool is_off;
    bool has_line;
    int64_t start_us;
    int64_t last_us;
    int64_t next_us;
    uint64_t last_events;
    double events_per_s;
} Progress;

void progress_init(Progress *progress, const ModeProgress *modes,
                   uint32_t mode_count, ProgressMode mode);
/* Print if it is time to; cheap enough to call ten times a second. */
void progress_show(Progress *progress);
/* The two halves of it, for whoever has another line to show. */
bool progress_is_due(const Progress *progress);
void progress_print(Progress *progress, const char *line);
/* The line for that time, as progress_show prints it; g_free it. */
char *progress_new_line(Progress *progress, int64_t now_us);
/* "12 s", "3:05 min"; g_free it. */
char *progress_new_duration(double seconds);
/* Take the line away. */
void progress_end(Progress *progress);
/* On a clock that only runs forward. */
int64_t progress_now_us(void);
double progress_elapsed_s(const Progress *progress);
/* The present time as ISO 8601, UTC; g_free it. */
char *progress_timestamp(void);
/* The share done of one mode, 0 to 1. */
double progress_share(const ModeProgress *mode);
/* All that it has done so far was done before. */
void progress_resume(ModeProgress *mode);
