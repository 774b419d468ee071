/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/download.c: reads and judges downloads.csv.
 */
#include "analysis/download.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* Where a column of numbers goes in a Download. */
typedef struct Column {
    const char *name;
    size_t offset;
} Column;

static const Column columns[] = {
    {"before_bytes_per_second", offsetof(Download, before_bytes_per_second)},
    {"cdn_bytes_per_second", offsetof(Download, cdn_bytes_per_second)},
    {"edge_attempts", offsetof(Download, edge_attempts)},
    {"edge_connects", offsetof(Download, edge_connects)},
    {"edge_connect_seconds_sum", offsetof(Download, edge_connect_seconds)},
    {"cdn_connects", offsetof(Download, cdn_connects)},
    {"cdn_connect_seconds_sum", offsetof(Download, cdn_connect_seconds)},
    {"edge_connections_used", offsetof(Download, edge_connections_used)},
};

/* Per row of the table: the download it fills. */
typedef struct Placement {
    DownloadSet *set;
    Download **targets;
} Placement;

static bool
fill_column(const Placement *placement, const char *name, size_t offset,
            GError **error)
{
    const Table *table = placement->set->table;
    g_autofree double *numbers = table_new_numbers(table, name, error);
    if (!numbers)
        return false;
    for (size_t i = 0; i < table_row_count(table); i++)
        *(double *)((char *)placement->targets[i] + offset) = numbers[i];
    return true;
}

static bool
fill_flags(const Placement *placement, GError **error)
{
    const Table *table = placement->set->table;
    g_autofree double *is_slow = table_new_numbers(table, "is_slow", error);
    if (!is_slow)
        return false;
    g_autofree const char **causes = table_new_texts(table, "cause", error);
    if (!causes)
        return false;
    for (size_t i = 0; i < table_row_count(table); i++) {
        placement->targets[i]->is_slow = is_slow[i] > 0;
        placement->targets[i]->cause = causes[i];
    }
    return true;
}

static bool
fill_rates(const Placement *placement, const char *window, GError **error)
{
    const char *blank = *window ? "_" : "";
    g_autofree char *total =
        g_strconcat("total", blank, window, "_bytes_per_second", NULL);
    g_autofree char *edge =
        g_strconcat("edge", blank, window, "_bytes_per_second", NULL);
    return fill_column(placement, total,
                       offsetof(Download, total_bytes_per_second), error) &&
           fill_column(placement, edge,
                       offsetof(Download, edge_bytes_per_second), error);
}

/* Find every row its download; a download twice in one mode is an error. */
static bool
place_rows(const Results *results, Placement *placement, GError **error)
{
    DownloadSet *set = placement->set;
    size_t row_count = table_row_count(set->table);
    g_autofree size_t *modes =
        results_new_row_modes(results, set->table, error);
    if (!modes)
        return false;
    g_autofree const char **ids =
        table_new_texts(set->table, "download_id", error);
    if (!ids)
        return false;
    g_autoptr(GHashTable) index_by_id =
        g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree size_t *indices = g_new(size_t, row_count + 1);
    for (size_t i = 0; i < row_count; i++) {
        gpointer index = GSIZE_TO_POINTER(set->count);
        if (g_hash_table_lookup_extended(index_by_id, ids[i], NULL, &index))
            indices[i] = GPOINTER_TO_SIZE(index);
        else
            indices[i] = set->count++;
        g_hash_table_insert(index_by_id, (gpointer)ids[i],
                            GSIZE_TO_POINTER(indices[i]));
    }
    set->downloads = g_new0(Download, set->mode_count * set->count + 1);
    placement->targets = g_new(Download *, row_count + 1);
    for (size_t i = 0; i < row_count; i++) {
        Download *download =
            &set->downloads[modes[i] * set->count + indices[i]];
        placement->targets[i] = download;
        if (download->is_there) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                        "%s/downloads.csv: download %s is twice in mode %s",
                        results->directory, ids[i],
                        results_mode_name(results, modes[i]));
            return false;
        }
        download->is_there = true;
        download->row = i;
    }
    return true;
}

/* Strict inequalities; a total of exactly T is neither. */
static Verdict
judge(const Download *download, double threshold_bytes_per_second)
{
    double total = download->total_bytes_per_second;
    double edge = download->edge_bytes_per_second;
    if (!download->is_slow)
        return VERDICT_NONE;
    if (isnan(total) || isnan(edge))
        return VERDICT_UNMEASURED;
    if (total < threshold_bytes_per_second)
        return VERDICT_FAILURE;
    return total > threshold_bytes_per_second &&
                   edge > threshold_bytes_per_second / 2
               ? VERDICT_SUCCESS
               : VERDICT_NEITHER;
}

DownloadSet *
download_set_new(const Results *results, const char *window, GError **error)
{
    g_autoptr(DownloadSet) set = g_new0(DownloadSet, 1);
    set->mode_count = results_mode_count(results);
    set->table = results->downloads;
    if (!set->table)
        return g_steal_pointer(&set);
    Placement placement = {set, NULL};
    bool is_whole = place_rows(results, &placement, error) &&
                    fill_flags(&placement, error) &&
                    fill_rates(&placement, window, error);
    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        is_whole = is_whole && fill_column(&placement, columns[i].name,
                                           columns[i].offset, error);
    g_free(placement.targets);
    if (!is_whole)
        return NULL;
    double slow = results_number(results, "slow_threshold_bytes_per_second");
    double fix = results_number(results, "fix_bytes_per_second");
    for (size_t i = 0; i < set->mode_count * set->count; i++) {
        Download *download = &set->downloads[i];
        download->verdict = judge(download, slow);
        download->is_fixed = download->total_bytes_per_second > fix;
    }
    return g_steal_pointer(&set);
}

void
download_set_free(DownloadSet *set)
{
    g_free(set->downloads);
    g_free(set);
}

const Download *
download_set_mode(const DownloadSet *set, size_t mode)
{
    g_assert(mode < set->mode_count);
    if (set->count == 0)
        return NULL;
    return &set->downloads[mode * set->count];
}

char **
download_new_windows(const Results *results)
{
    const Table *table = results->downloads;
    g_autoptr(GStrvBuilder) windows = g_strv_builder_new();
    for (size_t i = 0; table && i < table_column_count(table); i++) {
        const char *name = table_column_name(table, i);
        const char *end = strstr(name, "_s_bytes_per_second");
        if (!g_str_has_prefix(name, "total_") || !end)
            continue;
        const char *start = name + strlen("total_");
        g_autofree char *window =
            g_strndup(start, (gsize)(end - start) + strlen("_s"));
        g_strv_builder_add(windows, window);
    }
    return g_strv_builder_end(windows);
}

double *
download_new_rates(const DownloadSet *set, size_t mode, bool is_before,
                   size_t *ret_count)
{
    const Download *downloads = download_set_mode(set, mode);
    double *rates = g_new(double, set->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        double rate = is_before ? downloads[i].before_bytes_per_second
                                : downloads[i].total_bytes_per_second;
        if (downloads[i].is_slow && !isnan(rate))
            rates[count++] = rate;
    }
    statistic_sort(rates, count);
    *ret_count = count;
    return rates;
}
