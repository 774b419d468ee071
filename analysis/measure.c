/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/measure.c: what each row adds to a figure.
 */
#include "analysis/measure.h"

#include "analysis/figure.h"
#include "analysis/speedup.h"

#include <math.h>

#define ARRIVALS_PER_ROW_MAX 1.1

static void
find_flows(Observations *seen)
{
    seen->count = table_row_count(seen->table);
    seen->rows = g_new(size_t, seen->count + 1);
    g_autofree size_t *modes =
        results_new_row_modes(seen->results, seen->table, NULL);
    for (size_t i = 0; i < seen->count; i++)
        seen->rows[i] = modes[i] == seen->mode ? i : G_MAXSIZE;
}

static void
find_downloads(Observations *seen)
{
    g_autoptr(DownloadSet) set = download_set_new(seen->results, "", NULL);
    seen->count = set->count;
    seen->rows = g_new(size_t, set->count + 1);
    const Download *downloads = download_set_mode(set, seen->mode);
    for (size_t i = 0; i < set->count; i++)
        seen->rows[i] = downloads[i].is_there ? downloads[i].row : G_MAXSIZE;
}

Observations
observations_of(const Results *results, size_t mode)
{
    bool has_downloads = results_has_downloads(results);
    Observations seen = {
        .results = results,
        .table = has_downloads ? results->downloads : results->flows,
        .mode = mode,
    };
    if (!seen.table)
        seen.rows = g_new(size_t, 1);
    else if (has_downloads)
        find_downloads(&seen);
    else
        find_flows(&seen);
    return seen;
}

/* A generator that skips downloads which cannot become slow leaves too few
 * rows; the last arrivals of a run have none, and are spread over the others.
 */
static bool
measure_slow_ratio(const Observations *seen, const Download *downloads,
                   Measure *measure)
{
    double there_count = 0;
    for (size_t i = 0; i < seen->count; i++)
        there_count += downloads[i].is_there;
    double arrivals =
        figure_find(results_mode(seen->results, seen->mode), "arrivals");
    double weight = arrivals > there_count ? arrivals / there_count : 1;
    for (size_t i = 0; i < seen->count; i++) {
        measure->parts[i] = downloads[i].is_slow;
        measure->wholes[i] = downloads[i].is_there ? weight : 0;
    }
    measure->kind = weight > 1 ? RATIO_POOLED_SHARE : RATIO_SHARE;
    return weight <= ARRIVALS_PER_ROW_MAX;
}

static bool
measure_requests(const Observations *seen, Measure *measure)
{
    g_autofree double *requests =
        table_new_numbers(seen->table, "node_requests", NULL);
    g_autofree double *failures =
        table_new_numbers(seen->table, "node_request_failures", NULL);
    if (!requests || !failures)
        return false;
    for (size_t i = 0; i < seen->count; i++) {
        size_t row = seen->rows[i];
        if (row == G_MAXSIZE)
            continue;
        measure->parts[i] = requests[row] - failures[row];
        measure->wholes[i] = requests[row];
    }
    measure->kind = RATIO_POOLED_SHARE;
    return true;
}

static bool
measure_downloads(const Observations *seen, const char *const *keys,
                  Measure *measure)
{
    bool is_window = keys[1] && g_str_equal(keys[0], "sensitivity");
    bool is_cause = keys[1] && g_str_equal(keys[0], "causes");
    const char *name = is_window ? keys[2] : is_cause ? keys[1] : keys[0];
    if (!name || (keys[1] && !is_window && !is_cause))
        return false;
    g_autoptr(DownloadSet) set =
        download_set_new(seen->results, is_window ? keys[1] : "", NULL);
    if (!set)
        return false;
    const Download *downloads = download_set_mode(set, seen->mode);
    if (g_str_equal(name, "slow_ratio"))
        return measure_slow_ratio(seen, downloads, measure);
    if (g_str_equal(name, "node_request_success_ratio"))
        return measure_requests(seen, measure);
    RatioSample sample;
    if (!speedup_measure(name, downloads, set->count, measure->parts, &sample))
        return false;
    measure->kind = sample.kind;
    return true;
}

/* "p90" is 0.9; NAN for what is no percentile. */
static double
parse_percentile(const char *text)
{
    char *end = NULL;
    double percent = *text == 'p' ? g_ascii_strtod(text + 1, &end) : -1;
    bool is_percentile = end && end > text + 1 && !*end && percent < 100;
    return is_percentile ? percent / 100 : (double)NAN;
}

/* A figure of flows.csv: a mean, a percentile or a sum over a column. */
typedef struct FlowFigure {
    const char *name;
    const char *column;
    bool is_sum;
    bool is_count;  /* of the cells that are not empty */
    bool is_bursty; /* a queue that overflows strikes many flows at once */
} FlowFigure;

static const FlowFigure flow_figures[] = {
    {.name = "completed",
     .column = "completion_seconds",
     .is_sum = true,
     .is_count = true},
    {.name = "flow_completion_seconds", .column = "completion_seconds"},
    {.name = "connect_seconds", .column = "connect_seconds"},
    {.name = "first_byte_seconds", .column = "first_byte_seconds"},
    {.name = "goodput_bits_per_second", .column = "goodput_bits_per_second"},
    {.name = "retransmitted_segments_total",
     .column = "retransmitted_segments_total",
     .is_sum = true,
     .is_bursty = true},
    {.name = "timeouts_total",
     .column = "timeouts_total",
     .is_sum = true,
     .is_bursty = true},
};

static const FlowFigure *
find_flow_figure(const char *name, const char *member)
{
    for (size_t i = 0; name && i < G_N_ELEMENTS(flow_figures); i++) {
        const FlowFigure *figure = &flow_figures[i];
        if (g_str_equal(figure->name, name) && figure->is_sum == !member)
            return figure;
    }
    return NULL;
}

/* A sum is its mean times the rows that there are. */
static bool
measure_column(const Observations *seen, const FlowFigure *figure,
               const char *transport, Measure *measure)
{
    g_autofree double *numbers =
        table_new_numbers(seen->table, figure->column, NULL);
    g_autofree const char **transports =
        table_new_texts(seen->table, "transport", NULL);
    double count = 0;
    for (size_t i = 0; i < seen->count; i++) {
        bool is_in = seen->rows[i] != G_MAXSIZE &&
                     (!transport || g_str_equal(transport, transports[i]));
        double part = figure->is_count ? !isnan(numbers[i]) : numbers[i];
        measure->parts[i] = part;
        measure->wholes[i] = is_in && !isnan(part);
        count += measure->wholes[i];
    }
    for (size_t i = 0; figure->is_sum && i < seen->count; i++)
        measure->parts[i] *= count;
    measure->is_bursty = figure->is_bursty;
    return true;
}

static bool
measure_flows(const Observations *seen, const char *const *keys,
              Measure *measure)
{
    if (!g_str_equal(keys[0], "flows") || !keys[1])
        return false;
    bool is_part = g_str_equal(keys[1], "transports") && keys[2];
    const char *const *rest = is_part ? keys + 3 : keys + 1;
    const char *member = rest[0] ? rest[1] : NULL;
    const FlowFigure *figure = find_flow_figure(rest[0], member);
    if (!figure)
        return false;
    if (member && !g_str_equal(member, "mean")) {
        measure->probability = parse_percentile(member);
        if (isnan(measure->probability))
            return false;
    }
    return measure_column(seen, figure, is_part ? keys[2] : NULL, measure);
}

bool
measure_figure(const Observations *seen, const char *const *keys,
               Measure *measure)
{
    if (!seen->table)
        return false;
    return results_has_downloads(seen->results)
               ? measure_downloads(seen, keys, measure)
               : measure_flows(seen, keys, measure);
}
