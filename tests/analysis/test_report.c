/* SPDX-License-Identifier: GPL-3.0-or-later
 * tests/analysis/test_report.c: a whole report from a whole directory.
 */
#include "analysis/report.h"
#include "tests/analysis/fixture.h"

#include <jansson.h>
#include <string.h>

static void
report(const char *directory, bool has_no_plots)
{
    ReportOptions options = {COLOR_NEVER, true, has_no_plots};
    bool is_met = false;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_assert_true(report_write(directory, &options, &is_met, warnings, &error));
    g_assert_no_error(error);
    g_assert_true(is_met);
}

/* The pictures' data and scripts, with no gnuplot to draw them. */
static void
write_scripts(const char *directory)
{
    g_autofree char *path = g_strdup(g_getenv("PATH"));
    g_setenv("PATH", "/nowhere", TRUE);
    report(directory, false);
    g_setenv("PATH", path ? path : "", TRUE);
}

static void
expect_picture(const char *directory, const char *name)
{
    static const char *const endings[] = {".dat", ".gp", ".svg", ".png"};
    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        g_autofree char *path = g_strconcat("plots/", name, endings[i], NULL);
        if (!fixture_has(directory, path))
            g_error("no %s", path);
        g_autofree char *text = fixture_read(directory, path);
        g_assert_cmpint(text[0], !=, '\0');
    }
}

static bool
has_gnuplot(void)
{
    g_autofree char *path = g_find_program_in_path("gnuplot");
    if (!path)
        g_test_skip("gnuplot is not here");
    return path;
}

static void
downloads_get_figures_pictures_and_a_page(void)
{
    if (!has_gnuplot())
        return;
    char *directory = fixture_new_directory();
    fixture_write_downloads(directory, 200);
    report(directory, false);
    expect_picture(directory, "outcome");
    expect_picture(directory, "ratios");
    expect_picture(directory, "speed");
    expect_picture(directory, "links-preferred");
    g_autofree char *page = fixture_read(directory, "report.html");
    g_assert_nonnull(strstr(page, "fixture &lt;&amp;&gt;"));
    g_assert_nonnull(strstr(page, "R = S / (S + F)"));
    g_assert_nonnull(strstr(page, "</svg>"));
    g_assert_nonnull(strstr(page, "0123456789abcdef"));
    fixture_remove(directory);
}

/* A page that loads anything is not self-contained. The SVG name spaces are
 * names, not places. */
static void
page_needs_nothing_beside_it(void)
{
    if (!has_gnuplot())
        return;
    char *directory = fixture_new_directory();
    fixture_write_flows(directory, 20);
    report(directory, false);
    expect_picture(directory, "completion");
    expect_picture(directory, "goodput");
    g_autofree char *page = fixture_read(directory, "report.html");
    g_assert_null(strstr(page, "src="));
    g_assert_null(strstr(page, "<link"));
    g_assert_null(strstr(page, "<script"));
    fixture_remove(directory);
}

static void
same_results_give_the_same_summary_to_the_byte(void)
{
    char *directory = fixture_new_directory();
    fixture_write_downloads(directory, 50);
    report(directory, true);
    g_autofree char *first = fixture_read(directory, "summary.json");
    report(directory, true);
    g_autofree char *second = fixture_read(directory, "summary.json");
    g_assert_cmpstr(first, ==, second);
    json_t *summary = json_loads(first, JSON_REJECT_DUPLICATES, NULL);
    g_assert_nonnull(summary);
    json_decref(summary);
    fixture_remove(directory);
}

static void
busiest_link_is_drawn_first(void)
{
    char *directory = fixture_new_directory();
    fixture_write_downloads(directory, 5);
    write_scripts(directory);
    g_autofree char *script = fixture_read(directory, "plots/links-random.gp");
    const char *first = strstr(script, "peering.1");
    const char *second = strstr(script, "peering.2");
    const char *third = strstr(script, "peering.0");
    g_assert_true(first < second);
    g_assert_true(second < third);
    fixture_remove(directory);
}

/* Of the column of numbers, in all blocks of a picture's data. */
static double
largest(const char *data)
{
    double number_max = 0;
    g_auto(GStrv) lines = g_strsplit(data, "\n", -1);
    for (gsize i = 0; lines[i]; i++)
        number_max = MAX(number_max, g_ascii_strtod(lines[i], NULL));
    return number_max;
}

/* The fixture's T is 1 MB/s; half of the downloads are slow. */
static void
fastest_download_is_in_the_picture_of_speeds(void)
{
    char *directory = fixture_new_directory();
    fixture_write_downloads(directory, 50);
    write_scripts(directory);
    g_autofree char *data = fixture_read(directory, "plots/speed.dat");
    g_autofree char *script = fixture_read(directory, "plots/speed.gp");
    const char *range = strstr(script, "set xrange [");
    g_assert_nonnull(range);
    double end = g_ascii_strtod(strchr(range, ':') + 1, NULL);
    g_assert_cmpfloat(largest(data), >, 1);
    g_assert_cmpfloat(end, >, largest(data));
    g_assert_nonnull(strstr(script, "set label \"T = 1 MB/s\""));
    g_assert_nonnull(strstr(script, "preferred, during (n = "));
    fixture_remove(directory);
}

/* gnuplot is easily upset by columns that hold next to nothing. */
static void
next_to_nothing_still_gives_every_picture(void)
{
    if (!has_gnuplot())
        return;
    char *directory = fixture_new_directory();
    fixture_write_downloads(directory, 1);
    report(directory, false);
    expect_picture(directory, "outcome");
    expect_picture(directory, "ratios");
    expect_picture(directory, "speed");
    fixture_write_downloads(directory, 0);
    report(directory, false);
    expect_picture(directory, "outcome");
    fixture_remove(directory);
}

static void
flow_that_never_ends_gives_every_picture(void)
{
    if (!has_gnuplot())
        return;
    char *directory = fixture_new_directory();
    fixture_write_flows(directory, 0);
    report(directory, false);
    expect_picture(directory, "completion");
    expect_picture(directory, "goodput");
    fixture_remove(directory);
}

static void
pictures_can_be_left_out(void)
{
    char *directory = fixture_new_directory();
    fixture_write_flows(directory, 5);
    report(directory, true);
    g_assert_false(fixture_has(directory, "plots/completion.png"));
    g_autofree char *page = fixture_read(directory, "report.html");
    g_assert_nonnull(strstr(page, "without pictures"));
    fixture_remove(directory);
}

static void
missing_gnuplot_costs_the_pictures_and_no_more(void)
{
    char *directory = fixture_new_directory();
    fixture_write_flows(directory, 5);
    write_scripts(directory);
    g_assert_true(fixture_has(directory, "plots/completion.gp"));
    g_assert_true(fixture_has(directory, "summary.json"));
    g_autofree char *page = fixture_read(directory, "report.html");
    g_assert_nonnull(strstr(page, "gnuplot was not found"));
    fixture_remove(directory);
}

/* Say something else in the manifest than the fixture does. */
static void
amend(const char *directory, const char *old, const char *new)
{
    g_autofree char *text = fixture_read(directory, "manifest.json");
    g_autoptr(GString) manifest = g_string_new(text);
    g_assert_cmpuint(g_string_replace(manifest, old, new, 1), ==, 1);
    fixture_write(directory, "manifest.json", manifest->str);
}

static void
what_is_missing_is_said_on_the_page(void)
{
    char *directory = fixture_new_directory();
    fixture_write_flows(directory, 20);
    report(directory, true);
    g_autofree char *whole = fixture_read(directory, "report.html");
    g_assert_null(strstr(whole, "Incomplete"));
    amend(directory, "\"complete\": true", "\"complete\": false");
    report(directory, true);
    g_autofree char *cut = fixture_read(directory, "report.html");
    g_assert_nonnull(strstr(cut, "Incomplete: the run was interrupted."));
    amend(directory, "\"complete\": false",
          "\"complete\": false, \"incomplete_reason\": \"stop_time\"");
    report(directory, true);
    g_autofree char *page = fixture_read(directory, "report.html");
    g_assert_nonnull(strstr(page, "Incomplete: general.stop_time came before"));
    fixture_remove(directory);
}

static void
expect_links_script(const char *directory, const char *text)
{
    write_scripts(directory);
    g_autofree char *script = fixture_read(directory, "plots/links-random.gp");
    if (!strstr(script, text))
        g_error("no '%s' in %s", text, script);
}

/* The fixture's samples go on to 595 s. */
static void
links_are_drawn_from_the_end_of_the_warm_up(void)
{
    char *directory = fixture_new_directory();
    fixture_write_downloads(directory, 5);
    amend(directory, "\"seed\": 1", "\"seed\": 1, \"warmup_seconds\": 300");
    expect_links_script(directory, "set xrange [300:*]");
    amend(directory, "\"warmup_seconds\": 300", "\"warmup_seconds\": 595");
    write_scripts(directory);
    g_autofree char *script = fixture_read(directory, "plots/links-random.gp");
    g_assert_null(strstr(script, "set xrange"));
    fixture_remove(directory);
}

/* Long tick labels push the axis' name off the picture. The first row is of
 * the warm-up. */
static void
short_delays_are_told_in_microseconds(void)
{
    static const char head[] =
        "mode,link,time_seconds,utilisation_ratio,queue_delay_seconds,"
        "queue_packets_max,packets_total,dropped_queue_total,"
        "dropped_aqm_total,dropped_loss_total\nrandom,a,10,0.1,0.5,3,9,0,0,0\n";
    char *directory = fixture_new_directory();
    fixture_write_downloads(directory, 5);
    expect_links_script(directory, "Queue delay (ms)");
    amend(directory, "\"seed\": 1", "\"seed\": 1, \"warmup_seconds\": 20");
    g_autofree char *rows =
        g_strconcat(head, "random,a,30,0.1,0.0000008,3,9,0,0,0\n", NULL);
    fixture_write(directory, "links.csv", rows);
    expect_links_script(directory, "Queue delay (µs)");
    g_autofree char *data = fixture_read(directory, "plots/links-random.dat");
    g_assert_nonnull(strstr(data, "30\t10\t0.8\n"));
    fixture_remove(directory);
}

static void
missed_expectations_are_told_in_warnings(void)
{
    char *directory = fixture_new_directory();
    fixture_write_flows(directory, 20);
    amend(directory, "\"expect\": []",
          "\"expect\": [{\"metric\": \"seed\", \"min\": 1},"
          "{\"metric\": \"seed\", \"min\": 2, \"max\": 4},"
          "{\"metric\": \"replication\", \"max\": -1}]");
    ReportOptions options = {COLOR_NEVER, true, true};
    bool is_met = true;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_assert_true(report_write(directory, &options, &is_met, warnings, &error));
    g_assert_false(is_met);
    g_assert_cmpuint(warnings->len, ==, 2);
    g_assert_cmpstr(warnings->pdata[0], ==,
                    "expectation missed: seed is 1, not 2 to 4");
    g_assert_cmpstr(warnings->pdata[1], ==,
                    "expectation missed: replication is 0, not at most -1");
    fixture_remove(directory);
}

static void
directory_without_manifest_is_an_error(void)
{
    char *directory = fixture_new_directory();
    ReportOptions options = {COLOR_NEVER, true, true};
    bool is_met;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_assert_false(
        report_write(directory, &options, &is_met, warnings, &error));
    g_assert_cmpuint(warnings->len, ==, 0);
    g_assert_nonnull(strstr(error->message, "manifest.json"));
    fixture_remove(directory);
}

#define CASE(name) g_test_add_func("/analysis/report/" #name, name)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    CASE(downloads_get_figures_pictures_and_a_page);
    CASE(page_needs_nothing_beside_it);
    CASE(same_results_give_the_same_summary_to_the_byte);
    CASE(busiest_link_is_drawn_first);
    CASE(fastest_download_is_in_the_picture_of_speeds);
    CASE(next_to_nothing_still_gives_every_picture);
    CASE(flow_that_never_ends_gives_every_picture);
    CASE(pictures_can_be_left_out);
    CASE(missing_gnuplot_costs_the_pictures_and_no_more);
    CASE(what_is_missing_is_said_on_the_page);
    CASE(links_are_drawn_from_the_end_of_the_warm_up);
    CASE(short_delays_are_told_in_microseconds);
    CASE(missed_expectations_are_told_in_warnings);
    CASE(directory_without_manifest_is_an_error);
    return g_test_run();
}
