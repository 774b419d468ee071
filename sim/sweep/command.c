/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/command.c: options of `byway sweep`.
 */
#include "sim/sweep/command.h"

#include <stdio.h>
#include <string.h>

#include "sim/command.h"
#include "sim/stop.h"
#include "sim/sweep/tour.h"
#include "sim/yaml/options.h"

#define EXIT_FAILED 1

static const char SUMMARY[] =
    "Run a scenario many times: every combination of the values that --vary\n"
    "or the scenario's section `sweep` names, with several replications each.";
static const char EXAMPLE[] =
    "Examples:\n"
    "  byway sweep scenarios/first.yaml --vary roles.edges.count=3,6,12,24 \\\n"
    "      --replications 5 -o out/enough\n"
    "  byway sweep scenarios/first.yaml --vary 'policies.selection=[nearby],"
    "[random]'\n\n"
    "DIR/sweep.csv has a row for each run and mode, DIR/sweep_points.csv means "
    "and\n"
    "95 % intervals over replications, DIR/runs what byway run leaves of "
    "each.\n"
    "The n-th replications of all points have the same luck. The same command\n"
    "goes on with a sweep that was interrupted or killed.\n\n"
    "Exit codes: 0 ok, 1 a run failed, 2 usage or scenario invalid, 130/143\n"
    "interrupted by Ctrl-C or SIGTERM (finished runs are kept).";

/* What GOption fills in. */
typedef struct Raw {
    char *output;
    char *seed;
    char *progress;
    char *color;
    char **sets;
    char **varies;
    char **paths;
    int jobs;
    int replications;
    gboolean is_quiet;
    gboolean is_forced;
    gboolean has_no_plots;
} Raw;

static void
raw_clear(Raw *raw)
{
    g_free(raw->output);
    g_free(raw->seed);
    g_free(raw->progress);
    g_free(raw->color);
    g_strfreev(raw->sets);
    g_strfreev(raw->varies);
    g_strfreev(raw->paths);
}

static GOptionContext *
new_context(Raw *raw)
{
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &raw->output,
         "Where results go (default out/TITLE-SEED-sweep)", "DIR"},
        {"vary", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->varies,
         "Values of a key, with commas; may be given again", "KEY.PATH=V1,V2"},
        {"replications", 0, 0, G_OPTION_ARG_INT, &raw->replications,
         "Runs of each point (default: what the scenario says, or 1)", "N"},
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &raw->jobs,
         "Runs at once, 1 or more (default: the number of cores)", "N"},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &raw->is_forced,
         "Remove an earlier sweep's results first", NULL},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &raw->seed,
         "Overrides general.seed; 'random' chooses one and says it", "N"},
        {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->sets,
         "Override any key of the scenario", "KEY.PATH=VALUE"},
        {"progress", 0, 0, G_OPTION_ARG_STRING, &raw->progress,
         "auto, always or never", "WHEN"},
        {"color", 0, 0, G_OPTION_ARG_STRING, &raw->color,
         "auto, always or never", "WHEN"},
        {"no-plots", 0, 0, G_OPTION_ARG_NONE, &raw->has_no_plots,
         "Draw no pictures", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &raw->is_quiet,
         "No progress and no table", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->paths,
         NULL, "SCENARIO.yaml"},
        {0},
    };
    GOptionContext *context = g_option_context_new(NULL);
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_set_description(context, EXAMPLE);
    g_option_context_set_help_enabled(context, false);
    return context;
}

static bool
check(const Raw *raw, ProgressMode *ret_progress)
{
    if (!raw->paths || !raw->paths[0])
        return command_usage_error("which scenario?", "");
    if (raw->paths[1])
        return command_usage_error("one scenario at a time: ", raw->paths[1]);
    if (!command_is_color(raw->color))
        return command_usage_error("--color is auto, always or never, not ",
                                   raw->color);
    if (raw->jobs < 1 && raw->jobs != -1)
        return command_usage_error("--jobs is 1 or more", "");
    if (raw->replications < 1 && raw->replications != -1)
        return command_usage_error("--replications is 1 or more", "");
    if (raw->output && !*raw->output)
        return command_usage_error("the output directory has no name", "");
    return command_parse_progress(raw->progress, ret_progress);
}

static bool
parse(int argc, char **argv, Raw *raw, ProgressMode *ret_progress)
{
    g_autoptr(GOptionContext) context = new_context(raw);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) copy = g_new0(char *, (size_t)argc + 1);
    for (int at = 0; at < argc; at++)
        copy[at] = g_strdup(argv[at]);
    if (!g_option_context_parse_strv(context, &copy, &error)) {
        options_suggest(context, error);
        return command_usage_error(error->message, "");
    }
    return check(raw, ret_progress);
}

static GPtrArray *
new_overrides(const Raw *raw)
{
    GPtrArray *overrides = g_ptr_array_new_with_free_func(g_free);
    for (char **set = raw->sets; set && *set; set++)
        g_ptr_array_add(overrides, g_strdup(*set));
    if (raw->seed)
        g_ptr_array_add(overrides, command_new_seed_override(raw->seed));
    g_ptr_array_add(overrides, NULL);
    return overrides;
}

static Study *
read_study(const Raw *raw)
{
    g_autoptr(GPtrArray) overrides = new_overrides(raw);
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    StudyWish wish = {.path = raw->paths[0],
                      .overrides = (const char *const *)overrides->pdata,
                      .varies = (const char *const *)raw->varies,
                      .replications = (uint32_t)MAX(raw->replications, 0)};
    Study *study = study_new(&wish, errors);
    for (guint at = 0; at < errors->len; at++)
        fprintf(stderr, "%s\n", (char *)errors->pdata[at]);
    for (guint at = 0; study && at < study->remarks->len; at++)
        fprintf(stderr, "byway: warning: %s\n",
                (char *)study->remarks->pdata[at]);
    return study;
}

static char *
choose_output(const Raw *raw, const Study *study)
{
    if (raw->output)
        return g_strdup(raw->output);
    if (study->output)
        return g_strconcat(study->output, "-sweep", NULL);
    return g_strdup_printf("out/%s-%" G_GUINT64_FORMAT "-sweep", study->title,
                           study->seed);
}

/* With a crew at hand; the exit code. */
static int
lead(Crew *crew, const Raw *raw, ProgressMode progress, char **ret_directory)
{
    g_autoptr(Study) study = read_study(raw);
    if (!study)
        return COMMAND_EXIT_USAGE;
    g_autofree char *output = choose_output(raw, study);
    bool is_mistake = false;
    g_autoptr(GError) error = NULL;
    Rack rack;
    int exit_code = EXIT_FAILED;
    stop_hold();
    if (rack_open(&rack, study, output, raw->is_forced, &is_mistake, &error)) {
        exit_code =
            tour(&rack, crew, raw->is_quiet ? PROGRESS_NEVER : progress);
        *ret_directory = g_steal_pointer(&output);
    } else {
        fprintf(stderr, "byway: %s\n", error->message);
        exit_code = is_mistake ? COMMAND_EXIT_USAGE : EXIT_FAILED;
    }
    rack_close(&rack);
    stop_release();
    return exit_code;
}

static void
parse_and_lead(Crew *crew, int argc, char **argv, SweepOutcome *outcome)
{
    Raw raw = {.jobs = -1, .replications = -1};
    ProgressMode progress;
    outcome->exit_code = COMMAND_EXIT_USAGE;
    bool is_good = parse(argc, argv, &raw, &progress);
    if (is_good && !crew_take_jobs(crew, (uint32_t)MAX(raw.jobs, 0)))
        is_good = command_usage_error(
            "under mpirun each rank but the first plays one run at a time; "
            "leave --jobs out",
            "");
    if (is_good) {
        outcome->exit_code = lead(crew, &raw, progress, &outcome->directory);
        outcome->color = g_strdup(raw.color);
        outcome->is_quiet = raw.is_quiet;
        outcome->has_no_plots = raw.has_no_plots;
    }
    raw_clear(&raw);
}

void
sweep_play(int argc, char **argv, SweepOutcome *outcome)
{
    *outcome = (SweepOutcome){0};
    g_set_prgname("byway sweep");
    if (command_wants_help(argc, argv)) {
        Raw raw = {0};
        g_autoptr(GOptionContext) context = new_context(&raw);
        g_autofree char *help = g_option_context_get_help(context, true, NULL);
        fputs(help, stdout);
        return;
    }
    Crew crew;
    crew_join(&crew);
    if (!crew.has_served)
        parse_and_lead(&crew, argc, argv, outcome);
    crew_leave(&crew);
}

void
sweep_outcome_clear(SweepOutcome *outcome)
{
    g_free(outcome->directory);
    g_free(outcome->color);
}
