/* SPDX-License-Identifier: GPL-3.0-or-later
 * analysis/diff_command.c: the verb `byway diff`.
 */
#include "analysis/diff.h"
#include "analysis/print.h"
#include "analysis/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, EXIT_DIFFERENT = 5 };

typedef struct Command {
    gboolean is_json;
    gboolean is_quiet;
    gboolean is_verbose;
    char *tolerance;
    char *color;
    char **metrics;
    DiffOptions options;
    ColorMode color_mode;
} Command;

static void
command_clear(Command *command)
{
    g_free(command->tolerance);
    g_free(command->color);
    g_strfreev(command->metrics);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Command, command_clear)

/* "5 %" or "0.05", as in scenarios. */
static bool
parse_share(const char *text, double *ret_share)
{
    char *end = NULL;
    double value = g_ascii_strtod(text, &end);
    bool has_number = end > text;
    end += strspn(end, " ");
    bool is_percent = *end == '%';
    if (!has_number || !(value >= 0) || !isfinite(value) ||
        end[is_percent ? 1 : 0] != '\0' || (!is_percent && value >= 1))
        return false;
    *ret_share = is_percent ? value / 100 : value;
    return true;
}

static bool
fail_usage(const char *message, GError **error)
{
    g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        message);
    return false;
}

static bool
parse(Command *command, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"tolerance", 't', 0, G_OPTION_ARG_STRING, &command->tolerance,
         "Differences within this share of A's figure are none: '5 %' or 0.05",
         "SHARE"},
        {"metric", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &command->metrics,
         "Look at these figures only; NAME is a part of a figure's path in\n"
         "                             summary.json. May be given again",
         "NAME"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &command->is_json,
         "Print JSON instead of tables", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &command->is_quiet,
         "Print nothing; the exit code tells", NULL},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &command->is_verbose,
         "Print the tables of equal runs, too", NULL},
        {"color", 0, 0, G_OPTION_ARG_STRING, &command->color,
         "auto (default), always or never", "WHEN"},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("RUN_A RUN_B");
    g_option_context_set_summary(
        context,
        "Compare the figures of two result directories, with 95 % intervals\n"
        "where rows allow them. Runs of one seed are compared row by row, "
        "runs\n"
        "of two seeds by what shares its luck (cells, batches of flows). All\n"
        "verdicts are judged together at the 5 % level (Holm). A figure "
        "without\n"
        "an interval, such as events, is judged only when --metric gives its\n"
        "full name.");
    g_option_context_set_description(
        context, "Exit code 0: nothing differs; 5: something does; 1: results "
                 "cannot be read\nor judged; 2: wrong usage.\n\n"
                 "example: byway diff out/first-1 out/first-2 --tolerance "
                 "'5 %'");
    g_option_context_add_main_entries(context, entries, NULL);
    g_set_prgname("byway diff"); /* what --help calls us */
    if (!g_option_context_parse(context, argc, argv, error))
        return false;
    if (command->tolerance &&
        !parse_share(command->tolerance, &command->options.tolerance_ratio))
        return fail_usage("--tolerance is a share such as '5 %' or 0.05",
                          error);
    if (command->color &&
        !report_parse_color(command->color, &command->color_mode))
        return fail_usage("--color is auto, always or never", error);
    command->options.metrics = (const char *const *)command->metrics;
    return *argc == 3 || fail_usage("diff wants two result directories (see "
                                    "byway diff --help)",
                                    error);
}

static bool
print_tables(const json_t *diff, ColorMode color, GError **error)
{
    json_t *head = json_pack("{s:s}", "title", "B against A");
    g_autoptr(GPtrArray) grids = diff_new_grids(diff);
    g_autofree char *text =
        print_new_text(head, grids, report_has_color(color));
    json_decref(head);
    return print_out(text, error);
}

static bool
print_json(const json_t *diff, GError **error)
{
    g_autofree char *text =
        json_dumps(diff, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    return print_out(text, error) && print_out("\n", error);
}

/* Whether the runs differ; false with an error where nobody can tell. */
static bool
conclude(const json_t *diff, bool *ret_differs, GError **error)
{
    const char *verdict = json_string_value(json_object_get(diff, "verdict"));
    *ret_differs = g_str_equal(verdict, "differs");
    if (!g_str_equal(verdict, "not judged"))
        return true;
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                        "no figure has an interval to judge it by; --metric "
                        "with a figure's full name compares it as it is");
    return false;
}

static bool
compare(const Command *command, const Results *const runs[2], bool *ret_differs,
        GError **error)
{
    bool is_asked =
        command->is_json || command->is_verbose || command->options.metrics;
    bool is_same_run = diff_is_same_run(runs);
    *ret_differs = false;
    if (!diff_check(runs, error)) /* equal manifests make no whole results */
        return false;
    if (is_same_run && !command->is_quiet && !command->is_json &&
        !print_out("The fingerprints are equal: the same run, to the bit.\n",
                   error))
        return false;
    if (is_same_run && !is_asked)
        return true;
    json_t *diff = diff_new(runs, &command->options, error);
    if (!diff)
        return false;
    bool is_printed = true;
    if (command->is_json)
        is_printed = print_json(diff, error);
    else if (!command->is_quiet)
        is_printed = print_tables(diff, command->color_mode, error);
    bool is_clear = is_printed && conclude(diff, ret_differs, error);
    json_decref(diff);
    return is_clear;
}

int
diff_main(int argc, char **argv)
{
    g_auto(Command) command = {0};
    g_autoptr(GError) error = NULL;
    g_autoptr(Results) a = NULL;
    g_autoptr(Results) b = NULL;
    bool differs = false;
    bool is_good = parse(&command, &argc, &argv, &error);
    if (is_good) {
        a = results_new_from_directory(argv[1], &error);
        b = a ? results_new_from_directory(argv[2], &error) : NULL;
        const Results *runs[2] = {a, b};
        is_good = b && compare(&command, runs, &differs, &error);
    }
    if (is_good)
        return differs ? EXIT_DIFFERENT : EXIT_SUCCESS;
    fprintf(stderr, "byway: %s\n", error->message);
    return error->domain == G_OPTION_ERROR ? EXIT_USAGE : EXIT_FAILURE;
}
