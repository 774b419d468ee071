/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/run.c: command line, processes of the modes, result directory.
 *
 * Each mode runs in a process of its own, as many at once as there are jobs:
 * modes share nothing but the scenario, so nothing of one can reach another.
 * SIGINT and SIGTERM stay blocked: everybody looks for them now and then.
 */
#include "sim/run.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/command.h"
#include "sim/directory.h"
#include "sim/manifest.h"
#include "sim/record.h"

#define EXIT_FAILED 1
#define POLL_NS 100000000

typedef struct Modes {
    const Scenario *scenario;
    const char *directory;
    ModeResult *results; /* shared memory */
    pid_t processes[PROGRESS_MODES_MAX];
    double start_s[PROGRESS_MODES_MAX];
    pid_t parent;
    uint32_t count;
    uint32_t started;
    uint32_t running;
    int signal; /* the first that came */
    bool has_failed;
} Modes;

static sigset_t
stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/* The child's whole life. Without its parent nobody reads its results. */
static void
live_mode(const Modes *modes, uint32_t mode)
{
    if (getppid() != modes->parent)
        _exit(EXIT_FAILED);
    ModeResult *result = &modes->results[mode];
    g_autoptr(GError) error = NULL;
    bool is_good =
        mode_run(modes->scenario, mode, modes->directory, result, &error);
    if (!is_good)
        g_strlcpy(result->error, error->message, sizeof result->error);
    _exit(is_good ? 0 : EXIT_FAILED);
}

static bool
start_mode(Modes *modes, const Progress *progress)
{
    uint32_t mode = modes->started;
    fflush(NULL);
    pid_t process = fork();
    if (process < 0)
        return false;
    if (process == 0)
        live_mode(modes, mode);
    modes->processes[mode] = process;
    modes->start_s[mode] = progress_elapsed_s(progress);
    modes->started++;
    modes->running++;
    return true;
}

static void
stop_modes(const Modes *modes)
{
    for (uint32_t i = 0; i < modes->started; i++) {
        if (!modes->results[i].progress.is_over)
            kill(modes->processes[i], SIGTERM);
    }
}

static void
bury_mode(Modes *modes, pid_t process, int status, const struct rusage *usage,
          const Progress *progress)
{
    uint32_t mode = 0;
    while (mode < modes->started && modes->processes[mode] != process)
        mode++;
    if (mode == modes->started)
        return;
    ModeResult *result = &modes->results[mode];
    result->progress.is_over = true;
    result->wall_s = progress_elapsed_s(progress) - modes->start_s[mode];
    result->peak_rss_bytes = (uint64_t)usage->ru_maxrss * 1024;
    modes->running--;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    modes->has_failed = true;
    stop_modes(modes); /* their results would have no run to belong to */
    if (WIFSIGNALED(status))
        g_snprintf(result->error, sizeof result->error,
                   "ended by signal %d (%s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
}

static void
attend(Modes *modes, Progress *progress)
{
    sigset_t set = stop_signals();
    struct timespec wait = {0, POLL_NS};
    int signal = sigtimedwait(&set, NULL, &wait);
    if (signal > 0) {
        modes->signal = modes->signal ? modes->signal : signal;
        stop_modes(modes);
    }
    int status;
    struct rusage usage;
    pid_t process;
    while ((process = wait4(-1, &status, WNOHANG, &usage)) > 0)
        bury_mode(modes, process, status, &usage, progress);
}

static void
run_modes(Modes *modes, const RunOptions *options)
{
    ModeProgress shown[PROGRESS_MODES_MAX];
    memset(shown, 0, sizeof shown);
    for (uint32_t i = 0; i < modes->count; i++)
        mode_expect(modes->scenario, &modes->results[i]);
    Progress progress;
    progress_init(&progress, shown, modes->count,
                  options->is_quiet ? PROGRESS_NEVER : options->progress);
    progress.noun =
        modes->scenario->workload.downloads ? "slow downloads" : "flows";
    while (modes->running > 0 || (modes->started < modes->count &&
                                  !modes->signal && !modes->has_failed)) {
        while (modes->running < options->jobs &&
               modes->started < modes->count && !modes->signal &&
               !modes->has_failed) {
            if (!start_mode(modes, &progress)) {
                modes->has_failed = true;
                break;
            }
        }
        attend(modes, &progress);
        for (uint32_t i = 0; i < modes->count; i++)
            shown[i] = modes->results[i].progress;
        progress_show(&progress);
    }
    progress_end(&progress);
}

static bool
is_whole(const Modes *modes)
{
    for (uint32_t i = 0; i < modes->count; i++) {
        if (!modes->results[i].is_complete)
            return false;
    }
    return true;
}

static void
tell_failures(const Modes *modes)
{
    for (uint32_t i = 0; i < modes->count; i++) {
        if (modes->results[i].error[0])
            fprintf(stderr, "byway: mode %s: %s\n",
                    mode_name(modes->scenario, i), modes->results[i].error);
    }
}

static bool
join_parts(const Modes *modes, GError **error)
{
    const char *names[PROGRESS_MODES_MAX + 1] = {NULL};
    for (uint32_t i = 0; i < modes->count; i++)
        names[i] = mode_name(modes->scenario, i);
    for (int kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        if (!record_join(modes->directory, (RecordKind)kind, modes->scenario,
                         names, error))
            return false;
    }
    return true;
}

static bool
remove_parts(const char *directory, GError **error)
{
    g_autofree char *parts = g_build_filename(directory, "parts", NULL);
    return directory_remove(parts, error);
}

static bool
write_text(const char *directory, const char *name, const char *text,
           size_t text_bytes, GError **error)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    return g_file_set_contents(path, text, (gssize)text_bytes, error);
}

static bool
write_results(const Modes *modes, ManifestFacts *facts, GError **error)
{
    const char *directory = modes->directory;
    g_autoptr(GString) effective = scenario_write(modes->scenario);
    facts->effective_text = effective->str;
    facts->effective_bytes = effective->len;
    facts->modes = modes->results;
    facts->is_complete = is_whole(modes);
    return join_parts(modes, error) &&
           write_text(directory, "scenario.yaml", facts->scenario_text,
                      facts->scenario_bytes, error) &&
           write_text(directory, "effective.yaml", effective->str,
                      effective->len, error) &&
           manifest_write(directory, modes->scenario, facts, error) &&
           remove_parts(directory, error);
}

static ModeResult *
share_results(void)
{
    size_t size_bytes = PROGRESS_MODES_MAX * sizeof(ModeResult);
    void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Everything from a checked scenario to a directory of results. */
static bool
simulate(const Scenario *scenario, RunOutcome *outcome, ManifestFacts *facts,
         GError **error)
{
    Modes modes = {.scenario = scenario,
                   .directory = outcome->partial,
                   .parent = getpid(),
                   .count = mode_count(scenario),
                   .results = share_results()};
    if (!modes.results) {
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                    "no shared memory: %s", g_strerror(errno));
        return false;
    }
    sigset_t set = stop_signals();
    sigset_t old;
    sigprocmask(SIG_BLOCK, &set, &old);
    run_modes(&modes, &outcome->options);
    sigprocmask(SIG_SETMASK, &old, NULL);
    tell_failures(&modes);
    bool is_good = !modes.has_failed && write_results(&modes, facts, error);
    outcome->is_complete = is_good && facts->is_complete;
    if (modes.signal)
        outcome->exit_code = 128 + modes.signal;
    munmap(modes.results, PROGRESS_MODES_MAX * sizeof(ModeResult));
    if (!is_good && error && !*error)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "the run failed");
    return is_good;
}

int
run_simulate(int argc, char **argv, RunOutcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    outcome->lock = -1;
    g_autoptr(Scenario) scenario = NULL;
    int exit_code = 0;
    if (!command_parse(argc, argv, &outcome->options, &exit_code))
        return exit_code;
    g_autofree char *text = NULL;
    size_t text_bytes = 0;
    scenario = command_read(&outcome->options, &text, &text_bytes);
    if (!scenario)
        return COMMAND_EXIT_USAGE;
    g_autoptr(GError) error = NULL;
    if (!directory_open(scenario, outcome, &error)) {
        fprintf(stderr, "byway: %s\n", error->message);
        return COMMAND_EXIT_USAGE;
    }
    g_autofree char *started = progress_timestamp();
    ManifestFacts facts = {.scenario_text = text,
                           .scenario_bytes = text_bytes,
                           .started = started};
    if (simulate(scenario, outcome, &facts, &error))
        return 0;
    fprintf(stderr, "byway: %s\n", error->message);
    directory_remove(outcome->partial, NULL);
    return outcome->exit_code ? outcome->exit_code : EXIT_FAILED;
}
