/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/sweep.c: reads sweep.json and each run's summary.json.
 */
#include "analysis/sweep.h"

#include "analysis/figure.h"

#include <math.h>
#include <string.h>

static const SweepFigure download_figures[] = {
    {"speedup_success_ratio", "speedup_success_ratio", "speedup_success_ratio",
     "R"},
    {"S", "S", "S", "S"},
    {"F", "F", "F", "F"},
    {"N", "N", "N", NULL},
    {"connectivity_ratio", "connectivity_ratio", "connectivity_ratio",
     "connectivity"},
    {"ceiling_ratio", "ceiling_ratio", "ceiling_ratio", NULL},
    {"fix_ratio", "fix_ratio", "fix_ratio", NULL},
    {"mean_before_bytes_per_second", "mean_before_bytes_per_second",
     "mean_before_bytes_per_second", NULL},
    {"mean_total_bytes_per_second", "mean_total_bytes_per_second",
     "mean_total_bytes_per_second", "total speed"},
    {"mean_edge_bytes_per_second", "mean_edge_bytes_per_second",
     "mean_edge_bytes_per_second", NULL},
    {"mean_cdn_bytes_per_second", "mean_cdn_bytes_per_second",
     "mean_cdn_bytes_per_second", NULL},
    {"nodes_per_request", "nodes_per_request", "nodes_per_request", NULL},
    {"node_request_success_ratio", "node_request_success_ratio",
     "node_request_success_ratio", NULL},
    {"arrivals", "arrivals", "arrivals", NULL},
    {"slow", "slow", "slow", NULL},
    {"slow_ratio", "slow_ratio", "slow_ratio", NULL},
    {"simulated_seconds", "simulated_seconds", "simulated_seconds", NULL},
    {"packet_hops", "packet_hops", "packet_hops", NULL},
};

static const SweepFigure flow_figures[] = {
    {"mean_goodput_bits_per_second", "flows.goodput_bits_per_second.mean",
     "goodput_bits_per_second", "mean goodput"},
    {"mean_flow_completion_seconds", "flows.flow_completion_seconds.mean",
     "flow_completion_seconds", "mean completion"},
    {"p50_flow_completion_seconds", "flows.flow_completion_seconds.p50",
     "flow_completion_seconds", NULL},
    {"p99_flow_completion_seconds", "flows.flow_completion_seconds.p99",
     "flow_completion_seconds", "99th percentile"},
    {"mean_connect_seconds", "flows.connect_seconds.mean", "connect_seconds",
     NULL},
    {"mean_first_byte_seconds", "flows.first_byte_seconds.mean",
     "first_byte_seconds", NULL},
    {"flows", "flows.count", "arrivals", NULL},
    {"flows_completed", "flows.completed", "arrivals", "completed"},
    {"retransmitted_segments_total", "flows.retransmitted_segments_total",
     "retransmitted_segments_total", NULL},
    {"timeouts_total", "flows.timeouts_total", "timeouts_total", NULL},
    {"simulated_seconds", "simulated_seconds", "simulated_seconds", NULL},
    {"packet_hops", "packet_hops", "packet_hops", NULL},
};

static void
row_clear(gpointer data)
{
    SweepRow *row = data;
    g_free(row->fingerprint);
    g_free(row->values);
}

void
sweep_free(Sweep *sweep)
{
    g_free(sweep->directory);
    json_decref(sweep->plan);
    g_ptr_array_unref(sweep->modes);
    g_array_unref(sweep->rows);
    g_free(sweep->starts);
    g_free(sweep);
}

static const json_t *
find_point(const Sweep *sweep, size_t point)
{
    return json_array_get(json_object_get(sweep->plan, "points"), point);
}

static const json_t *
find_key(const Sweep *sweep, size_t key)
{
    return json_array_get(json_object_get(sweep->plan, "keys"), key);
}

size_t
sweep_point_count(const Sweep *sweep)
{
    return json_array_size(json_object_get(sweep->plan, "points"));
}

size_t
sweep_key_count(const Sweep *sweep)
{
    return json_array_size(json_object_get(sweep->plan, "keys"));
}

size_t
sweep_replication_count(const Sweep *sweep)
{
    return (size_t)figure_find(sweep->plan, "replications");
}

const char *
sweep_point_name(const Sweep *sweep, size_t point)
{
    return json_string_value(
        json_object_get(find_point(sweep, point), "point"));
}

const char *
sweep_key(const Sweep *sweep, size_t key)
{
    return json_string_value(json_object_get(find_key(sweep, key), "key"));
}

size_t
sweep_value_index(const Sweep *sweep, size_t point, size_t key)
{
    const json_t *values = json_object_get(find_point(sweep, point), "values");
    return (size_t)json_integer_value(json_array_get(values, key));
}

const char *
sweep_value(const Sweep *sweep, size_t point, size_t key)
{
    const json_t *values = json_object_get(find_key(sweep, key), "values");
    return json_string_value(
        json_array_get(values, sweep_value_index(sweep, point, key)));
}

/* Whether it tells points apart. */
static bool
is_varied(const Sweep *sweep, size_t key)
{
    return json_array_size(json_object_get(find_key(sweep, key), "values")) > 1;
}

/* What follows the key's last dot, where no other key ends so. */
static const char *
short_key(const Sweep *sweep, size_t key)
{
    const char *whole = sweep_key(sweep, key);
    const char *dot = strrchr(whole, '.');
    for (size_t i = 0; dot && i < sweep_key_count(sweep); i++) {
        if (i != key && g_str_has_suffix(sweep_key(sweep, i), dot))
            return whole;
    }
    return dot ? dot + 1 : whole;
}

char *
sweep_new_label(const Sweep *sweep, size_t point, size_t skipped_key)
{
    GString *label = g_string_new(NULL);
    for (size_t i = 0; i < sweep_key_count(sweep); i++) {
        if (i != skipped_key && is_varied(sweep, i))
            g_string_append_printf(label, "%s%s=%s", label->len > 0 ? ", " : "",
                                   short_key(sweep, i),
                                   sweep_value(sweep, point, i));
    }
    return g_string_free(label, FALSE);
}

Estimate
sweep_estimate(const Sweep *sweep, size_t point, size_t mode, size_t figure)
{
    size_t start = sweep->starts[point];
    size_t count = sweep->starts[point + 1] - start;
    g_autofree double *parts = g_new(double, count + 1);
    g_autofree double *wholes = g_new(double, count + 1);
    for (size_t i = 0; i < count; i++) {
        const SweepRow *row = &g_array_index(sweep->rows, SweepRow, start + i);
        parts[i] = row->values[figure];
        wholes[i] = row->mode == mode ? 1 : 0;
    }
    RatioSample sample = {parts, wholes, count, RATIO_OF_SUMS};
    Estimate estimate = statistic_ratio(&sample);
    /* Student's interval knows nothing of what can be: no figure is negative,
     * no share above 1. NAN stays what it is. */
    bool is_share = g_str_has_suffix(sweep->figures[figure].name, "_ratio");
    if (estimate.low < 0)
        estimate.low = 0;
    if (is_share && estimate.high > 1)
        estimate.high = 1;
    return estimate;
}

/* Of the first point; NULL when it is missing. */
static const SweepRow *
find_twin(const Sweep *sweep, const SweepRow *row)
{
    for (size_t i = 0; i < sweep->starts[1]; i++) {
        const SweepRow *twin = &g_array_index(sweep->rows, SweepRow, i);
        if (twin->mode == row->mode && twin->replication == row->replication)
            return twin;
    }
    return NULL;
}

Estimate
sweep_difference(const Sweep *sweep, size_t point, size_t mode, size_t figure)
{
    size_t start = sweep->starts[point];
    size_t count = sweep->starts[point + 1] - start;
    g_autofree double *parts = g_new0(double, count + 1);
    g_autofree double *wholes = g_new0(double, count + 1);
    for (size_t i = 0; i < count && point > 0; i++) {
        const SweepRow *row = &g_array_index(sweep->rows, SweepRow, start + i);
        const SweepRow *twin = row->mode == mode ? find_twin(sweep, row) : NULL;
        wholes[i] = twin ? 1 : 0;
        parts[i] = twin ? row->values[figure] - twin->values[figure] : 0;
    }
    RatioSample sample = {parts, wholes, count, RATIO_OF_SUMS};
    return statistic_ratio(&sample);
}

static size_t
find_mode(Sweep *sweep, const char *name)
{
    guint index;
    if (!g_ptr_array_find_with_equal_func(sweep->modes, name, g_str_equal,
                                          &index)) {
        index = sweep->modes->len;
        g_ptr_array_add(sweep->modes, g_strdup(name));
    }
    return index;
}

static void
choose_figures(Sweep *sweep, const json_t *summary)
{
    const char *workload =
        json_string_value(json_object_get(summary, "workload"));
    bool is_flows = g_strcmp0(workload, "flows") == 0;
    sweep->figures = is_flows ? flow_figures : download_figures;
    sweep->figure_count =
        is_flows ? G_N_ELEMENTS(flow_figures) : G_N_ELEMENTS(download_figures);
}

static void
add_rows(Sweep *sweep, const json_t *summary)
{
    if (!sweep->figures)
        choose_figures(sweep, summary);
    const char *name;
    json_t *mode;
    json_object_foreach(json_object_get(summary, "modes"), name, mode)
    {
        const json_t *complete = json_object_get(mode, "complete");
        const json_t *fingerprint = json_object_get(mode, "fingerprint");
        SweepRow row = {.mode = find_mode(sweep, name),
                        .replication =
                            (uint64_t)figure_find(summary, "replication"),
                        .is_complete = json_is_true(complete),
                        .fingerprint = g_strdup(json_string_value(fingerprint)),
                        .values = g_new(double, sweep->figure_count)};
        for (size_t i = 0; i < sweep->figure_count; i++)
            row.values[i] = figure_find(mode, sweep->figures[i].path);
        g_array_append_val(sweep->rows, row);
    }
    sweep->incomplete_count +=
        json_is_false(json_object_get(summary, "complete"));
}

/* NULL when it is not there, or tells of half a run. */
static json_t *
load_summary(const Sweep *sweep, size_t point, size_t replication)
{
    double first = figure_find(sweep->plan, "first_replication");
    g_autofree char *run =
        g_strdup_printf("%s-r%.0f", sweep_point_name(sweep, point),
                        first + (double)replication);
    g_autofree char *path =
        g_build_filename(sweep->directory, "runs", run, "summary.json", NULL);
    json_t *summary = json_load_file(path, 0, NULL);
    const json_t *reason = json_object_get(summary, "incomplete_reason");
    if (g_strcmp0(json_string_value(reason), "interrupted") == 0)
        g_clear_pointer(&summary, json_decref);
    return summary;
}

static void
load_runs(Sweep *sweep)
{
    size_t count = sweep_point_count(sweep);
    sweep->starts = g_new0(size_t, count + 1);
    for (size_t point = 0; point < count; point++) {
        sweep->starts[point] = sweep->rows->len;
        for (size_t i = 0; i < sweep_replication_count(sweep); i++) {
            json_t *summary = load_summary(sweep, point, i);
            if (summary)
                add_rows(sweep, summary);
            else
                sweep->missing_count++;
            json_decref(summary);
        }
    }
    sweep->starts[count] = sweep->rows->len;
}

static bool
is_whole(const Sweep *sweep)
{
    for (size_t point = 0; point < sweep_point_count(sweep); point++) {
        if (!sweep_point_name(sweep, point))
            return false;
        for (size_t i = 0; i < sweep_key_count(sweep); i++) {
            if (!sweep_key(sweep, i) || !sweep_value(sweep, point, i))
                return false;
        }
    }
    return sweep_point_count(sweep) > 0 &&
           figure_find(sweep->plan, "replications") >= 1 &&
           figure_find(sweep->plan, "first_replication") >= 0;
}

Sweep *
sweep_new_from_directory(const char *directory, GError **error)
{
    g_autoptr(Sweep) sweep = g_new0(Sweep, 1);
    sweep->directory = g_strdup(directory);
    sweep->modes = g_ptr_array_new_with_free_func(g_free);
    sweep->rows = g_array_new(FALSE, FALSE, sizeof(SweepRow));
    g_array_set_clear_func(sweep->rows, row_clear);
    g_autofree char *path = g_build_filename(directory, "sweep.json", NULL);
    json_error_t fault;
    sweep->plan = json_load_file(path, 0, &fault);
    if (!sweep->plan) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s:%d:%d: %s",
                    path, fault.line, fault.column, fault.text);
        return NULL;
    }
    if (!is_whole(sweep)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s: expected keys, points and replications", path);
        return NULL;
    }
    load_runs(sweep);
    return g_steal_pointer(&sweep);
}
