/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/gallery_sweep.c: the main figure against each key that is a number.
 *
 * A line is a mode, with the values of the other keys where there are some.
 */
#include "analysis/sweep_report.h"

#include "analysis/figure.h"
#include "analysis/plot.h"

#include <math.h>

enum { TICS_MAX = 12, KEY_LINE_PIXELS = 26 };

#define DODGE 0.012 /* of the axis, between two lines */

/* What is drawn against what. */
typedef struct Axis {
    const Sweep *sweep;
    size_t key;
    const double *numbers; /* of the key's values */
    size_t *order;         /* of the values, rising */
    size_t count;
    bool is_logarithmic;
} Axis;

static const json_t *
find_key(const Sweep *sweep, size_t key)
{
    return json_array_get(json_object_get(sweep->plan, "keys"), key);
}

static int
compare(gconstpointer first, gconstpointer second, gpointer data)
{
    const double *numbers = data;
    double a = numbers[*(const size_t *)first];
    double b = numbers[*(const size_t *)second];
    return (a > b) - (a < b);
}

/* NULL when the key has no two numbers. */
static double *
new_numbers(const json_t *key)
{
    const json_t *numbers = json_object_get(key, "numbers");
    size_t count = json_array_size(numbers);
    if (count < 2)
        return NULL;
    double *values = g_new(double, count);
    for (size_t i = 0; i < count; i++)
        values[i] = json_number_value(json_array_get(numbers, i));
    return values;
}

/* Whether the values are spaced more evenly by their ratios. */
static bool
is_evener_by_ratio(const Axis *axis)
{
    double gap_min[2] = {(double)INFINITY, (double)INFINITY};
    double gap_max[2] = {0, 0};
    if (axis->numbers[axis->order[0]] <= 0)
        return false;
    for (size_t i = 1; i < axis->count; i++) {
        double low = axis->numbers[axis->order[i - 1]];
        double high = axis->numbers[axis->order[i]];
        const double gap[2] = {high - low, log(high / low)};
        for (size_t j = 0; j < G_N_ELEMENTS(gap); j++) {
            gap_min[j] = fmin(gap_min[j], gap[j]);
            gap_max[j] = fmax(gap_max[j], gap[j]);
        }
    }
    return gap_max[1] * gap_min[0] < gap_max[0] * gap_min[1];
}

/* Where the line's point is drawn: lines stand side by side, so that their
 * bars do not hide each other. */
static double
dodge(const Axis *axis, size_t value, double shift)
{
    double low = axis->numbers[axis->order[0]];
    double high = axis->numbers[axis->order[axis->count - 1]];
    double x = axis->numbers[value];
    return axis->is_logarithmic ? x * pow(high / low, shift * DODGE)
                                : x + (high - low) * shift * DODGE;
}

/* The point that differs from this one in the axis' key alone. */
static size_t
find_sibling(const Axis *axis, size_t point, size_t value)
{
    const Sweep *sweep = axis->sweep;
    size_t stride = 1; /* the last key's values are fastest */
    for (size_t i = sweep_key_count(sweep); i-- > axis->key + 1;)
        stride *=
            json_array_size(json_object_get(find_key(sweep, i), "values"));
    return point +
           (value - sweep_value_index(sweep, point, axis->key)) * stride;
}

/* A block of x, mean, low, high; false, and nothing added, if it is empty. */
static bool
add_line(Plot *plot, const Axis *axis, size_t first_point, size_t mode,
         double shift)
{
    double scale = metric_find(axis->sweep->figures[0].metric)->scale;
    size_t size = plot->data->len;
    bool has_data = false;
    for (size_t i = 0; i < axis->count; i++) {
        size_t value = axis->order[i];
        size_t point = find_sibling(axis, first_point, value);
        Estimate estimate = sweep_estimate(axis->sweep, point, mode, 0);
        has_data = has_data || isfinite(estimate.value);
        plot_add_number(plot, dodge(axis, value, shift), '\t');
        plot_add_number(plot, estimate.value * scale, '\t');
        plot_add_number(plot, estimate.low * scale, '\t');
        plot_add_number(plot, estimate.high * scale, '\n');
    }
    g_string_append(plot->data, "\n\n");
    if (!has_data)
        g_string_truncate(plot->data, size);
    return has_data;
}

static void
add_line_style(Plot *plot, size_t line, const char *mode, const char *rest)
{
    g_string_append_printf(
        plot->script,
        "%sdata index %zu using 1:2:3:4 with yerrorbars notitle "
        "linecolor rgb \"%s\" linewidth 1.2 pointsize 0, \\\n"
        "        data index %zu using 1:2 with linespoints title \"%s%s%s\" "
        "linecolor rgb \"%s\" linewidth 1.5 dashtype %s pointtype %d "
        "pointsize 1.1",
        line > 0 ? ", \\\n        " : "    plot ", line, plot_color(line), line,
        mode, *rest ? ", " : "", rest, plot_color(line), plot_dash(line),
        plot_point(line));
}

static size_t
add_lines(Plot *plot, const Axis *axis)
{
    const Sweep *sweep = axis->sweep;
    size_t line_count = 0;
    size_t point_count = sweep_point_count(sweep);
    size_t line_count_max = sweep->modes->len * (point_count / axis->count);
    for (size_t point = 0; point < point_count; point++) {
        if (sweep_value_index(sweep, point, axis->key) != 0)
            continue;
        g_autofree char *rest = sweep_new_label(sweep, point, axis->key);
        /* In double quotes gnuplot hands what is in `` to a shell. */
        g_strdelimit(rest, "\"\\\n`", '\'');
        for (guint mode = 0; mode < sweep->modes->len; mode++) {
            double shift =
                (double)line_count - (double)(line_count_max - 1) / 2;
            if (add_line(plot, axis, point, mode, shift))
                add_line_style(plot, line_count++, sweep->modes->pdata[mode],
                               rest);
        }
    }
    g_string_append_c(plot->script, '\n');
    return line_count;
}

static void
add_axes(Plot *plot, const Axis *axis, const char *unit)
{
    GString *script = plot->script;
    const SweepFigure *figure = &axis->sweep->figures[0];
    const Metric *metric = metric_find(figure->metric);
    double low = axis->numbers[axis->order[0]];
    double high = axis->numbers[axis->order[axis->count - 1]];
    double margin =
        axis->is_logarithmic ? pow(high / low, 0.05) : (high - low) * 0.05;
    g_string_append_printf(script,
                           "    set xlabel \"%s%s%s%s\"\n"
                           "    set ylabel \"%s (%s)\"\n"
                           "    set yrange [0:*%s]\n"
                           "    set bars 0.6\n"
                           "    set key below center reverse Left samplen 3 "
                           "height 1 maxcols 2\n",
                           sweep_key(axis->sweep, axis->key), *unit ? " (" : "",
                           unit, *unit ? ")" : "", metric->label, metric->unit,
                           g_str_equal(metric->unit, "%") ? "<100" : "");
    if (axis->is_logarithmic)
        g_string_append_printf(script,
                               "    set logscale x\n"
                               "    set xrange [%.10g:%.10g]\n",
                               low / margin, high * margin);
    else
        g_string_append_printf(script, "    set xrange [%.10g:%.10g]\n",
                               low - margin, high + margin);
    g_string_append(script, axis->count <= TICS_MAX ? "    set xtics (" : "");
    for (size_t i = 0; axis->count <= TICS_MAX && i < axis->count; i++)
        g_string_append_printf(script, "%s%.10g%s", i > 0 ? ", " : "",
                               axis->numbers[axis->order[i]],
                               i + 1 < axis->count ? "" : ")\n");
}

/* NULL when no run has the figure. */
static Plot *
plot_new_of_axis(const Axis *axis)
{
    const Sweep *sweep = axis->sweep;
    const char *key = sweep_key(sweep, axis->key);
    const char *unit =
        json_string_value(json_object_get(find_key(sweep, axis->key), "unit"));
    size_t replications = sweep_replication_count(sweep);
    const char *label = metric_find(sweep->figures[0].metric)->label;
    g_autofree char *name = g_strconcat("by_", key, NULL);
    g_autofree char *title =
        replications > 1
            ? g_strdup_printf("%s: mean of %zu replications, 95 %% intervals",
                              label, replications)
            : g_strdup_printf("%s: one replication, no intervals", label);
    g_autoptr(Plot) plot =
        plot_new(name, title,
                 "Means over replications with 95 % intervals; lines stand "
                 "side by side so that bars do not hide each other.");
    add_axes(plot, axis, unit ? unit : "");
    size_t line_count = add_lines(plot, axis);
    plot->height += KEY_LINE_PIXELS * (int)((line_count + 1) / 2);
    return line_count > 0 ? g_steal_pointer(&plot) : NULL;
}

static void
add_plot(GPtrArray *plots, const Sweep *sweep, size_t key)
{
    g_autofree double *numbers = new_numbers(find_key(sweep, key));
    if (!numbers)
        return;
    size_t count =
        json_array_size(json_object_get(find_key(sweep, key), "numbers"));
    g_autofree size_t *order = g_new(size_t, count);
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    g_qsort_with_data(order, (gint)count, sizeof *order, compare, numbers);
    Axis axis = {sweep, key, numbers, order, count, false};
    axis.is_logarithmic = is_evener_by_ratio(&axis);
    Plot *plot = plot_new_of_axis(&axis);
    if (plot)
        g_ptr_array_add(plots, plot);
}

GPtrArray *
gallery_new_of_sweep(const Sweep *sweep)
{
    GPtrArray *plots =
        g_ptr_array_new_with_free_func((GDestroyNotify)plot_free);
    for (size_t key = 0; sweep->figures && key < sweep_key_count(sweep); key++)
        add_plot(plots, sweep, key);
    return plots;
}
