/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/report.c: all that is made from one result directory.
 */
#include "analysis/report.h"

#include "analysis/expect.h"
#include "analysis/gallery.h"
#include "analysis/grid.h"
#include "analysis/page.h"
#include "analysis/print.h"
#include "analysis/summary.h"
#include "analysis/sweep_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_MISSED = 3 };

bool
report_has_color(ColorMode color)
{
    const char *no_color = getenv("NO_COLOR");
    if (color == COLOR_AUTO)
        return isatty(STDOUT_FILENO) && !(no_color && *no_color);
    return color == COLOR_ALWAYS;
}

/* Pictures are a bonus: whatever keeps one from being drawn is told, and the
 * report goes on. *ret_note is set where there are none to show. */
static void
draw_plots(const GPtrArray *plots, const char *directory, GPtrArray *warnings,
           const char **ret_note)
{
    for (guint i = 0; i < plots->len; i++) {
        bool has_gnuplot = true;
        g_autoptr(GError) error = NULL;
        if (!plot_draw(plots->pdata[i], directory, &has_gnuplot, &error))
            g_ptr_array_add(warnings, g_strdup(error->message));
        if (!has_gnuplot)
            *ret_note = "gnuplot was not found when this page was written. "
                        "The data and the scripts are in plots/.";
    }
    if (*ret_note)
        g_ptr_array_add(warnings,
                        g_strdup("gnuplot was not found, so there are no "
                                 "pictures; the figures are not affected"));
}

static bool
write_page(const Results *results, const json_t *summary,
           const GPtrArray *grids, GPtrArray *warnings, bool has_no_plots,
           GError **error)
{
    g_autoptr(GPtrArray) plots = gallery_new(results, summary, error);
    if (!plots)
        return false;
    Page page = {results, summary, grids, plots, NULL};
    if (has_no_plots)
        page.plot_note = "This page was asked for without pictures.";
    else
        draw_plots(plots, results->directory, warnings, &page.plot_note);
    return page_write(&page, error);
}

/* The judgement comes last in the ladder, since a figure that is misspelt in
 * the scenario must not cost the user the report of a long run. */
static bool
write_all(const Results *results, json_t *summary, const ReportOptions *options,
          bool *ret_expectations_met, GPtrArray *warnings, GError **error)
{
    g_autoptr(GError) misspelt = NULL;
    bool is_known =
        expect_judge(results, summary, ret_expectations_met, &misspelt);
    if (!summary_save(summary, results->directory, error))
        return false;
    g_autoptr(GPtrArray) grids = grid_new_all(summary);
    g_autofree char *text =
        print_new_text(summary, grids, report_has_color(options->color));
    /* The page is wanted all the same. */
    bool is_printed = options->is_quiet || print_out(text, error);
    if (!write_page(results, summary, grids, warnings, options->has_no_plots,
                    is_printed ? error : NULL) ||
        !is_printed)
        return false;
    if (is_known)
        expect_tell_missed(summary, warnings);
    else
        g_propagate_error(error, g_steal_pointer(&misspelt));
    return is_known;
}

bool
report_write(const char *directory, const ReportOptions *options,
             bool *ret_expectations_met, GPtrArray *warnings, GError **error)
{
    g_autoptr(Results) results = results_new_from_directory(directory, error);
    if (!results || !results_check_rows(results, error))
        return false;
    json_t *summary = summary_new(results, error);
    if (!summary)
        return false;
    bool is_written = write_all(results, summary, options, ret_expectations_met,
                                warnings, error);
    json_decref(summary);
    return is_written;
}

bool
report_parse_color(const char *text, ColorMode *ret_color)
{
    static const char *const names[] = {
        [COLOR_AUTO] = "auto",
        [COLOR_ALWAYS] = "always",
        [COLOR_NEVER] = "never",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(text, names[i])) {
            *ret_color = (ColorMode)i;
            return true;
        }
    }
    return false;
}

static int
complain(const char *message, int exit_code)
{
    fprintf(stderr, "byway: %s\n", message);
    return exit_code;
}

int
report_main(int argc, char **argv)
{
    gboolean is_quiet = FALSE;
    gboolean has_no_plots = FALSE;
    g_autofree char *color = NULL;
    const GOptionEntry entries[] = {
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &is_quiet,
         "Print no tables on standard output", NULL},
        {"no-plots", 0, 0, G_OPTION_ARG_NONE, &has_no_plots, "Draw no pictures",
         NULL},
        {"color", 0, 0, G_OPTION_ARG_STRING, &color,
         "auto (default), always or never", "WHEN"},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("DIR");
    g_option_context_set_summary(
        context, "Work out the figures of the results in DIR: tables on\n"
                 "standard output; summary.json, plots/ and report.html in "
                 "DIR.");
    g_option_context_set_description(
        context, "Exit code 3 tells that an expectation was missed.\n\n"
                 "example: byway report out/first-1");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    g_set_prgname("byway report"); /* what --help calls us */
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return complain(error->message, EXIT_USAGE);
    ReportOptions options = {COLOR_AUTO, is_quiet, has_no_plots};
    if (color && !report_parse_color(color, &options.color))
        return complain("--color is auto, always or never", EXIT_USAGE);
    if (argc != 2)
        return complain("report wants one result directory (see byway report "
                        "--help)",
                        EXIT_USAGE);
    bool is_met = true;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    bool is_good =
        sweep_is_in(argv[1])
            ? sweep_report_write(argv[1], &options, warnings, &error)
            : report_write(argv[1], &options, &is_met, warnings, &error);
    for (guint i = 0; i < warnings->len; i++)
        fprintf(stderr, "byway: warning: %s\n", (char *)warnings->pdata[i]);
    if (!is_good)
        return complain(error->message, EXIT_FAILURE);
    return is_met ? EXIT_SUCCESS : EXIT_MISSED;
}
