/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/sim/test_quantile.c: distributions as text, and out of CSV files.
 *
 * Files are written to a temporary folder; the measured set beside the
 * sources is tried where it is there.
 */
#include "sim/distribution_text.h"

#include <glib.h>
#include <glib/gstdio.h>

#define MEASURED "../shared/data/china-access-bts2021"

typedef struct Desk {
    char *directory;
    char *path;
    GPtrArray *owned;
} Desk;

static void
desk_open(Desk *desk, const char *csv)
{
    desk->directory = g_dir_make_tmp("byway-quantile-XXXXXX", NULL);
    desk->path = g_build_filename(desk->directory, "lines.csv", NULL);
    desk->owned = g_ptr_array_new_with_free_func(g_free);
    g_assert_true(g_file_set_contents(desk->path, csv, -1, NULL));
}

static void
desk_close(Desk *desk)
{
    g_remove(desk->path);
    g_rmdir(desk->directory);
    g_free(desk->path);
    g_free(desk->directory);
    g_ptr_array_unref(desk->owned);
}

static DistributionRule
rate_rule(const Desk *desk)
{
    return (DistributionRule){.dimension = DIMENSION_RATE,
                              .range = {1, 0},
                              .directory = desk->directory,
                              .owned = desk->owned};
}

static void
check_why(const Desk *desk, const char *text, const char *expected)
{
    DistributionRule rule = rate_rule(desk);
    Distribution law;
    g_autofree char *why = NULL;
    g_assert_false(distribution_parse(text, &rule, &law, &why));
    g_assert_nonnull(g_strrstr(why, expected));
}

static void
a_row_of_quantiles_becomes_points(void)
{
    Desk desk;
    desk_open(&desk, "tech,isp,n,q05,q50,q995\r\n"
                     "wifi,CT,9,1,20,300\r\n"
                     "wifi,\"C,M\",9,2,30,400\r\n");
    DistributionRule rule = rate_rule(&desk);
    Distribution law;
    char *why = NULL;
    g_assert_true(distribution_parse(
        "quantiles(lines.csv, tech=wifi, isp=CT, Mbit/s)", &rule, &law, &why));
    g_assert_cmpint(law.kind, ==, DISTRIBUTION_QUANTILES);
    g_assert_cmpuint(law.point_count, ==, 3);
    g_assert_cmpfloat(law.points[0].share, ==, 0.05);
    g_assert_cmpfloat(law.points[1].value, ==, 20e6);
    g_assert_cmpfloat(law.points[2].share, ==, 0.995);
    desk_close(&desk);
}

static void
a_column_of_samples_gives_its_percentiles(void)
{
    g_autoptr(GString) csv = g_string_new("node,status,mbps\n");
    for (int sample = 0; sample <= 100; sample++)
        g_string_append_printf(csv, "%d,up,%d\n", sample, 100 + sample);
    g_string_append(csv, "101,down,7\n");
    Desk desk;
    desk_open(&desk, csv->str);
    DistributionRule rule = rate_rule(&desk);
    Distribution law;
    char *why = NULL;
    g_assert_true(distribution_parse(
        "quantiles(lines.csv, status=up, column=mbps, Mbit/s)", &rule, &law,
        &why));
    g_assert_cmpuint(law.point_count, ==, 99);
    g_assert_cmpfloat_with_epsilon(law.points[49].value, 150e6, 1);
    g_assert_cmpfloat_with_epsilon(law.points[0].value, 101e6, 1);
    desk_close(&desk);
}

static void
what_is_wrong_with_a_file_is_said(void)
{
    Desk desk;
    desk_open(&desk, "tech,isp,q05,q50\nwifi,CT,1,2\nwifi,CM,1,2\nlte,CT,1\n");
    check_why(&desk, "quantiles(other.csv, Mbit/s)", "other.csv");
    check_why(&desk, "quantiles(lines.csv, tch=wifi, Mbit/s)",
              "no column 'tch'; did you mean 'tech'?");
    check_why(&desk, "quantiles(lines.csv, tech=lte, Mbit/s)",
              "line 4 has 3 fields, not 4");
    desk_close(&desk);
    desk_open(&desk, "tech,isp,q05,q50\nwifi,CT,1,2\nwifi,CM,1,2\n");
    check_why(&desk, "quantiles(lines.csv, tech=wifi, Mbit/s)", "2 rows");
    check_why(&desk, "quantiles(lines.csv, tech=5g, Mbit/s)", "no row");
    check_why(&desk, "quantiles(lines.csv, isp=CT)", "lacks a unit");
    check_why(&desk, "quantiles(lines.csv, isp=CT, ms)", "is a time");
    check_why(&desk, "quantiles(lines.csv, column=tech, Mbit/s)",
              "'wifi' is not a number");
    desk_close(&desk);
}

static void
the_measured_lines_are_read_with_their_slow_share(void)
{
    if (!g_file_test(MEASURED, G_FILE_TEST_IS_DIR)) {
        g_test_skip("the measured set is not here");
        return;
    }
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
    DistributionRule rule = {
        .dimension = DIMENSION_RATE, .directory = MEASURED, .owned = owned};
    Distribution row;
    Distribution samples;
    char *why = NULL;
    g_assert_true(
        distribution_parse("quantiles(quantiles.csv, tech=4g, isp=CT, Mbit/s)",
                           &rule, &row, &why));
    g_assert_true(
        distribution_parse("quantiles(access_tests.csv, tech=4g, isp=CT, "
                           "column=bandwidth_mbps, Mbit/s)",
                           &rule, &samples, &why));
    /* Its README: 0.2830 of them are below 8 Mbit/s, that is, 1 MB/s. */
    g_assert_cmpfloat_with_epsilon(distribution_share_below(&row, 8e6), 0.283,
                                   0.01);
    g_assert_cmpfloat_with_epsilon(distribution_share_below(&samples, 8e6),
                                   0.283, 0.01);
}

static void
every_law_is_written_as_it_is_read(void)
{
    static const char *const TEXTS[] = {
        "30000000 bit/s",
        "uniform(1000000 bit/s, 2500000.5 bit/s)",
        "exponential(1000000 bit/s)",
        "lognormal(24100000 bit/s, 0.862)",
        "pareto(1000000 bit/s, 1.2)",
        "zipf(1.1, 1000000 bit/s)",
        "quantiles([[0.1, 1000000 bit/s], [0.9, 5000000 bit/s]])",
    };
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
    DistributionRule rule = {.dimension = DIMENSION_RATE, .owned = owned};
    for (guint at = 0; at < G_N_ELEMENTS(TEXTS); at++) {
        Distribution law;
        char *why = NULL;
        g_autoptr(GString) text = g_string_new(NULL);
        g_assert_true(distribution_parse(TEXTS[at], &rule, &law, &why));
        distribution_write(text, &law, DIMENSION_RATE);
        g_assert_cmpstr(text->str, ==, TEXTS[at]);
    }
}

static void
laws_that_are_none_are_refused(void)
{
    static const char *const TEXTS[] = {
        "exponential(0)",
        "lognormal(0, 1)",
        "lognormal(1 bit/s, -1)",
        "lognormal(1 bit/s, 1 bit/s)",
        "pareto(1 bit/s, 0)",
        "zipf(1, 1 bit/s)",
        "zipf(2)",
        "uniform(2 bit/s, 1 bit/s)",
        "quantiles([])",
        "quantiles([[0.5]])",
        "quantiles([[2, 1 bit/s]])",
        "quantiles(",
        "quantiles()",
        "constant(1 bit/s",
        "constant)",
        "normal(1 bit/s, 2 bit/s)",
    };
    g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func(g_free);
    DistributionRule rule = {
        .dimension = DIMENSION_RATE, .directory = "/", .owned = owned};
    for (guint at = 0; at < G_N_ELEMENTS(TEXTS); at++) {
        Distribution law;
        g_autofree char *why = NULL;
        g_assert_false(distribution_parse(TEXTS[at], &rule, &law, &why));
        g_assert_nonnull(why);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/quantile/row", a_row_of_quantiles_becomes_points);
    g_test_add_func("/quantile/samples",
                    a_column_of_samples_gives_its_percentiles);
    g_test_add_func("/quantile/wrong", what_is_wrong_with_a_file_is_said);
    g_test_add_func("/quantile/measured",
                    the_measured_lines_are_read_with_their_slow_share);
    g_test_add_func("/quantile/written", every_law_is_written_as_it_is_read);
    g_test_add_func("/quantile/refused", laws_that_are_none_are_refused);
    return g_test_run();
}
