/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/bench/bench.c: the verb `bench engine`: rounds of runs, their medians.
 */
#include "sim/bench/bench.h"

#include "analysis/statistic.h"
#include "sim/directory.h"
#include "sim/stop.h"
#include "sim/yaml/options.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

#define ROUND_COUNT_MAX 99
#define SLOW_COUNT_MAX 1000000
#define THREAD_COUNT_MAX 64

static const char HELP[] =
    "usage: byway bench engine [OPTION...] [WORKLOAD...]\n\n"
    "Measure how fast the simulator is on this machine: CPU time of 'byway "
    "run', by\n"
    "packets and links crossed, its memory, and where perf is installed the "
    "parts\n"
    "of the engine that the time goes to.\n\n"
    "  w1  100 endless flows over a dumbbell\n"
    "  w2  1,000 downloads over a tree\n"
    "  w3  10,000\n"
    "  w4  100,000 (only when asked for)\n"
    "  w5  slow downloads among the 60,000 edges of netdisk-full.yaml\n"
    "  or the path of any SCENARIO.yaml\n\n"
    "      --rounds=N       of which medians are taken, 1 to 99 (5)\n"
    "      --size=N         slow downloads of w5 (100)\n"
    "      --threads=N      that are held against one, 1 to 64 (all cores)\n"
    "      --scenarios=DIR  where w1 to w5 are (scenarios/ here, or of the\n"
    "                       checkout that byway was built in)\n"
    "  -q, --quiet          no progress\n"
    "  -h, --help           this text\n\n"
    "example: byway bench engine w1 w3 --rounds=3\n";

static const char *const DEFAULT_NAMES[] = {"w1", "w2", "w3", "w5", NULL};

typedef struct Options {
    char **names;
    char *scenarios;
    int round_count;
    int slow_count;
    int thread_count;
    gboolean is_quiet;
    gboolean is_help;
} Options;

typedef struct Samples {
    double user_s[ROUND_COUNT_MAX];
    double peak_bytes[ROUND_COUNT_MAX];
    double wall_s[ROUND_COUNT_MAX];
    double shared_wall_s[ROUND_COUNT_MAX];
} Samples;

typedef struct Bench {
    TrialPlace place;
    const Options *options;
    uint32_t count; /* of workloads, and of what is known of them */
    Workload *workloads;
    Samples *samples;
    EngineFigures *figures;
} Bench;

static void
tell(const Bench *bench, const char *what, uint32_t workload)
{
    if (!bench->options->is_quiet)
        fprintf(stderr, "%s: %s\n", what, bench->workloads[workload].name);
}

static bool
run_round(Bench *bench, uint32_t workload, int round, GError **error)
{
    Samples *samples = &bench->samples[workload];
    TrialCost *cost = &bench->figures[workload].last;
    TrialCost *shared = &bench->figures[workload].last_shared;
    if (!trial_run(&bench->place, &bench->workloads[workload], TRIAL_WHOLE,
                   cost, error))
        return false;
    samples->user_s[round] = cost->user_s;
    samples->peak_bytes[round] = (double)cost->peak_bytes;
    samples->wall_s[round] = cost->wall_s;
    samples->shared_wall_s[round] = NAN;
    if (bench->place.thread_count < 2)
        return true;
    if (!trial_run(&bench->place, &bench->workloads[workload], TRIAL_SHARED,
                   shared, error))
        return false;
    samples->shared_wall_s[round] = shared->wall_s;
    return true;
}

/* Each workload is run before any is run again: what else this machine does
 * meets them all. */
static bool
run_rounds(Bench *bench, GError **error)
{
    for (int round = 0; round < bench->options->round_count; round++) {
        g_autofree char *what = g_strdup_printf("round %d of %d", round + 1,
                                                bench->options->round_count);
        for (uint32_t i = 0; i < bench->count; i++) {
            tell(bench, what, i);
            if (!run_round(bench, i, round, error))
                return false;
        }
    }
    return true;
}

/* perf may be there and not be allowed to look; that is no failure. */
static bool
run_sampled(Bench *bench, GError **error)
{
    for (uint32_t i = 0; i < bench->count && bench->place.perf; i++) {
        EngineFigures *figures = &bench->figures[i];
        TrialCost cost;
        tell(bench, "sampled by perf", i);
        if (trial_run(&bench->place, &bench->workloads[i], TRIAL_SAMPLED, &cost,
                      NULL))
            share_read(&bench->place, figures->shares);
        if (bench->place.signal) {
            g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INTR, "%s",
                        stop_name(bench->place.signal));
            return false;
        }
    }
    return true;
}

static Spread
spread_of(double *values, int count)
{
    statistic_sort(values, (size_t)count);
    return (Spread){.median = statistic_percentile(values, (size_t)count, 0.5),
                    .least = values[0],
                    .most = values[count - 1]};
}

static void
conclude(Bench *bench)
{
    int round_count = bench->options->round_count;
    for (uint32_t i = 0; i < bench->count; i++) {
        EngineFigures *figures = &bench->figures[i];
        Samples *samples = &bench->samples[i];
        figures->user_s = spread_of(samples->user_s, round_count);
        figures->peak_bytes = spread_of(samples->peak_bytes, round_count);
        figures->wall_s = spread_of(samples->wall_s, round_count);
        figures->shared_wall_s = spread_of(samples->shared_wall_s, round_count);
    }
}

static bool
find_workloads(Bench *bench, GError **error)
{
    const Options *options = bench->options;
    const WorkloadWish wish = {options->scenarios,
                               (uint32_t)options->slow_count};
    char **names = options->names ? options->names : (char **)DEFAULT_NAMES;
    uint32_t count = g_strv_length(names);
    bench->workloads = g_new0(Workload, count);
    bench->samples = g_new0(Samples, count);
    bench->figures = g_new0(EngineFigures, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!workload_find(names[i], &wish, &bench->workloads[i], error))
            return false;
        bench->count++;
        bench->figures[i].workload = &bench->workloads[i];
        for (PartKind part = 0; part < PART_COUNT; part++)
            bench->figures[i].shares[part] = NAN;
    }
    return true;
}

static void
bench_clear(Bench *bench)
{
    for (uint32_t i = 0; i < bench->count; i++)
        workload_clear(&bench->workloads[i]);
    g_free(bench->workloads);
    g_free(bench->samples);
    g_free(bench->figures);
    g_free(bench->place.program);
    g_free(bench->place.perf);
    g_free(bench->place.directory);
    g_free(bench->place.samples);
}

static bool
measure(Bench *bench, GError **error)
{
    TrialPlace *place = &bench->place;
    place->thread_count = (uint32_t)bench->options->thread_count;
    g_autofree char *folder = g_dir_make_tmp("byway-bench-XXXXXX", error);
    if (!folder)
        return false;
    /* The same program to the end, even if its file is replaced meanwhile. */
    place->program = g_strdup_printf("/proc/%d/exe", (int)getpid());
    place->perf = g_find_program_in_path("perf");
    place->directory = g_build_filename(folder, "run", NULL);
    place->samples = g_build_filename(folder, "perf.data", NULL);
    stop_hold();
    bool is_good = run_rounds(bench, error) && run_sampled(bench, error);
    directory_remove(folder, NULL);
    if (is_good)
        conclude(bench);
    return is_good;
}

static bool
has_shares(const Bench *bench)
{
    for (uint32_t i = 0; i < bench->count; i++)
        if (isfinite(bench->figures[i].shares[PART_OTHER]))
            return true;
    return false;
}

static void
tell_figures(const Bench *bench)
{
    printf("medians of %d runs of each, in turn; CPU time in user mode of the "
           "whole\n'byway run --no-plots', with reading the scenario and "
           "writing results\n\n",
           bench->options->round_count);
    uint32_t thread_count = bench->place.thread_count;
    bench_print_cost(bench->figures, bench->count);
    if (thread_count > 1)
        bench_print_threads(bench->figures, bench->count, thread_count);
    if (!bench->place.perf)
        puts("share of time: not measured: perf is not installed\n");
    else if (!has_shares(bench))
        puts("share of time: not measured: perf may not look "
             "(kernel.perf_event_paranoid), or\nbyway was built without "
             "debugging information (-g), or is done too soon\n");
    else
        bench_print_shares(bench->figures, bench->count);
    bench_print_goals(bench->figures, bench->count, thread_count);
}

static int
bench_engine(const Options *options)
{
    Bench bench = {.options = options};
    g_autoptr(GError) error = NULL;
    int exit_code = 0;
    if (!find_workloads(&bench, &error))
        exit_code = EXIT_USAGE;
    else if (!measure(&bench, &error))
        exit_code = bench.place.signal ? 128 + bench.place.signal : EXIT_FAILED;
    if (error)
        fprintf(stderr, "byway bench engine: %s\n", error->message);
    else
        tell_figures(&bench);
    bench_clear(&bench);
    return exit_code;
}

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"rounds", 0, 0, G_OPTION_ARG_INT, &options->round_count, NULL, NULL},
        {"size", 0, 0, G_OPTION_ARG_INT, &options->slow_count, NULL, NULL},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options->thread_count, NULL, NULL},
        {"scenarios", 0, 0, G_OPTION_ARG_FILENAME, &options->scenarios, NULL,
         NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &options->is_quiet, NULL, NULL},
        {"help", 'h', 0, G_OPTION_ARG_NONE, &options->is_help, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->names,
         NULL, NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    if (!options_parse(entries, argc, argv, error))
        return false;
    if (options->round_count < 1 || options->round_count > ROUND_COUNT_MAX)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--rounds is from 1 to %d, not %d", ROUND_COUNT_MAX,
                    options->round_count);
    else if (options->slow_count < 1 || options->slow_count > SLOW_COUNT_MAX)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--size is from 1 to %d, not %d", SLOW_COUNT_MAX,
                    options->slow_count);
    else if (options->thread_count < 1 ||
             options->thread_count > THREAD_COUNT_MAX)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "--threads is from 1 to %d, not %d", THREAD_COUNT_MAX,
                    options->thread_count);
    else
        return true;
    return false;
}

int
bench_engine_main(int argc, char **argv)
{
    Options options = {.round_count = 5,
                       .slow_count = 100,
                       .thread_count =
                           (int)MIN(g_get_num_processors(), THREAD_COUNT_MAX)};
    g_autoptr(GError) error = NULL;
    int exit_code = 0;
    if (!parse(argc, argv, &options, &error)) {
        fprintf(stderr,
                "byway bench engine: %s; see 'byway bench engine --help'\n",
                error->message);
        exit_code = EXIT_USAGE;
    } else if (options.is_help) {
        fputs(HELP, stdout);
    } else {
        exit_code = bench_engine(&options);
    }
    g_strfreev(options.names);
    g_free(options.scenarios);
    return exit_code;
}
