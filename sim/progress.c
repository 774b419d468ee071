/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/progress.c: the status line.
 */
#include "sim/progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/event.h"

#define TERMINAL_INTERVAL_US 250000
#define FIRST_INTERVAL_US 5000000
#define INTERVAL_US_MAX 60000000

int64_t
progress_now_us(void)
{
    return g_get_monotonic_time();
}

void
progress_init(Progress *progress, const ModeProgress *modes,
              uint32_t mode_count, ProgressMode mode)
{
    memset(progress, 0, sizeof *progress);
    progress->modes = modes;
    progress->mode_count = mode_count;
    progress->is_terminal = isatty(STDERR_FILENO);
    progress->is_off = mode == PROGRESS_NEVER;
    progress->start_us = progress->last_us = progress_now_us();
    int64_t wait_us =
        progress->is_terminal ? TERMINAL_INTERVAL_US : FIRST_INTERVAL_US;
    if (mode == PROGRESS_ALWAYS)
        wait_us = TERMINAL_INTERVAL_US;
    progress->next_us = progress->start_us + wait_us;
}

double
progress_share(const ModeProgress *mode)
{
    if (mode->is_over)
        return 1;
    double share = 0;
    /* A goal tells more than time: the warm-up passes in no time. */
    if (mode->goal > 0)
        share = (double)mode->done / (double)mode->goal;
    else if (mode->stop_ns > 0)
        share = (double)mode->now_ns / (double)mode->stop_ns;
    return MIN(share, 1);
}

char *
progress_new_duration(double seconds)
{
    uint64_t whole = (uint64_t)(seconds + 0.5);
    if (whole < 60)
        return g_strdup_printf("%" G_GUINT64_FORMAT " s", whole);
    if (whole < 3600)
        return g_strdup_printf("%" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT
                               " min",
                               whole / 60, whole % 60);
    return g_strdup_printf("%" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT " h",
                           whole / 3600, whole / 60 % 60);
}

void
progress_resume(ModeProgress *mode)
{
    mode->resumed_share = progress_share(mode);
    mode->resumed_events = mode->events;
}

/* What all modes together have done. */
typedef struct Sum {
    double share;
    double new_share; /* by this run */
    double simulated_s;
    uint64_t done;
    uint64_t goal;
    uint64_t events;
    uint64_t memory_bytes;
} Sum;

static Sum
add_up(const Progress *progress)
{
    Sum sum = {0};
    for (uint32_t i = 0; i < progress->mode_count; i++) {
        const ModeProgress *mode = &progress->modes[i];
        double share = progress_share(mode);
        sum.share += share / progress->mode_count;
        sum.new_share += (share - mode->resumed_share) / progress->mode_count;
        sum.simulated_s += (double)mode->now_ns / 1e9;
        sum.done += mode->done;
        sum.goal += mode->goal;
        sum.events += mode->events - mode->resumed_events;
        sum.memory_bytes += mode->is_over ? 0 : mode->memory_bytes;
    }
    return sum;
}

char *
progress_new_line(Progress *progress, int64_t now_us)
{
    Sum sum = add_up(progress);
    double passed_s = (double)(now_us - progress->last_us) / 1e6;
    if (passed_s > 0)
        progress->events_per_s =
            (double)(sum.events - progress->last_events) / passed_s;
    progress->last_us = now_us;
    progress->last_events = sum.events;
    double elapsed_s = (double)(now_us - progress->start_us) / 1e6;
    g_autofree char *left = g_strdup("?");
    if (sum.new_share > 0.0005) {
        g_free(left);
        left =
            progress_new_duration(elapsed_s * (1 - sum.share) / sum.new_share);
    }
    g_autofree char *count = g_strdup("");
    if (sum.goal > 0) {
        g_free(count);
        count = g_strdup_printf(
            ", %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " %s", sum.done,
            sum.goal, progress->noun ? progress->noun : "done");
    }
    return g_strdup_printf("%3.0f %%%s, %.0f s simulated, %.2f M events/s, "
                           "%.0f MiB, %s left",
                           100 * sum.share, count, sum.simulated_s,
                           progress->events_per_s / 1e6,
                           (double)sum.memory_bytes / 1048576, left);
}

bool
progress_is_due(const Progress *progress)
{
    return !progress->is_off && progress_now_us() >= progress->next_us;
}

void
progress_show(Progress *progress)
{
    if (!progress_is_due(progress))
        return;
    g_autofree char *line = progress_new_line(progress, progress_now_us());
    progress_print(progress, line);
}

void
progress_print(Progress *progress, const char *line)
{
    int64_t now_us = progress_now_us();
    if (progress->is_terminal) {
        fprintf(stderr, "\r\033[K%s", line);
        progress->has_line = true;
        progress->next_us = now_us + TERMINAL_INTERVAL_US;
    } else {
        fprintf(stderr, "%s\n", line);
        int64_t wait_us = now_us - progress->start_us;
        progress->next_us =
            now_us + CLAMP(wait_us, FIRST_INTERVAL_US, INTERVAL_US_MAX);
    }
    fflush(stderr);
}

void
progress_end(Progress *progress)
{
    if (progress->has_line)
        fputs("\r\033[K", stderr);
    progress->has_line = false;
}

double
progress_elapsed_s(const Progress *progress)
{
    return (double)(progress_now_us() - progress->start_us) / 1e6;
}

char *
progress_timestamp(void)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    return g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
}
