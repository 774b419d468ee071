/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/diff_grid.c: lays a comparison out in tables.
 */
#include "analysis/diff.h"
#include "analysis/figure.h"
#include "analysis/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COUNT_MAX = 5 };

static const char *
text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    return value ? value : "";
}

static const char *
key(const json_t *figure, size_t index)
{
    return json_string_value(
        json_array_get(json_object_get(figure, "keys"), index));
}

/* The index of the key that the dictionary knows, the last such one. */
static size_t
find_known_key(const json_t *figure)
{
    size_t count = json_array_size(json_object_get(figure, "keys"));
    for (size_t i = count; i > 0; i--) {
        if (metric_find(key(figure, i - 1)))
            return i - 1;
    }
    return count;
}

static bool
is_family(const char *name)
{
    static const char *const families[] = {"causes", "payload", "flows",
                                           "transports", "sensitivity"};
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        if (g_str_equal(name, families[i]))
            return true;
    }
    return false;
}

/* "completion, p90, cubic": what it is, which of it, and of what. */
static char *
new_label(const json_t *figure)
{
    size_t count = json_array_size(json_object_get(figure, "keys"));
    size_t known = find_known_key(figure);
    size_t main = MIN(known, count - 1);
    const Metric *metric = metric_find(key(figure, main));
    GString *label = g_string_new(metric ? metric->label : key(figure, main));
    for (size_t i = main + 1; i < count; i++)
        g_string_append_printf(label, ", %s", key(figure, i));
    for (size_t i = 0; i < main; i++) {
        if (!is_family(key(figure, i)))
            g_string_append_printf(label, ", %s", key(figure, i));
    }
    return g_string_free(label, FALSE);
}

/* How its numbers are printed. */
static Metric
find_metric(const json_t *figure)
{
    size_t count = json_array_size(json_object_get(figure, "keys"));
    size_t known = find_known_key(figure);
    bool is_count = g_str_equal(key(figure, count - 1), "count");
    if (known < count && !is_count)
        return *metric_find(key(figure, known));
    double a = figure_find(figure, "a");
    double b = figure_find(figure, "b");
    bool is_whole = floor(a) == a && floor(b) == b;
    return (Metric){.scale = 1, .unit = "", .decimals = is_whole ? 0 : 4};
}

static void
add_figure_row(Grid *grid, const json_t *figure, const char *label)
{
    Metric metric = find_metric(figure);
    double p = figure_find(figure, "p_adjusted");
    GPtrArray *row = grid_add_row(grid, label);
    g_ptr_array_add(row, metric_new_text(&metric, figure_find(figure, "a")));
    g_ptr_array_add(row, metric_new_text(&metric, figure_find(figure, "b")));
    g_ptr_array_add(row,
                    grid_new_difference_text(
                        &metric, figure_find_estimate(figure, "difference")));
    g_ptr_array_add(row, isnan(p)     ? g_strdup("-")
                         : p < 0.0005 ? g_strdup("<0.001")
                                      : g_strdup_printf("%.3f", p));
    g_ptr_array_add(row, g_strdup(text(figure, "verdict")));
}

static void
add_head(Grid *grid, const char *const *labels)
{
    GPtrArray *row = grid_add_row(grid, "");
    for (size_t i = 0; labels[i]; i++)
        g_ptr_array_add(row, g_strdup(labels[i]));
}

static char *
new_fact_text(const json_t *fact)
{
    if (json_is_string(fact))
        return g_strdup(json_string_value(fact));
    if (json_is_number(fact))
        return g_strdup_printf("%.10g", json_number_value(fact));
    return g_strdup("-");
}

static void
add_runs(GPtrArray *grids, const json_t *diff)
{
    static const char *const head[] = {"A", "B", NULL};
    static const char *const facts[][2] = {
        {"directory", "results"},
        {"title", "title"},
        {"version", "version"},
        {"seed", "seed"},
        {"slow_threshold_bytes_per_second", "T, B/s"},
        {"window_seconds", "window, s"},
        {"fingerprint", "fingerprint"},
        {"shortfall", "INCOMPLETE"}};
    Grid *grid = grid_add(grids, g_strdup("The runs"));
    add_head(grid, head);
    for (size_t i = 0; i < G_N_ELEMENTS(facts); i++) {
        const json_t *a =
            json_object_get(json_object_get(diff, "a"), facts[i][0]);
        const json_t *b =
            json_object_get(json_object_get(diff, "b"), facts[i][0]);
        if (json_is_null(a) && json_is_null(b))
            continue;
        GPtrArray *row = grid_add_row(grid, facts[i][1]);
        g_ptr_array_add(row, new_fact_text(a));
        g_ptr_array_add(row, new_fact_text(b));
    }
}

/* What the intervals of a mode are over. */
static char *
new_mode_note(const json_t *mode)
{
    double pair_count = figure_find(mode, "pairs");
    if (pair_count > 0)
        return g_strdup_printf("One seed: %.0f rows are in both runs and were "
                               "paired. 95 %% intervals; other seeds are not "
                               "in them.",
                               pair_count);
    if (json_is_true(json_object_get(mode, "groups")))
        return g_strdup("Two worlds: 95 % intervals over groups (downloads of "
                        "one region and ISP, flows in 20 batches by time) "
                        "that share their luck.");
    return g_strdup("Nothing is in both runs: 95 % intervals over rows, as if "
                    "each had luck of its own.");
}

static void
add_mode(GPtrArray *grids, const json_t *diff, const json_t *mode)
{
    static const char *const head[] = {"A", "B", "B - A", "p", "verdict", NULL};
    const char *a = text(mode, "mode");
    const char *b = text(mode, "mode_b");
    Grid *grid =
        grid_add(grids, g_str_equal(a, b) ? g_strdup(a)
                                          : g_strdup_printf("%s / %s", a, b));
    grid->note = new_mode_note(mode);
    add_head(grid, head);
    const json_t *figures = json_object_get(diff, "figures");
    for (size_t i = 0; i < json_array_size(figures); i++) {
        const json_t *figure = json_array_get(figures, i);
        if (!g_str_equal(text(figure, "mode"), a))
            continue;
        g_autofree char *label = new_label(figure);
        add_figure_row(grid, figure, label);
    }
}

static double
relative_difference(const json_t *figure)
{
    double a = fabs(figure_find(figure, "a"));
    double b = fabs(figure_find(figure, "b"));
    return fabs(figure_find(figure, "difference")) / fmax(a, b);
}

static gint
order_by_difference(gconstpointer left, gconstpointer right)
{
    double a = relative_difference(*(json_t *const *)left);
    double b = relative_difference(*(json_t *const *)right);
    return (a < b) - (a > b);
}

/* The largest of the differences, each against the larger of its figures. */
static void
add_most(GPtrArray *grids, const json_t *diff)
{
    static const char *const head[] = {"mode", "A", "B", "change", NULL};
    const json_t *figures = json_object_get(diff, "figures");
    g_autoptr(GPtrArray) found = g_ptr_array_new();
    for (size_t i = 0; i < json_array_size(figures); i++) {
        json_t *figure = json_array_get(figures, i);
        if (g_str_equal(text(figure, "verdict"), "differs"))
            g_ptr_array_add(found, figure);
    }
    if (found->len == 0)
        return;
    g_ptr_array_sort(found, order_by_difference);
    Grid *grid = grid_add(grids, g_strdup("What differs most"));
    add_head(grid, head);
    for (guint i = 0; i < MIN(found->len, MOST_COUNT_MAX); i++) {
        const json_t *figure = found->pdata[i];
        Metric metric = find_metric(figure);
        double a = figure_find(figure, "a");
        double change = 100 * figure_find(figure, "difference") / fabs(a);
        g_autofree char *label = new_label(figure);
        GPtrArray *row = grid_add_row(grid, label);
        g_ptr_array_add(row, g_strdup(text(figure, "mode")));
        g_ptr_array_add(row, metric_new_text(&metric, a));
        g_ptr_array_add(row,
                        metric_new_text(&metric, figure_find(figure, "b")));
        g_ptr_array_add(row, isfinite(change)
                                 ? g_strdup_printf("%+.1f %%", change)
                                 : g_strdup("from 0"));
    }
}

static void
add_lonely_modes(Grid *grid, const json_t *names, const char *where)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        g_ptr_array_add(
            grid_add_row(grid, json_string_value(json_array_get(names, i))),
            g_strdup(where));
}

/* "2 of 20 figures differ, 1 in one run only, 3 not judged" */
static char *
new_conclusion(const json_t *diff)
{
    double different_count = figure_find(diff, "different");
    double only_count = figure_find(diff, "only_in_one");
    double unjudged_count = figure_find(diff, "not_judged");
    GString *line = g_string_new(NULL);
    g_string_printf(line, "%.0f of %.0f figures differ", different_count,
                    different_count + figure_find(diff, "same"));
    if (only_count > 0)
        g_string_append_printf(line, ", %.0f in one run only", only_count);
    if (unjudged_count > 0)
        g_string_append_printf(line, ", %.0f not judged", unjudged_count);
    return g_string_free(line, FALSE);
}

static void
add_conclusion(GPtrArray *grids, const json_t *diff)
{
    const json_t *only_a = json_object_get(diff, "modes_only_in_a");
    const json_t *only_b = json_object_get(diff, "modes_only_in_b");
    if (json_array_size(only_a) + json_array_size(only_b) > 0) {
        Grid *grid = grid_add(grids, g_strdup("Modes that one run has"));
        add_lonely_modes(grid, only_a, "only in A");
        add_lonely_modes(grid, only_b, "only in B");
    }
    Grid *grid = grid_add(grids, new_conclusion(diff));
    grid->note = g_strdup_printf(
        "p: adjusted for all of them together (Holm); less than %g is a "
        "difference%s.",
        figure_find(diff, "level"),
        figure_find(diff, "tolerance_ratio") > 0 ? " beyond the tolerance"
                                                 : "");
}

GPtrArray *
diff_new_grids(const json_t *diff)
{
    GPtrArray *grids = g_ptr_array_new_with_free_func(grid_free);
    add_runs(grids, diff);
    const json_t *modes = json_object_get(diff, "modes");
    for (size_t i = 0; i < json_array_size(modes); i++)
        add_mode(grids, diff, json_array_get(modes, i));
    add_most(grids, diff);
    add_conclusion(grids, diff);
    return grids;
}
