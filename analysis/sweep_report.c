/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/sweep_report.c: tables of a sweep, for programs and for people.
 */
#include "analysis/sweep_report.h"

#include "analysis/grid.h"
#include "analysis/plot.h"
#include "analysis/print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* RFC 4180: quoted where it must be. */
static void
add_text(GString *csv, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        g_string_append(csv, text);
        return;
    }
    g_string_append_c(csv, '"');
    for (; *text; text++)
        g_string_append_printf(csv, "%s%c", *text == '"' ? "\"" : "", *text);
    g_string_append_c(csv, '"');
}

static void
add_number(GString *csv, double number)
{
    g_string_append_c(csv, ',');
    if (isfinite(number))
        g_string_append_printf(csv, "%.10g", number);
}

static void
add_keys_head(GString *csv, const Sweep *sweep)
{
    g_string_append(csv, "point");
    for (size_t i = 0; i < sweep_key_count(sweep); i++) {
        g_string_append_c(csv, ',');
        add_text(csv, sweep_key(sweep, i));
    }
}

static void
add_keys(GString *csv, const Sweep *sweep, size_t point)
{
    add_text(csv, sweep_point_name(sweep, point));
    for (size_t i = 0; i < sweep_key_count(sweep); i++) {
        g_string_append_c(csv, ',');
        add_text(csv, sweep_value(sweep, point, i));
    }
}

static void
add_run_row(GString *csv, const Sweep *sweep, size_t point, const SweepRow *row)
{
    add_keys(csv, sweep, point);
    g_string_append_printf(csv, ",%" G_GUINT64_FORMAT ",", row->replication);
    add_text(csv, sweep->modes->pdata[row->mode]);
    g_string_append_printf(csv, ",%s,%s", row->is_complete ? "true" : "false",
                           row->fingerprint ? row->fingerprint : "");
    for (size_t i = 0; i < sweep->figure_count; i++)
        add_number(csv, row->values[i]);
    g_string_append_c(csv, '\n');
}

static GString *
new_runs_csv(const Sweep *sweep)
{
    GString *csv = g_string_new(NULL);
    add_keys_head(csv, sweep);
    g_string_append(csv, ",replication,mode,complete,fingerprint");
    for (size_t i = 0; i < sweep->figure_count; i++)
        g_string_append_printf(csv, ",%s", sweep->figures[i].name);
    g_string_append_c(csv, '\n');
    for (size_t point = 0; point < sweep_point_count(sweep); point++) {
        for (size_t i = sweep->starts[point]; i < sweep->starts[point + 1]; i++)
            add_run_row(csv, sweep, point,
                        &g_array_index(sweep->rows, SweepRow, i));
    }
    return csv;
}

/* A row for each figure of a point's mode that has a value. */
static void
add_point_rows(GString *csv, const Sweep *sweep, size_t point, size_t mode)
{
    for (size_t i = 0; i < sweep->figure_count; i++) {
        Estimate estimate = sweep_estimate(sweep, point, mode, i);
        if (estimate.count == 0)
            continue;
        add_keys(csv, sweep, point);
        g_string_append_c(csv, ',');
        add_text(csv, sweep->modes->pdata[mode]);
        g_string_append_printf(csv, ",%s", sweep->figures[i].name);
        add_number(csv, estimate.value);
        add_number(csv, estimate.low);
        add_number(csv, estimate.high);
        g_string_append_printf(csv, ",%zu", estimate.count);
        Estimate difference = sweep_difference(sweep, point, mode, i);
        add_number(csv, difference.value);
        add_number(csv, difference.low);
        add_number(csv, difference.high);
        g_string_append_c(csv, '\n');
    }
}

static GString *
new_points_csv(const Sweep *sweep)
{
    GString *csv = g_string_new(NULL);
    add_keys_head(csv, sweep);
    g_string_append(csv, ",mode,figure,mean,low,high,n,"
                         "difference,difference_low,difference_high\n");
    for (size_t point = 0; point < sweep_point_count(sweep); point++) {
        for (guint mode = 0; mode < sweep->modes->len; mode++)
            add_point_rows(csv, sweep, point, mode);
    }
    return csv;
}

static bool
write_csv(const Sweep *sweep, const char *name, GString *csv, GError **error)
{
    g_autofree char *path = g_build_filename(sweep->directory, name, NULL);
    bool is_written =
        g_file_set_contents(path, csv->str, (gssize)csv->len, error);
    g_string_free(csv, TRUE);
    return is_written;
}

/* How many runs the mode has at this point. */
static size_t
count_runs(const Sweep *sweep, size_t point, size_t mode)
{
    size_t count = 0;
    for (size_t i = sweep->starts[point]; i < sweep->starts[point + 1]; i++)
        count += g_array_index(sweep->rows, SweepRow, i).mode == mode;
    return count;
}

static char *
new_difference_text(const Sweep *sweep, const Metric *metric, size_t point,
                    size_t mode)
{
    Estimate difference = sweep_difference(sweep, point, mode, 0);
    return point == 0 ? g_strdup("")
                      : grid_new_difference_text(metric, difference);
}

static void
add_grid_row(Grid *grid, const Sweep *sweep, size_t point, size_t mode)
{
    size_t run_count = count_runs(sweep, point, mode);
    if (run_count == 0)
        return;
    g_autofree char *label = sweep_new_label(sweep, point, SIZE_MAX);
    GPtrArray *row =
        grid_add_row(grid, *label ? label : sweep_point_name(sweep, point));
    g_ptr_array_add(row, g_strdup_printf("%zu", run_count));
    for (size_t i = 0; i < sweep->figure_count; i++) {
        if (!sweep->figures[i].label)
            continue;
        Metric metric = *metric_find(sweep->figures[i].metric);
        bool is_count = !*metric.unit && metric.decimals == 0;
        metric.decimals += is_count; /* it is a mean here */
        g_ptr_array_add(
            row, grid_new_estimate_text(&metric,
                                        sweep_estimate(sweep, point, mode, i)));
        if (i == 0)
            g_ptr_array_add(row,
                            new_difference_text(sweep, &metric, point, mode));
    }
}

static GPtrArray *
new_grids(const Sweep *sweep)
{
    GPtrArray *grids = g_ptr_array_new_with_free_func(grid_free);
    for (guint mode = 0; mode < sweep->modes->len; mode++) {
        Grid *grid =
            grid_add(grids, g_strdup_printf("Mode %s",
                                            (char *)sweep->modes->pdata[mode]));
        GPtrArray *head = grid_add_row(grid, "");
        g_ptr_array_add(head, g_strdup("n"));
        for (size_t i = 0; i < sweep->figure_count; i++) {
            if (sweep->figures[i].label)
                g_ptr_array_add(head, g_strdup(sweep->figures[i].label));
            if (i == 0)
                g_ptr_array_add(head, g_strdup("against the first"));
        }
        for (size_t point = 0; point < sweep_point_count(sweep); point++)
            add_grid_row(grid, sweep, point, mode);
        if (mode + 1 == sweep->modes->len)
            grid->note = g_strdup(
                sweep_replication_count(sweep) > 1
                    ? "Means of n replications; ± or [low, high]: their 95 % "
                      "interval by Student's t.\n"
                      "  Differences are of the same replications, which have "
                      "the same luck at all points."
                    : "One replication has no interval; --replications asks "
                      "for more.");
    }
    return grids;
}

static bool
print_table(const Sweep *sweep, ColorMode color, GError **error)
{
    g_autoptr(GPtrArray) grids = new_grids(sweep);
    g_autofree char *title =
        g_strconcat(json_string_value(json_object_get(sweep->plan, "title")),
                    ", a sweep", NULL);
    json_t *head = json_pack("{s:s}", "title", title);
    g_autofree char *text =
        print_new_text(head, grids, report_has_color(color));
    json_decref(head);
    return print_out(text, error);
}

static void
draw(const Sweep *sweep, GPtrArray *warnings)
{
    g_autoptr(GPtrArray) plots = gallery_new_of_sweep(sweep);
    bool has_gnuplot = true;
    for (guint i = 0; i < plots->len && has_gnuplot; i++) {
        g_autoptr(GError) error = NULL;
        if (!plot_draw(plots->pdata[i], sweep->directory, &has_gnuplot, &error))
            g_ptr_array_add(warnings, g_strdup(error->message));
    }
    if (!has_gnuplot)
        g_ptr_array_add(warnings,
                        g_strdup("gnuplot was not found, so there are no "
                                 "pictures; the figures are not affected"));
}

bool
sweep_is_in(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, "sweep.json", NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

bool
sweep_report_write(const char *directory, const ReportOptions *options,
                   GPtrArray *warnings, GError **error)
{
    g_autoptr(Sweep) sweep = sweep_new_from_directory(directory, error);
    if (!sweep || !write_csv(sweep, "sweep.csv", new_runs_csv(sweep), error) ||
        !write_csv(sweep, "sweep_points.csv", new_points_csv(sweep), error))
        return false;
    if (sweep->missing_count > 0)
        g_ptr_array_add(warnings, g_strdup_printf("%zu runs are missing",
                                                  sweep->missing_count));
    if (sweep->incomplete_count > 0)
        g_ptr_array_add(
            warnings,
            g_strdup_printf("in %zu runs general.stop_time came before "
                            "workload.downloads.slow was reached",
                            sweep->incomplete_count));
    if (!options->is_quiet && !print_table(sweep, options->color, error))
        return false;
    if (!options->has_no_plots)
        draw(sweep, warnings);
    return true;
}
