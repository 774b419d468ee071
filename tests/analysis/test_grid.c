/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/test_grid.c: what the tables make of a summary.
 */
#include "analysis/figure.h"
#include "analysis/grid.h"

#include <math.h>

/* A summary of one mode with some slow downloads, and nothing else. */
static json_t *
summary_new_bare(void)
{
    return json_pack("{s:{s:{s:i}}}", "modes", "a", "slow", 15);
}

static json_t *
mode_of(json_t *summary)
{
    return json_object_get(json_object_get(summary, "modes"), "a");
}

/* The first cell of the row, of any of the tables, with that label. */
static const char *
find_cell(const GPtrArray *grids, const char *label)
{
    for (guint i = 0; i < grids->len; i++) {
        const Grid *grid = grids->pdata[i];
        for (guint row = 0; row < grid->rows->len; row++) {
            if (g_str_equal(grid_cell(grid, row, 0), label))
                return grid_cell(grid, row, 1);
        }
    }
    return NULL;
}

static void
expect_text(const char *name, Estimate estimate, const char *text)
{
    json_t *summary = summary_new_bare();
    figure_set_estimate(mode_of(summary), name, estimate);
    g_autoptr(GPtrArray) grids = grid_new_all(summary);
    const Metric *metric = metric_find(name);
    g_assert_cmpstr(find_cell(grids, metric->label), ==, text);
    json_decref(summary);
}

/* Of 15 of 15, the interval reaches down alone. */
static void
lopsided_interval_has_both_its_ends_told(void)
{
    expect_text("ceiling_ratio", statistic_share(15, 15),
                "100.0 % [79.6, 100.0]");
    expect_text("ceiling_ratio", statistic_share(0, 15), "0.0 % [0.0, 20.4]");
    expect_text("fix_ratio", statistic_share(6, 15), "40.0 % [19.8, 64.3]");
    expect_text("node_request_success_ratio", statistic_share(24, 24),
                "100.00 % [86.20, 100.00]");
}

static void
an_interval_without_one_end_says_so(void)
{
    const Metric *metric = metric_find("connect_seconds");
    static const struct {
        double low, high;
        const char *text;
    } cases[] = {
        {0.0103, (double)NAN, "+20.00 [+10.30, +inf] ms"},
        {-(double)INFINITY, 0.0303, "+20.00 [-inf, +30.30] ms"},
        {(double)NAN, (double)NAN, "+20.00 ms"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        Estimate difference = {0.02, cases[i].low, cases[i].high, 9};
        g_autofree char *text = grid_new_difference_text(metric, difference);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

/* Values and halves are rounded each: 28.3 - 2.9 is 25.4, and 25.5 is told
 * as well as one decimal can. */
static void
even_interval_has_its_half_told(void)
{
    expect_text("ceiling_ratio", (Estimate){0.5, 0.3, 0.7, 25}, "50.0 % ±20.0");
    expect_text("fix_ratio", (Estimate){0.283, 0.2546, 0.3128, 950},
                "28.3 % ±2.9");
    expect_text("mean_total_bytes_per_second",
                (Estimate){1057000, 845000, 1269000, 15}, "1057 kB/s ±212");
}

static void
estimate_without_an_interval_stands_alone(void)
{
    expect_text("fix_ratio", (Estimate){0.5, (double)NAN, (double)NAN, 1},
                "50.0 %");
}

static void
fingerprint_of_a_mode_does_not_pass_for_the_runs(void)
{
    json_t *summary = summary_new_bare();
    json_object_set_new(summary, "fingerprint", json_string("0123"));
    json_object_set_new(mode_of(summary), "fingerprint", json_string("4567"));
    g_autoptr(GPtrArray) grids = grid_new_all(summary);
    g_assert_cmpstr(find_cell(grids, "fingerprint of the mode"), ==, "4567");
    g_assert_null(find_cell(grids, "fingerprint"));
    const Grid *run = grids->pdata[grids->len - 1];
    g_assert_cmpstr(run->note, ==, "Fingerprint of the run: 0123");
    json_decref(summary);
}

#define CASE(name) g_test_add_func("/analysis/grid/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(lopsided_interval_has_both_its_ends_told);
    CASE(even_interval_has_its_half_told);
    CASE(estimate_without_an_interval_stands_alone);
    CASE(fingerprint_of_a_mode_does_not_pass_for_the_runs);
    g_test_add_func("/analysis/grid/an_interval_without_one_end_says_so",
                    an_interval_without_one_end_says_so);
    return g_test_run();
}
