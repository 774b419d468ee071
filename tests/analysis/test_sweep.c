/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/test_sweep.c: figures of many runs, by hand and by byway.
 */
#include "analysis/plot.h"
#include "analysis/sweep_report.h"
#include "tests/analysis/fixture.h"

#include <glib/gstdio.h>
#include <string.h>

static void
write_run(const char *directory, const char *run, unsigned replication,
          double ratio)
{
    g_autofree char *folder = g_build_filename(directory, "runs", run, NULL);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0777), ==, 0);
    g_autofree char *text = g_strdup_printf(
        "{\"workload\": \"downloads\", \"replication\": %u, \"complete\": true,"
        " \"modes\": {\"nearby\": {\"complete\": true, \"fingerprint\": \"f\","
        " \"speedup_success_ratio\": %g, \"S\": 3, \"F\": null}}}",
        replication, ratio);
    fixture_write(folder, "summary.json", text);
}

/* Loss 0 and 1 %, three replications each, the last of which is missing. */
static char *
new_directory(void)
{
    char *directory = fixture_new_directory();
    fixture_write(
        directory, "sweep.json",
        "{\"title\": \"t\", \"replications\": 3, \"first_replication\": 0,\n"
        "\"keys\": [{\"key\": \"a.loss\", \"values\": [\"0\", \"1 %\"],\n"
        "\"unit\": \"%\", \"numbers\": [0, 1]},\n"
        "{\"key\": \"b.way\", \"values\": [\"x, y\"]}],\n"
        "\"points\": [{\"point\": \"p0\", \"values\": [0, 0]},\n"
        "{\"point\": \"p1\", \"values\": [1, 0]}]}\n");
    write_run(directory, "p0-r0", 0, 0.2);
    write_run(directory, "p0-r1", 1, 0.4);
    write_run(directory, "p0-r2", 2, 0.6);
    write_run(directory, "p1-r0", 0, 0.5);
    return directory;
}

static void
write_report(const char *directory, GPtrArray *warnings)
{
    g_autoptr(GError) error = NULL;
    ReportOptions options = {COLOR_NEVER, true, true};
    sweep_report_write(directory, &options, warnings, &error);
    g_assert_no_error(error);
}

static void
expect_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        g_test_message("no '%s' in:\n%s", part, text);
    g_assert_nonnull(strstr(text, part));
}

/* Of 0.2, 0.4 and 0.6 s = 0.2, and t(2) = 4.302653, so that the half is
 * 4.302653 * 0.2 / sqrt(3) = 0.496828; but no share is below 0. */
static void
means_have_students_interval(void)
{
    char *directory = new_directory();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    write_report(directory, warnings);
    g_autofree char *text = fixture_read(directory, "sweep_points.csv");
    expect_has(text, "point,a.loss,b.way,mode,figure,mean,low,high,n,"
                     "difference,difference_low,difference_high\n");
    expect_has(text, "p0,0,\"x, y\",nearby,speedup_success_ratio,0.4,"
                     "0,0.89682");
    expect_has(text, ",nearby,S,3,3,3,3,,,\n");
    expect_has(text,
               "p1,1 %,\"x, y\",nearby,speedup_success_ratio,0.5,,,1,0.3,,\n");
    g_assert_null(strstr(text, ",F,"));
    g_assert_cmpuint(warnings->len, ==, 1);
    g_assert_cmpstr(warnings->pdata[0], ==, "2 runs are missing");
    fixture_remove(directory);
}

static void
every_run_has_a_row(void)
{
    char *directory = new_directory();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    write_report(directory, warnings);
    g_autofree char *text = fixture_read(directory, "sweep.csv");
    expect_has(text, "point,a.loss,b.way,replication,mode,complete,"
                     "fingerprint,speedup_success_ratio,S,F,");
    expect_has(text, "\np0,0,\"x, y\",1,nearby,true,f,0.4,3,,");
    expect_has(text, "\np1,1 %,\"x, y\",0,nearby,true,f,0.5,3,,");
    fixture_remove(directory);
}

/* Of the keys one is a number, so there is one picture. */
static void
numbers_are_drawn(void)
{
    char *directory = new_directory();
    g_autoptr(Sweep) sweep = sweep_new_from_directory(directory, NULL);
    g_autoptr(GPtrArray) plots = gallery_new_of_sweep(sweep);
    g_assert_cmpuint(plots->len, ==, 1);
    const Plot *plot = plots->pdata[0];
    g_assert_cmpstr(plot->name, ==, "by_a.loss");
    expect_has(plot->script->str, "set xlabel \"a.loss (%)\"");
    expect_has(plot->script->str, "title \"nearby\"");
    expect_has(plot->data->str, "0\t40\t0\t89.682");
    expect_has(plot->data->str, "1\t50\tNaN\tNaN\n");
    fixture_remove(directory);
}

static void
half_a_description_is_refused(void)
{
    char *directory = new_directory();
    fixture_write(directory, "sweep.json",
                  "{\"replications\": 1, \"first_replication\": 0, \"keys\": "
                  "[], \"points\": [{}]}");
    g_autoptr(GError) error = NULL;
    g_assert_null(sweep_new_from_directory(directory, &error));
    expect_has(error->message, "expected keys, points and replications");
    fixture_remove(directory);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sweep/means_have_students_interval",
                    means_have_students_interval);
    g_test_add_func("/sweep/every_run_has_a_row", every_run_has_a_row);
    g_test_add_func("/sweep/numbers_are_drawn", numbers_are_drawn);
    g_test_add_func("/sweep/half_a_description_is_refused",
                    half_a_description_is_refused);
    return g_test_run();
}
