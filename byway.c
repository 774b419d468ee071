/* SPDX-License-Identifier: GPL-3.0-or-later
 * byway.c: the table of verbs, and what lies between a run and its report.
 */
#include "analysis/diff.h"
#include "analysis/nearest.h"
#include "analysis/report.h"
#include "analysis/sweep_report.h"
#include "live/bench.h"
#include "live/catalogue.h"
#include "live/command.h"
#include "live/demo.h"
#include "live/fetch_command.h"
#include "sim/bench/bench.h"
#include "sim/replay/command.h"
#include "sim/check.h"
#include "sim/run.h"
#include "sim/sweep/command.h"
#include "sim/validate.h"
#include "live/testbed/testbed.h"

#include <stdio.h>
#include <string.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_MISSED = 3 };

typedef struct Verb {
    const char *name;
    int (*main)(int argc, char **argv); /* argv begins with the verb */
    const char *summary;
} Verb;

typedef struct VerbTable {
    const char *command; /* that they belong to */
    const char *noun;
    const Verb *verbs;
    size_t count;
} VerbTable;

#define VERBS_MAX 32

static int
draw_report(RunOutcome *outcome)
{
    const RunOptions *options = &outcome->options;
    ReportOptions report = {COLOR_AUTO, options->is_quiet,
                            options->has_no_plots};
    if (options->color)
        report_parse_color(options->color, &report.color);
    bool is_met = true;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    bool is_good =
        report_write(outcome->partial, &report, &is_met, warnings, &error);
    for (guint i = 0; i < warnings->len; i++)
        log_tell(&outcome->log, LOG_WARNING, NULL, "%s",
                 (char *)warnings->pdata[i]);
    if (!is_good) {
        log_tell(&outcome->log, LOG_ERROR, NULL, "%s", error->message);
        return EXIT_FAILED;
    }
    return is_met ? 0 : EXIT_MISSED;
}

/* Results without a report are still worth their name: the report can be
 * written again, the run may have taken a night. */
static int
finish_run(RunOutcome *outcome)
{
    int report_code = run_apart(outcome, draw_report);
    int exit_code = outcome->exit_code ? outcome->exit_code : report_code;
    log_tell(&outcome->log, LOG_INFO, NULL, "the run ends with exit code %d",
             exit_code);
    g_autoptr(GError) error = NULL;
    if (!run_publish(outcome, &error)) {
        log_tell(&outcome->log, LOG_ERROR, NULL, "%s", error->message);
        return EXIT_FAILED;
    }
    if (!log_close(&outcome->log)) {
        log_tell(&outcome->log, LOG_ERROR, NULL, "%s/log.jsonl is not whole",
                 outcome->directory);
        exit_code = EXIT_FAILED;
    }
    bool has_report = report_code == 0 || report_code == EXIT_MISSED;
    if (!outcome->options.is_quiet)
        printf("\n%s%s\n", outcome->directory,
               has_report ? "/report.html" : "");
    return exit_code;
}

static int
run_as(const RunVerb *verb, int argc, char **argv)
{
    RunOutcome outcome;
    int exit_code = run_simulate(verb, argc, argv, &outcome);
    if (outcome.partial && exit_code == 0)
        exit_code = finish_run(&outcome);
    run_outcome_clear(&outcome);
    return exit_code;
}

static int
run_main(int argc, char **argv)
{
    return run_as(&run_verb, argc, argv);
}

static int
testbed_main(int argc, char **argv)
{
    return run_as(&testbed_verb, argc, argv);
}

/* Of all runs that are there, however the sweep ended. */
static bool
draw_sweep(const SweepOutcome *outcome)
{
    ReportOptions report = {COLOR_AUTO, outcome->is_quiet,
                            outcome->has_no_plots};
    if (outcome->color)
        report_parse_color(outcome->color, &report.color);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    bool is_good =
        sweep_report_write(outcome->directory, &report, warnings, &error);
    for (guint i = 0; i < warnings->len; i++)
        fprintf(stderr, "byway: warning: %s\n", (char *)warnings->pdata[i]);
    if (!is_good)
        fprintf(stderr, "byway: %s\n", error->message);
    else if (!outcome->is_quiet)
        printf("\n%s/sweep_points.csv\n", outcome->directory);
    return is_good;
}

static int
sweep_main(int argc, char **argv)
{
    SweepOutcome outcome;
    sweep_play(argc, argv, &outcome);
    if (outcome.directory && !draw_sweep(&outcome))
        outcome.exit_code = EXIT_FAILED;
    int exit_code = outcome.exit_code;
    sweep_outcome_clear(&outcome);
    return exit_code;
}

static int
version_main(int argc, char **argv)
{
    if (argc > 1) {
        bool is_help = strcmp(argv[1], "--help") == 0;
        fputs("usage: byway version\n\nPrint the version.\n\n"
              "example: byway version\n",
              is_help ? stdout : stderr);
        return is_help ? 0 : EXIT_USAGE;
    }
    puts("byway " BYWAY_VERSION);
    return 0;
}

static const Verb *
find_verb(const VerbTable *table, const char *word)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(word, table->verbs[i].name) == 0)
            return &table->verbs[i];
    }
    return NULL;
}

static int
refuse(const VerbTable *table, const char *word)
{
    const char *names[VERBS_MAX];
    for (size_t i = 0; i < table->count; i++)
        names[i] = table->verbs[i].name;
    const char *near = nearest_name(word, names, table->count);
    fprintf(stderr, "byway: unknown %s '%s'", table->noun, word);
    if (near)
        fprintf(stderr, "; did you mean '%s'?", near);
    fprintf(stderr, " (see %s --help)\n", table->command);
    return EXIT_USAGE;
}

static void
print_verbs(FILE *file, const VerbTable *table)
{
    for (size_t i = 0; i < table->count; i++)
        fprintf(file, "  %-10s %s\n", table->verbs[i].name,
                table->verbs[i].summary);
}

static bool
is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int
bench_main(int argc, char **argv)
{
    static const Verb BENCHES[] = {
        {"live", bench_live_main, "what relaying costs, beside other relays"},
        {"engine", bench_engine_main, "how fast the simulator is"},
    };
    static const VerbTable TABLE = {"byway bench", "bench", BENCHES,
                                    G_N_ELEMENTS(BENCHES)};
    if (argc > 1 && !is_help(argv[1])) {
        const Verb *bench = find_verb(&TABLE, argv[1]);
        return bench ? bench->main(argc - 1, argv + 1)
                     : refuse(&TABLE, argv[1]);
    }
    FILE *file = argc > 1 ? stdout : stderr;
    fputs("usage: byway bench BENCH [OPTION...]\n\n"
          "Measure on this machine:\n\n",
          file);
    print_verbs(file, &TABLE);
    fputs("\nexample: byway bench engine --rounds=3\n", file);
    return argc > 1 ? 0 : EXIT_USAGE;
}

static const Verb verbs[] = {
    {"run", run_main, "run a scenario: results, table, pictures"},
    {"sweep", sweep_main, "run a scenario many times, and compare the points"},
    {"testbed", testbed_main, "run a scenario with real nodes and packets"},
    {"check", check_main, "find every error of scenario files"},
    {"schema", schema_main, "print the JSON Schema of scenarios"},
    {"report", report_main, "work out the figures of results again"},
    {"diff", diff_main, "tell whether two runs' results differ"},
    {"validate", validate_main, "hold the simulator against known truths"},
    {"live", live_main, "run one role over real sockets"},
    {"publish", publish_main,
     "list files and versions for data centre and keys"},
    {"replay", replay_main, "hold recorded turns against the code of today"},
    {"fetch", fetch_main, "fetch a file from a CDN and edges at once"},
    {"demo", demo_main, "see it live: edges help a slow CDN, on this machine"},
    {"bench", bench_main, "measure relays, or the simulator, on this machine"},
    {"version", version_main, "print the version"},
};
static const VerbTable VERB_TABLE = {"byway", "verb", verbs,
                                     G_N_ELEMENTS(verbs)};
_Static_assert(G_N_ELEMENTS(verbs) <= VERBS_MAX, "see refuse()");

static void
print_help(FILE *file)
{
    fputs("usage: byway VERB [OPTION...] ...\n"
          "       byway SCENARIO.yaml        the same as byway run\n\n",
          file);
    print_verbs(file, &VERB_TABLE);
    fputs("\nIn a source checkout, ./byway test runs all tests.\n"
          "byway VERB --help says more.\n\n"
          "example: byway run scenarios/first.yaml\n",
          file);
}

static bool
is_scenario(const char *word)
{
    return g_str_has_suffix(word, ".yaml") || g_str_has_suffix(word, ".yml");
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (is_help(word)) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(word, "--version") == 0)
        return version_main(1, argv);
    const Verb *verb = find_verb(&VERB_TABLE, word);
    if (verb)
        return verb->main(argc - 1, argv + 1);
    return is_scenario(word) ? run_main(argc, argv) : refuse(&VERB_TABLE, word);
}
