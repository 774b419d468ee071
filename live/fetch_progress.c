/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/fetch_progress.c: how far a download is, and who brings it.
 */
#include "live/fetch_progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TERMINAL_INTERVAL_NS (250 * NS_PER_MS)
#define FIRST_INTERVAL_NS (5 * NS_PER_S)
#define INTERVAL_NS_MAX (60 * NS_PER_S)
#define SPEED_SECONDS 5u
#define BAR_COLUMNS 24u
#define COLUMNS_DEFAULT 80u
#define COLUMNS_LEAST 20u

void
fetch_progress_init(FetchProgress *progress, FetchProgressMode mode)
{
    memset(progress, 0, sizeof *progress);
    progress->mode = mode;
    progress->edges = g_array_new(FALSE, FALSE, sizeof(FetchEdge));
    progress->is_terminal = isatty(STDERR_FILENO);
}

static bool
is_quick(const FetchProgress *progress)
{
    return progress->is_terminal || progress->mode == FETCH_PROGRESS_ALWAYS;
}

void
fetch_progress_start(FetchProgress *progress, int64_t now_ns)
{
    progress->start_ns = now_ns;
    progress->tick_ns = now_ns + NS_PER_S;
    progress->line_ns = now_ns + (is_quick(progress) ? TERMINAL_INTERVAL_NS
                                                     : FIRST_INTERVAL_NS);
}

void
fetch_progress_clear(FetchProgress *progress)
{
    g_array_unref(progress->edges);
    memset(progress, 0, sizeof *progress);
}

static FetchEdge *
find_edge(FetchProgress *progress, PeerId peer)
{
    GArray *edges = progress->edges;
    for (guint i = 0; i < edges->len; i++)
        if (g_array_index(edges, FetchEdge, i).peer == peer)
            return &g_array_index(edges, FetchEdge, i);
    FetchEdge edge = {.peer = peer};
    g_array_append_val(edges, edge);
    return &g_array_index(edges, FetchEdge, edges->len - 1);
}

void
fetch_progress_take(FetchProgress *progress, const Effect *note)
{
    if (note->note.kind == NOTE_CDN_BYTES)
        progress->cdn_bytes += note->note.value;
    if (note->note.kind == NOTE_EDGE_BYTES)
        find_edge(progress, note->note.about)->done_bytes += note->note.value;
    progress->is_slow |= note->note.kind == NOTE_DOWNLOAD_SLOW;
}

char *
fetch_progress_size(uint64_t size_bytes)
{
    static const char *const UNITS[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double size = (double)size_bytes;
    guint unit = 0;
    while (size >= 999.5 && unit + 1 < G_N_ELEMENTS(UNITS)) {
        size /= 1000;
        unit++;
    }
    return g_strdup_printf(unit > 0 && size < 99.95 ? "%.1f %s" : "%.0f %s",
                           size, UNITS[unit]);
}

double
fetch_progress_elapsed_s(const FetchProgress *progress, int64_t now_ns)
{
    return (double)(now_ns - progress->start_ns) / 1e9;
}

static double
percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

char *
fetch_progress_shares(const FetchProgress *progress)
{
    GString *text = g_string_new(NULL);
    uint64_t told_bytes = progress->cdn_bytes;
    for (guint i = 0; i < progress->edges->len; i++)
        told_bytes += g_array_index(progress->edges, FetchEdge, i).done_bytes;
    if (told_bytes > 0)
        g_string_append_printf(text, "CDN %.0f %%",
                               percent(progress->cdn_bytes, told_bytes));
    for (guint i = 0; i < progress->edges->len; i++) {
        const FetchEdge *edge = &g_array_index(progress->edges, FetchEdge, i);
        g_string_append_printf(text, ", edge %u %.0f %%", edge->peer,
                               percent(edge->done_bytes, told_bytes));
    }
    return g_string_free(text, FALSE);
}

static void
append_time(GString *text, uint64_t seconds)
{
    if (seconds >= 3600)
        g_string_append_printf(text,
                               "%" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT
                               ":%02" G_GUINT64_FORMAT " left",
                               seconds / 3600, seconds / 60 % 60, seconds % 60);
    else
        g_string_append_printf(
            text, "%" G_GUINT64_FORMAT ":%02" G_GUINT64_FORMAT " left",
            seconds / 60, seconds % 60);
}

static void
append_bar(GString *text, double share_percent)
{
    uint32_t full_count = (uint32_t)(share_percent / 100 * BAR_COLUMNS);
    g_string_append(text, " [");
    for (uint32_t i = 0; i < BAR_COLUMNS; i++)
        g_string_append_c(text, i < full_count    ? '='
                                : i == full_count ? '>'
                                                  : ' ');
    g_string_append_c(text, ']');
}

char *
fetch_progress_line(const FetchProgress *progress, int64_t now_ns,
                    uint32_t column_count)
{
    uint64_t here_bytes = progress->held_bytes + progress->done_bytes;
    double share_percent = percent(here_bytes, progress->file_bytes);
    uint64_t rate_bytes = speed_bps(&progress->speed, SPEED_SECONDS) / 8;
    double elapsed_s = fetch_progress_elapsed_s(progress, now_ns);
    if (progress->speed.tick_count == 0 && elapsed_s > 0)
        rate_bytes = (uint64_t)((double)progress->done_bytes / elapsed_s);
    g_autofree char *here = fetch_progress_size(here_bytes);
    g_autofree char *whole = fetch_progress_size(progress->file_bytes);
    g_autofree char *rate = fetch_progress_size(rate_bytes);
    g_autofree char *shares = fetch_progress_shares(progress);
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%3.0f %%", share_percent);
    if (progress->is_terminal)
        append_bar(text, share_percent);
    g_string_append_printf(text, " %s of %s, %s/s", here, whole, rate);
    g_string_append(text, ", ");
    if (rate_bytes > 0)
        append_time(text, (progress->file_bytes - here_bytes) / rate_bytes);
    else
        g_string_append(text, "? left");
    if (*shares)
        g_string_append_printf(text, "; %s", shares);
    if (text->len > column_count)
        g_string_truncate(text, column_count);
    return g_string_free(text, FALSE);
}

/* One less than there are: a full line would wrap. */
static uint32_t
terminal_columns(void)
{
    struct winsize size;
    bool is_known =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return MAX(COLUMNS_LEAST, is_known ? size.ws_col : COLUMNS_DEFAULT) - 1;
}

static void
print_line(FetchProgress *progress, int64_t now_ns)
{
    uint32_t columns =
        progress->is_terminal ? terminal_columns() : 4 * COLUMNS_DEFAULT;
    g_autofree char *line = fetch_progress_line(progress, now_ns, columns);
    if (progress->is_terminal)
        fprintf(stderr, "\r\033[K%s", line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
    progress->has_line = progress->is_terminal;
}

void
fetch_progress_show(FetchProgress *progress, int64_t now_ns)
{
    for (; progress->tick_ns <= now_ns; progress->tick_ns += NS_PER_S)
        speed_tick(&progress->speed, progress->done_bytes);
    if (progress->mode == FETCH_PROGRESS_NEVER || now_ns < progress->line_ns)
        return;
    print_line(progress, now_ns);
    int64_t wait_ns =
        CLAMP(now_ns - progress->start_ns, FIRST_INTERVAL_NS, INTERVAL_NS_MAX);
    progress->line_ns =
        now_ns + (is_quick(progress) ? TERMINAL_INTERVAL_NS : wait_ns);
}

void
fetch_progress_hide(FetchProgress *progress)
{
    if (progress->has_line)
        fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->has_line = false;
}
