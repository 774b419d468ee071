/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/command.c: options of `byway run` and its like.
 */
#include "sim/command.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/mode.h"
#include "sim/yaml/options.h"
#include "sim/yaml/unit.h"

#define AUTO_THREADS (-1)
#define THREADS_MAX 64
#define CHECKPOINT_NS_MAX (30.0 * 86400 * 1e9)

static const char SUMMARY[] =
    "Run a scenario and write its results, a table and pictures.";
static const char EXAMPLE[] =
    "Examples:\n"
    "  byway run scenarios/first.yaml -o out/try --set general.seed=7\n"
    "  byway run scenarios/first.yaml -l info      (tell of every mode)\n"
    "  byway run scenarios/first.yaml --turns t.log --turns-of client:4\n"
    "  byway run scenarios/netdisk-full.yaml -o out/full --checkpoint-every "
    "10min\n"
    "  byway run --resume out/full                 (after a crash, or "
    "SIGTERM)\n"
    "  mpirun -n 2 byway run scenarios/netdisk.yaml    (where there is MPI)\n\n"
    "DIR/log.jsonl keeps what was told, and info in any case: one JSON object\n"
    "a line.\n\n"
    "Exit codes: 0 ok, 1 the run failed, 2 usage or scenario invalid,\n"
    "3 an expectation was not met, 130/143 interrupted by Ctrl-C or SIGTERM\n"
    "(what was finished is kept and marked incomplete, or with checkpoints to "
    "be\n"
    "gone on with; a second one stops at once).";

const RunVerb run_verb = {
    .name = "run", .summary = SUMMARY, .description = EXAMPLE};

/* What GOption fills in. */
typedef struct Raw {
    char *output;
    char *seed;
    char *progress;
    char *color;
    char *log_level;
    char *turns;
    char *turns_of;
    char *checkpoint_every;
    char *resume;
    char **sets;
    char **paths;
    int jobs;
    int threads; /* AUTO_THREADS: as many as there are cores left */
    gboolean is_quiet;
    gboolean is_verbose;
    gboolean is_forced;
    gboolean has_no_plots;
} Raw;

bool
command_usage_error(const char *text, const char *detail)
{
    const char *verb = g_get_prgname();
    fprintf(stderr, "%s: %s%s; see '%s --help'\n", verb, text, detail, verb);
    return false;
}

bool
command_parse_progress(const char *text, ProgressMode *ret_mode)
{
    if (!text || strcmp(text, "auto") == 0)
        *ret_mode = PROGRESS_AUTO;
    else if (strcmp(text, "always") == 0)
        *ret_mode = PROGRESS_ALWAYS;
    else if (strcmp(text, "never") == 0)
        *ret_mode = PROGRESS_NEVER;
    else
        return command_usage_error("--progress is auto, always or never, not ",
                                   text);
    return true;
}

bool
command_is_color(const char *text)
{
    return !text || strcmp(text, "auto") == 0 || strcmp(text, "always") == 0 ||
           strcmp(text, "never") == 0;
}

char *
command_new_seed_override(const char *seed)
{
    if (strcmp(seed, "random") != 0)
        return g_strdup_printf("general.seed=%s", seed);
    uint32_t chosen = g_random_int();
    fprintf(stderr, "byway: seed %u\n", chosen);
    return g_strdup_printf("general.seed=%u", chosen);
}

/* What is asked for that a run which goes on has been asked for already. */
static const char *
asked_twice(const Raw *raw)
{
    if (raw->paths && raw->paths[0])
        return raw->paths[0];
    if (raw->sets)
        return "--set";
    if (raw->seed)
        return "--seed";
    if (raw->output)
        return "--output";
    return raw->turns ? "--turns" : NULL;
}

static bool
take_checkpoints(const Raw *raw, RunOptions *options)
{
    options->resume = g_strdup(raw->resume);
    if (raw->resume && asked_twice(raw))
        return command_usage_error(
            "--resume goes on with what the run was asked for, without ",
            asked_twice(raw));
    if (raw->checkpoint_every && raw->turns)
        return command_usage_error(
            "--checkpoint-every does not go with --turns", "");
    if (!raw->checkpoint_every)
        return true;
    Quantity every;
    g_autofree char *why = NULL;
    if (!unit_parse(raw->checkpoint_every, DIMENSION_TIME, &every, &why))
        return command_usage_error("--checkpoint-every: ", why);
    if (every.is_negative || every.value < 1 || every.value > CHECKPOINT_NS_MAX)
        return command_usage_error("--checkpoint-every is 1 ns to 30 d, not ",
                                   raw->checkpoint_every);
    options->checkpoint_ns = (int64_t)every.value;
    return true;
}

static bool
take_raw(Raw *raw, RunOptions *options)
{
    if (!take_checkpoints(raw, options))
        return false;
    if (!raw->resume && (!raw->paths || !raw->paths[0]))
        return command_usage_error("which scenario?", "");
    if (raw->paths && raw->paths[0] && raw->paths[1])
        return command_usage_error("one scenario at a time: ", raw->paths[1]);
    if (!command_parse_progress(raw->progress, &options->progress))
        return false;
    if (!command_is_color(raw->color))
        return command_usage_error("--color is auto, always or never, not ",
                                   raw->color);
    options->log_level = LOG_WARNING;
    if (raw->log_level && !log_parse_level(raw->log_level, &options->log_level))
        return command_usage_error(
            "--log-level is error, warning, info or debug, not ",
            raw->log_level);
    if (raw->is_verbose && options->log_level < LOG_DEBUG)
        options->log_level++;
    if (raw->jobs < 1)
        return command_usage_error("--jobs is 1 or more", "");
    if (raw->threads != AUTO_THREADS &&
        (raw->threads < 1 || raw->threads > THREADS_MAX))
        return command_usage_error("--parallelism is 1 to 64", "");
    if (!turn_wish_parse(&options->turn_wish, raw->turns_of))
        return command_usage_error("--turns-of is a role, or ROLE:NUMBER, not ",
                                   raw->turns_of);
    if (raw->turns_of && !raw->turns)
        return command_usage_error("--turns-of goes with --turns FILE", "");
    options->turn_wish.path = g_strdup(raw->turns);
    options->scenario_path = raw->paths ? g_strdup(raw->paths[0]) : NULL;
    options->output = g_strdup(raw->output);
    options->color = g_strdup(raw->color);
    options->is_quiet = raw->is_quiet;
    options->is_forced = raw->is_forced;
    options->has_no_plots = raw->has_no_plots;
    options->jobs = (uint32_t)raw->jobs;
    options->threads =
        raw->threads == AUTO_THREADS ? 0 : (uint32_t)raw->threads;
    g_autoptr(GPtrArray) overrides = g_ptr_array_new();
    for (char **set = raw->sets; set && *set; set++)
        g_ptr_array_add(overrides, g_strdup(*set));
    if (raw->seed)
        g_ptr_array_add(overrides, command_new_seed_override(raw->seed));
    g_ptr_array_add(overrides, NULL);
    options->overrides = (char **)g_ptr_array_steal(overrides, NULL);
    return true;
}

static void
raw_clear(Raw *raw)
{
    g_free(raw->output);
    g_free(raw->seed);
    g_free(raw->progress);
    g_free(raw->color);
    g_free(raw->log_level);
    g_free(raw->turns);
    g_free(raw->turns_of);
    g_free(raw->checkpoint_every);
    g_free(raw->resume);
    g_strfreev(raw->sets);
    g_strfreev(raw->paths);
}

static GOptionContext *
new_context(const RunVerb *verb, Raw *raw)
{
    const GOptionEntry simulation[] = {
        {"jobs", 'j', 0, G_OPTION_ARG_INT, &raw->jobs,
         "Modes run at once, 1 or more (default: the number of cores)", "N"},
        {"parallelism", 'p', 0, G_OPTION_ARG_INT, &raw->threads,
         "Threads in each, 1 to 64; results are the same for any number "
         "(default: the cores that modes leave; one for each rank of MPI)",
         "N"},
        {"checkpoint-every", 0, 0, G_OPTION_ARG_STRING, &raw->checkpoint_every,
         "Keep a checkpoint so often, by the clock on the wall, and at SIGTERM",
         "TIME"},
        {"resume", 0, 0, G_OPTION_ARG_FILENAME, &raw->resume,
         "Go on with a run that was cut short, from its checkpoints", "DIR"},
        {"turns", 0, 0, G_OPTION_ARG_FILENAME, &raw->turns,
         "Log what nodes hear and want, for byway replay; a new file", "FILE"},
        {"turns-of", 0, 0, G_OPTION_ARG_STRING, &raw->turns_of,
         "Only those of a role, or of its number N as in nodes.csv",
         "ROLE[:N]"},
        {0},
    };
    const GOptionEntry entries[] = {
        {"output", 'o', 0, G_OPTION_ARG_FILENAME, &raw->output,
         "Where results go (default out/TITLE-SEED)", "DIR"},
        {"force", 'f', 0, G_OPTION_ARG_NONE, &raw->is_forced,
         "Replace an earlier run's directory", NULL},
        {"seed", 's', 0, G_OPTION_ARG_STRING, &raw->seed,
         "Overrides general.seed; 'random' chooses one and says it", "N"},
        {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &raw->sets,
         "Override any key of the scenario", "KEY.PATH=VALUE"},
        {"progress", 0, 0, G_OPTION_ARG_STRING, &raw->progress,
         "auto, always or never", "WHEN"},
        {"color", 0, 0, G_OPTION_ARG_STRING, &raw->color,
         "auto, always or never", "WHEN"},
        {"log-level", 'l', 0, G_OPTION_ARG_STRING, &raw->log_level,
         "What stderr shows: error, warning (default), info or debug", "LEVEL"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &raw->is_verbose,
         "One level more than --log-level", NULL},
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
    if (!verb->player)
        g_option_context_add_main_entries(context, simulation, NULL);
    g_option_context_set_summary(context, verb->summary);
    g_option_context_set_description(context, verb->description);
    g_option_context_set_help_enabled(context, false);
    return context;
}

bool
command_wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

bool
command_parse(int argc, char **argv, RunOutcome *outcome, int *ret_exit_code)
{
    const RunVerb *verb = outcome->verb;
    g_autofree char *name = g_strconcat("byway ", verb->name, NULL);
    g_set_prgname(name);
    Raw raw = {.jobs = (int)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1),
               .threads = AUTO_THREADS};
    if (verb->player)
        raw.jobs = 1;
    g_autoptr(GOptionContext) context = new_context(verb, &raw);
    *ret_exit_code = 0;
    if (command_wants_help(argc, argv)) {
        g_autofree char *help = g_option_context_get_help(context, true, NULL);
        fputs(help, stdout);
        return false;
    }
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) copy = g_new0(char *, (size_t)argc + 1);
    for (int i = 0; i < argc; i++)
        copy[i] = g_strdup(argv[i]);
    bool is_good = g_option_context_parse_strv(context, &copy, &error);
    if (!is_good) {
        options_suggest(context, error);
        command_usage_error(error->message, "");
    }
    is_good = is_good && take_raw(&raw, &outcome->options);
    raw_clear(&raw);
    if (!is_good)
        *ret_exit_code = COMMAND_EXIT_USAGE;
    return is_good;
}

Scenario *
command_read(const RunOptions *options, char **ret_text, size_t *ret_text_bytes)
{
    g_autoptr(GPtrArray) errors = g_ptr_array_new_with_free_func(g_free);
    Scenario *scenario =
        scenario_read(options->scenario_path,
                      (const char *const *)options->overrides, errors);
    for (uint32_t i = 0; i < errors->len; i++)
        fprintf(stderr, "%s\n", (char *)errors->pdata[i]);
    if (!scenario)
        return NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(options->scenario_path, ret_text, ret_text_bytes,
                             &error)) {
        fprintf(stderr, "byway: %s\n", error->message);
        scenario_free(scenario);
        return NULL;
    }
    return scenario;
}
