/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/grid.c: lays the summary out in tables.
 *
 * A column is an object of the summary (a mode, a transport, a link), a row
 * is a figure of the dictionary that at least one of the objects has.
 */
#include "analysis/grid.h"

#include "analysis/expect.h"
#include "analysis/figure.h"
#include "analysis/metric.h"
#include "analysis/speedup.h"

#include <math.h>

enum { LINK_ROWS_MAX = 6 };

/* One column of a table of figures. */
typedef struct Source {
    char *label;
    const json_t *object;
} Source;

void
grid_free(gpointer data)
{
    Grid *grid = data;
    g_free(grid->title);
    g_free(grid->note);
    g_ptr_array_unref(grid->rows);
    g_free(grid);
}

Grid *
grid_add(GPtrArray *grids, char *title)
{
    Grid *grid = g_new0(Grid, 1);
    grid->title = title;
    grid->rows =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_ptr_array_add(grids, grid);
    return grid;
}

GPtrArray *
grid_add_row(Grid *grid, const char *label)
{
    GPtrArray *row = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(row, g_strdup(label));
    g_ptr_array_add(grid->rows, row);
    return row;
}

guint
grid_column_count(const Grid *grid)
{
    guint count = 0;
    for (guint i = 0; i < grid->rows->len; i++)
        count = MAX(count, ((GPtrArray *)grid->rows->pdata[i])->len);
    return count;
}

const char *
grid_cell(const Grid *grid, guint row, guint column)
{
    const GPtrArray *cells = grid->rows->pdata[row];
    return column < cells->len ? cells->pdata[column] : "";
}

static void
source_clear(gpointer data)
{
    g_free(((Source *)data)->label);
}

static GArray *
sources_new(void)
{
    GArray *sources = g_array_new(FALSE, FALSE, sizeof(Source));
    g_array_set_clear_func(sources, source_clear);
    return sources;
}

static void
add_source(GArray *sources, char *label, const json_t *object)
{
    Source source = {label, object};
    g_array_append_val(sources, source);
}

static GArray *
sources_new_from_members(const json_t *object)
{
    GArray *sources = sources_new();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        add_source(sources, g_strdup(key), value);
    }
    return sources;
}

static void
add_head(Grid *grid, const GArray *sources)
{
    GPtrArray *head = grid_add_row(grid, "");
    for (guint i = 0; i < sources->len; i++)
        g_ptr_array_add(head,
                        g_strdup(g_array_index(sources, Source, i).label));
}

/* A value as it is printed, in units of its last digit. */
static double
printed_digits(const Metric *metric, double value)
{
    return round(value * metric->scale * pow(10, metric->decimals));
}

/* Whether value ± half leads to both bounds. Either is printed rounded, so
 * what is added up from them is one in the last digit off at times. */
static bool
is_symmetric(const Metric *metric, Estimate estimate)
{
    double value = printed_digits(metric, estimate.value);
    double half = printed_digits(metric, (estimate.high - estimate.low) / 2);
    double low = printed_digits(metric, estimate.low);
    double high = printed_digits(metric, estimate.high);
    return fabs(value - half - low) <= 1 && fabs(value + half - high) <= 1;
}

char *
grid_new_estimate_text(const Metric *metric, Estimate estimate)
{
    g_autofree char *value = metric_new_text(metric, estimate.value);
    double low = estimate.low * metric->scale;
    double high = estimate.high * metric->scale;
    int decimals = metric->decimals;
    if (!isfinite(high - low) || !isfinite(estimate.value))
        return g_steal_pointer(&value);
    if (is_symmetric(metric, estimate))
        return g_strdup_printf("%s ±%.*f", value, decimals, (high - low) / 2);
    return g_strdup_printf("%s [%.*f, %.*f]", value, decimals, low, decimals,
                           high);
}

/* A row of the figure, if any of the sources has it. */
static void
add_figure_row(Grid *grid, const GArray *sources, const char *name,
               const char *label)
{
    const Metric *metric = metric_find(name);
    bool is_there = false;
    for (guint i = 0; i < sources->len; i++)
        is_there =
            is_there ||
            !isnan(figure_find(g_array_index(sources, Source, i).object, name));
    if (!is_there || !metric)
        return;
    GPtrArray *row = grid_add_row(grid, label ? label : metric->label);
    for (guint i = 0; i < sources->len; i++)
        g_ptr_array_add(
            row,
            grid_new_estimate_text(
                metric, figure_find_estimate(
                            g_array_index(sources, Source, i).object, name)));
}

/* The same member of every source; one without it stays an empty column. */
static GArray *
sources_new_inner(const GArray *sources, const char *member)
{
    GArray *inner = sources_new();
    for (guint i = 0; i < sources->len; i++) {
        const Source *source = &g_array_index(sources, Source, i);
        add_source(inner, g_strdup(source->label),
                   json_object_get(source->object, member));
    }
    return inner;
}

static bool
is_run_figure(const char *name)
{
    static const char *const names[] = {"events",
                                        "packet_hops",
                                        "data_packets",
                                        "simulated_seconds",
                                        "wall_seconds",
                                        "peak_rss_bytes",
                                        "packet_hops_per_second"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(name, names[i]))
            return true;
    }
    return false;
}

static void
add_sensitivity(Grid *grid, const GArray *modes)
{
    g_autoptr(GArray) windows = sources_new_inner(modes, "sensitivity");
    const json_t *first = g_array_index(windows, Source, 0).object;
    const char *window;
    json_t *value;
    json_object_foreach((json_t *)first, window, value)
    {
        g_autoptr(GArray) sources = sources_new_inner(windows, window);
        g_autofree char *label = g_strdup_printf("R, window %s", window);
        g_strdelimit(label, "_", ' ');
        add_figure_row(grid, sources, "speedup_success_ratio", label);
    }
}

static void
add_speedup(GPtrArray *grids, const GArray *modes)
{
    Grid *grid = grid_add(grids, g_strdup("How much edges helped"));
    grid->note =
        g_strdup("± or [low, high]: the 95 % interval over the downloads "
                 "of this run; other seeds are not in it.");
    add_head(grid, modes);
    g_autoptr(GArray) causes = sources_new_inner(modes, "causes");
    g_autoptr(GArray) payload = sources_new_inner(modes, "payload");
    size_t count;
    const Metric *metrics = metric_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (is_run_figure(metrics[i].name))
            continue;
        add_figure_row(grid, modes, metrics[i].name, NULL);
        add_figure_row(grid, causes, metrics[i].name, NULL);
        add_figure_row(grid, payload, metrics[i].name, NULL);
    }
    add_sensitivity(grid, modes);
}

/* Where the other end is known, an interval that lacks one has none. */
static char *
new_bound_text(const Metric *metric, double bound, const char *endless)
{
    return isfinite(bound) ? g_strdup_printf("%+.*f", metric->decimals,
                                             bound * metric->scale)
                           : g_strdup(endless);
}

char *
grid_new_difference_text(const Metric *metric, Estimate difference)
{
    if (!isfinite(difference.value))
        return g_strdup("-");
    const char *unit = g_str_equal(metric->unit, "%") ? "points" : metric->unit;
    g_autofree char *value = g_strdup_printf("%+.*f", metric->decimals,
                                             difference.value * metric->scale);
    g_autofree char *low = new_bound_text(metric, difference.low, "-inf");
    g_autofree char *high = new_bound_text(metric, difference.high, "+inf");
    g_autofree char *interval =
        isfinite(difference.low) || isfinite(difference.high)
            ? g_strdup_printf(" [%s, %s]", low, high)
            : g_strdup("");
    return g_strconcat(value, interval, *unit ? " " : "", unit, NULL);
}

/* Comparisons are rows here: their names are long, and there may be many. */
static void
add_comparisons(GPtrArray *grids, const json_t *comparisons)
{
    const char *name;
    json_t *comparison;
    json_object_foreach((json_t *)comparisons, name, comparison)
    {
        g_autofree char *title = g_strdup(name);
        g_strdelimit(title, "_", ' ');
        Grid *grid = grid_add(grids, g_strdup(title));
        grid->note = g_strdup("The same downloads in both modes; 95 % "
                              "intervals of the paired difference.");
        grid_add_row(grid, "");
        g_ptr_array_add(grid->rows->pdata[0], g_strdup("difference"));
        const char *const *names = speedup_compared();
        for (size_t i = 0; names[i]; i++) {
            const Metric *metric = metric_find(names[i]);
            GPtrArray *row = grid_add_row(grid, metric->label);
            g_ptr_array_add(
                row, grid_new_difference_text(
                         metric, figure_find_estimate(comparison, names[i])));
        }
    }
}

/* One column a mode, or one a transport of a mode where there are several. */
static GArray *
sources_new_of_flows(const GArray *modes)
{
    GArray *sources = sources_new();
    for (guint i = 0; i < modes->len; i++) {
        const Source *mode = &g_array_index(modes, Source, i);
        const json_t *flows = json_object_get(mode->object, "flows");
        const json_t *transports = json_object_get(flows, "transports");
        if (!transports) {
            add_source(sources, g_strdup(mode->label), flows);
            continue;
        }
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)transports, key, value)
        {
            char *label = modes->len > 1
                              ? g_strdup_printf("%s %s", mode->label, key)
                              : g_strdup(key);
            add_source(sources, label, value);
        }
    }
    return sources;
}

static void
add_plain_row(Grid *grid, const GArray *sources, const char *path,
              const char *label)
{
    GPtrArray *row = grid_add_row(grid, label);
    for (guint i = 0; i < sources->len; i++)
        g_ptr_array_add(
            row,
            g_strdup_printf(
                "%.0f",
                figure_find(g_array_index(sources, Source, i).object, path)));
}

static void
add_distribution_rows(Grid *grid, const GArray *sources, const char *name)
{
    static const char *const members[] = {"mean", "p50", "p90", "p99"};
    const Metric *metric = metric_find(name);
    g_autoptr(GArray) inner = sources_new_inner(sources, name);
    for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *label =
            g_strdup_printf("%s, %s", metric->label, members[i]);
        GPtrArray *row = grid_add_row(grid, label);
        for (guint j = 0; j < inner->len; j++)
            g_ptr_array_add(
                row,
                metric_new_text(
                    metric, figure_find(g_array_index(inner, Source, j).object,
                                        members[i])));
    }
}

static void
add_flows(GPtrArray *grids, const GArray *modes, const char *method)
{
    g_autoptr(GArray) sources = sources_new_of_flows(modes);
    Grid *grid = grid_add(grids, g_strdup("Flows"));
    grid->note = g_strdup_printf("Percentiles are exact: %s.", method);
    add_head(grid, sources);
    add_plain_row(grid, sources, "count", "flows");
    add_plain_row(grid, sources, "completed", "completed");
    add_distribution_rows(grid, sources, "flow_completion_seconds");
    add_distribution_rows(grid, sources, "goodput_bits_per_second");
    add_figure_row(grid, sources, "retransmitted_segments_total", NULL);
    add_figure_row(grid, sources, "timeouts_total", NULL);
}

static void
add_link_row(Grid *grid, const char *name, const json_t *link)
{
    GPtrArray *row = grid_add_row(grid, name);
    const Metric *delay = metric_find("queue_delay_seconds");
    g_ptr_array_add(
        row, metric_new_text(metric_find("utilisation_ratio"),
                             figure_find(link, "utilisation_ratio.mean")));
    g_ptr_array_add(
        row,
        metric_new_text(delay, figure_find(link, "queue_delay_seconds.mean")));
    g_ptr_array_add(
        row,
        metric_new_text(delay, figure_find(link, "queue_delay_seconds.max")));
    double dropped = figure_find(link, "dropped_queue_total") +
                     figure_find(link, "dropped_aqm_total") +
                     figure_find(link, "dropped_loss_total");
    g_ptr_array_add(row, g_strdup_printf("%.0f", dropped));
}

/* The busiest of the links that the table has not shown yet; NULL: none. */
static const char *
next_link(const json_t *links, GHashTable *shown)
{
    const char *busiest = NULL;
    double load_max = -1;
    const char *name;
    json_t *link;
    json_object_foreach((json_t *)links, name, link)
    {
        double load = figure_find(link, "utilisation_ratio.mean");
        if (load > load_max && !g_hash_table_contains(shown, name)) {
            load_max = load;
            busiest = name;
        }
    }
    return busiest;
}

static void
add_links(GPtrArray *grids, const Source *mode, bool is_detail)
{
    const json_t *links = json_object_get(mode->object, "links");
    static const char *const head[] = {"utilisation", "queue delay, mean",
                                       "queue delay, max", "dropped"};
    if (json_object_size(links) == 0)
        return;
    Grid *grid = grid_add(
        grids, g_strdup_printf("Busiest watched links, %s", mode->label));
    grid->is_detail = is_detail;
    GPtrArray *first = grid_add_row(grid, "");
    for (size_t i = 0; i < G_N_ELEMENTS(head); i++)
        g_ptr_array_add(first, g_strdup(head[i]));
    g_autoptr(GHashTable) shown = g_hash_table_new(g_str_hash, g_str_equal);
    for (int i = 0; i < LINK_ROWS_MAX; i++) {
        const char *name = next_link(links, shown);
        if (!name)
            break;
        g_hash_table_add(shown, (gpointer)name);
        add_link_row(grid, name, json_object_get(links, name));
    }
    size_t link_count = json_object_size(links);
    if (link_count > LINK_ROWS_MAX)
        grid->note =
            g_strdup_printf("The busiest %d of %zu; summary.json has all.",
                            LINK_ROWS_MAX, link_count);
}

/* A mode's fingerprint must not pass for the run's, which all other places
 * show and which is over all modes. */
static void
add_fingerprints(Grid *grid, const GArray *modes, const json_t *summary)
{
    GPtrArray *row = grid_add_row(grid, "fingerprint of the mode");
    for (guint i = 0; i < modes->len; i++) {
        const char *text = json_string_value(json_object_get(
            g_array_index(modes, Source, i).object, "fingerprint"));
        g_ptr_array_add(row, g_strdup(text ? text : "-"));
    }
    const char *text =
        json_string_value(json_object_get(summary, "fingerprint"));
    if (text)
        grid->note = g_strdup_printf("Fingerprint of the run: %s", text);
}

static void
add_run(GPtrArray *grids, const GArray *modes, const json_t *summary)
{
    Grid *grid = grid_add(grids, g_strdup("The run"));
    add_head(grid, modes);
    size_t count;
    const Metric *metrics = metric_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (is_run_figure(metrics[i].name))
            add_figure_row(grid, modes, metrics[i].name, NULL);
    }
    add_fingerprints(grid, modes, summary);
}

static void
add_expectations(GPtrArray *grids, const json_t *expectations)
{
    if (json_array_size(expectations) == 0)
        return;
    static const char *const head[] = {"value", "expected", "verdict"};
    Grid *grid = grid_add(grids, g_strdup("Expectations"));
    GPtrArray *first = grid_add_row(grid, "");
    for (size_t i = 0; i < G_N_ELEMENTS(head); i++)
        g_ptr_array_add(first, g_strdup(head[i]));
    for (size_t i = 0; i < json_array_size(expectations); i++) {
        const json_t *expectation = json_array_get(expectations, i);
        GPtrArray *row = grid_add_row(
            grid, json_string_value(json_object_get(expectation, "metric")));
        double value = figure_find(expectation, "value");
        g_ptr_array_add(row, isnan(value) ? g_strdup("-")
                                          : g_strdup_printf("%.6g", value));
        g_ptr_array_add(row, expect_new_bounds_text(expectation));
        bool is_met = json_is_true(json_object_get(expectation, "met"));
        g_ptr_array_add(row, g_strdup(is_met ? "met" : "MISSED"));
    }
}

GPtrArray *
grid_new_all(const json_t *summary)
{
    GPtrArray *grids = g_ptr_array_new_with_free_func(grid_free);
    const json_t *members = json_object_get(summary, "modes");
    g_autoptr(GArray) modes = sources_new_from_members(members);
    const Source *first = &g_array_index(modes, Source, 0);
    const char *method =
        json_string_value(json_object_get(summary, "percentile_method"));
    bool has_downloads = json_object_get(first->object, "slow");
    if (has_downloads)
        add_speedup(grids, modes);
    add_comparisons(grids, json_object_get(summary, "comparisons"));
    if (figure_find(first->object, "flows.count") > 0)
        add_flows(grids, modes, method);
    for (guint i = 0; i < modes->len; i++)
        add_links(grids, &g_array_index(modes, Source, i), has_downloads);
    add_run(grids, modes, summary);
    add_expectations(grids, json_object_get(summary, "expectations"));
    return grids;
}
