/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/gallery_flow.c: pictures of flows.
 */
#include "analysis/gallery.h"
#include "analysis/statistic.h"

#include <math.h>
#include <string.h>

/* The columns of flows.csv that are drawn, and each row's curve. */
typedef struct FlowColumns {
    size_t row_count;
    double *start_seconds;
    double *completion_seconds;
    double *goodput;
    size_t *curves;    /* which mode and transport */
    GPtrArray *labels; /* of the curves */
} FlowColumns;

static void
flow_columns_clear(FlowColumns *columns)
{
    g_free(columns->start_seconds);
    g_free(columns->completion_seconds);
    g_free(columns->goodput);
    g_free(columns->curves);
    g_ptr_array_unref(columns->labels);
}

static size_t
find_curve(FlowColumns *columns, const char *label)
{
    for (guint i = 0; i < columns->labels->len; i++) {
        if (g_str_equal(columns->labels->pdata[i], label))
            return i;
    }
    g_ptr_array_add(columns->labels, g_strdup(label));
    return columns->labels->len - 1;
}

/* A curve a mode and transport; a single mode needs no mention. */
static bool
sort_into_curves(FlowColumns *columns, const Results *results, GError **error)
{
    g_autofree size_t *modes =
        results_new_row_modes(results, results->flows, error);
    if (!modes)
        return false;
    g_autofree const char **transports =
        table_new_texts(results->flows, "transport", error);
    if (!transports)
        return false;
    bool has_modes = results_mode_count(results) > 1;
    columns->curves = g_new(size_t, columns->row_count + 1);
    for (size_t i = 0; i < columns->row_count; i++) {
        g_autofree char *label =
            has_modes ? g_strdup_printf("%s, %s",
                                        results_mode_name(results, modes[i]),
                                        transports[i])
                      : g_strdup(transports[i]);
        columns->curves[i] = find_curve(columns, label);
    }
    return true;
}

static bool
load_columns(FlowColumns *columns, const Results *results, GError **error)
{
    const Table *table = results->flows;
    columns->labels = g_ptr_array_new_with_free_func(g_free);
    columns->row_count = table_row_count(table);
    columns->start_seconds = table_new_numbers(table, "start_seconds", error);
    if (!columns->start_seconds)
        return false;
    columns->completion_seconds =
        table_new_numbers(table, "completion_seconds", error);
    if (!columns->completion_seconds)
        return false;
    columns->goodput =
        table_new_numbers(table, "goodput_bits_per_second", error);
    return columns->goodput && sort_into_curves(columns, results, error);
}

static Plot *
completion_new(const FlowColumns *columns)
{
    Plot *plot = plot_new("completion", "Completion time of flows",
                          "Cumulative distribution of the time from a flow's "
                          "start to its last byte, completed flows only.");
    double longest_seconds = 0;
    for (size_t i = 0; i < columns->row_count; i++)
        longest_seconds = fmax(longest_seconds, columns->completion_seconds[i]);
    g_string_append_printf(
        plot->script,
        "    set xlabel \"Completion time (s)\"\n"
        "    set ylabel \"Flows completed within it (%%)\"\n"
        "    set yrange [0:100]\n"
        "    set xrange [0:%.4g]\n"
        "    set key bottom right reverse Left samplen 3 opaque\n"
        "    plot ",
        longest_seconds > 0 ? 1.02 * longest_seconds : 1);
    g_autofree double *values = g_new(double, columns->row_count + 1);
    for (guint curve = 0; curve < columns->labels->len; curve++) {
        size_t count = 0;
        for (size_t i = 0; i < columns->row_count; i++) {
            if (columns->curves[i] == curve &&
                !isnan(columns->completion_seconds[i]))
                values[count++] = columns->completion_seconds[i];
        }
        statistic_sort(values, count);
        gallery_add_curve(plot, values, count, 1);
        g_string_append_printf(
            plot->script,
            "%sdata index %u using 1:2 with steps title \"%s (n = %zu)\" "
            "linecolor rgb \"%s\" linewidth 2 dashtype %s",
            curve > 0 ? ", \\\n        " : "", curve,
            (const char *)columns->labels->pdata[curve], count,
            plot_color(curve), plot_dash(curve));
    }
    g_string_append_c(plot->script, '\n');
    return plot;
}

static Plot *
goodput_new(const FlowColumns *columns)
{
    Plot *plot = plot_new("goodput", "Goodput of flows by their start",
                          "Delivered bits of each flow over its time from "
                          "start to end, at the time it started.");
    g_string_append(plot->script,
                    "    set xlabel \"Start of the flow (simulated s)\"\n"
                    "    set ylabel \"Goodput (Mbit/s)\"\n"
                    "    set yrange [0:*]\n"
                    "    set autoscale xfix\n"
                    "    set offsets graph 0.02, graph 0.02, graph 0.05, 0\n"
                    "    set key outside right center reverse Left samplen 1\n"
                    "    plot ");
    for (guint curve = 0; curve < columns->labels->len; curve++) {
        for (size_t i = 0; i < columns->row_count; i++) {
            if (columns->curves[i] != curve)
                continue;
            plot_add_number(plot, columns->start_seconds[i], '\t');
            plot_add_number(plot, columns->goodput[i] * 1e-6, '\n');
        }
        g_string_append(plot->data, "\n\n");
        g_string_append_printf(
            plot->script,
            "%sdata index %u using 1:2 with points title \"%s\" linecolor rgb "
            "\"%s\" pointtype %d pointsize 0.8",
            curve > 0 ? ", \\\n        " : "", curve,
            (const char *)columns->labels->pdata[curve], plot_color(curve),
            plot_point(curve));
    }
    g_string_append_c(plot->script, '\n');
    return plot;
}

bool
gallery_add_flows(GPtrArray *plots, const Results *results, GError **error)
{
    FlowColumns columns = {0};
    bool is_whole = load_columns(&columns, results, error);
    if (is_whole && columns.row_count > 0) {
        g_ptr_array_add(plots, completion_new(&columns));
        g_ptr_array_add(plots, goodput_new(&columns));
    }
    flow_columns_clear(&columns);
    return is_whole;
}
