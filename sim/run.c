/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/run.c: command line, processes of the modes, result directory.
 *
 * Each mode runs in a process of its own, as many at once as there are jobs:
 * modes share nothing but the scenario, so nothing of one can reach another.
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
#include "sim/member.h"
#include "sim/population.h"
#include "sim/record.h"
#include "sim/stop.h"
#include "sim/together.h"

#define EXIT_FAILED 1
#define POLL_NS 100000000
#define TELL_S 10.0

typedef struct Modes {
    const Scenario *scenario;
    const char *directory;
    ModeOptions options;
    Log *log;
    ModeResult *results; /* shared memory */
    pid_t processes[PROGRESS_MODES_MAX];
    double start_s[PROGRESS_MODES_MAX];
    pid_t parent;
    uint32_t count;
    uint32_t started;
    uint32_t running;
    int signal;       /* the last that came, or 0 */
    Ranks ranks;      /* more than one: they play one mode after the other */
    bool is_given_up; /* by a second signal */
    bool has_failed;
} Modes;

/* What of the modes is shown, and when it was last told. */
typedef struct Show {
    Modes *modes;
    Progress progress;
    ModeProgress shown[PROGRESS_MODES_MAX];
    double told_s;
} Show;

/* The child's whole life. Without its parent nobody reads its results. */
static void
live_mode(const Modes *modes, uint32_t mode)
{
    if (getppid() != modes->parent)
        _exit(EXIT_FAILED);
    ModeResult *result = &modes->results[mode];
    g_autoptr(GError) error = NULL;
    bool is_good = mode_run(modes->scenario, mode, modes->directory,
                            &modes->options, result, &error);
    if (!is_good)
        g_strlcpy(result->error, error->message, sizeof result->error);
    _exit(is_good ? 0 : EXIT_FAILED);
}

static void
tell_start(Modes *modes, pid_t process, const Progress *progress)
{
    uint32_t mode = modes->started;
    modes->processes[mode] = process;
    modes->start_s[mode] = progress_elapsed_s(progress);
    modes->started++;
    modes->running++;
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "mode", mode_name(modes->scenario, mode));
    member_add_count(members, "process", (uint64_t)process);
    log_tell(modes->log, LOG_INFO, members, "mode %s begins",
             mode_name(modes->scenario, mode));
}

static bool
start_mode(Modes *modes, const Progress *progress)
{
    uint32_t mode = modes->started;
    fflush(NULL);
    pid_t process = fork();
    if (process < 0) {
        log_tell(modes->log, LOG_ERROR, NULL, "no process for mode %s: %s",
                 mode_name(modes->scenario, mode), g_strerror(errno));
        return false;
    }
    if (process == 0)
        live_mode(modes, mode);
    tell_start(modes, process, progress);
    return true;
}

static void
send_modes(const Modes *modes, int signal)
{
    for (uint32_t i = 0; i < modes->started; i++) {
        if (!modes->results[i].progress.is_over)
            kill(modes->processes[i], signal);
    }
}

static void
tell_failure(const Modes *modes, uint32_t mode)
{
    const char *name = mode_name(modes->scenario, mode);
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "mode", name);
    log_tell(modes->log, LOG_ERROR, members, "mode %s: %s", name,
             modes->results[mode].error);
}

static void
tell_end(const Modes *modes, uint32_t mode)
{
    const char *name = mode_name(modes->scenario, mode);
    const ModeResult *result = &modes->results[mode];
    g_autoptr(GString) members = g_string_new(NULL);
    manifest_add_mode(members, name, result);
    log_tell(modes->log, LOG_INFO, members,
             "mode %s ends: %.1f s simulated in %.2f s, %.1f MiB", name,
             (double)result->simulated_ns / 1e9, result->wall_s,
             (double)result->peak_rss_bytes / 1048576);
    if (result->end == MODE_STOP_TIME)
        log_tell(modes->log, LOG_WARNING, members,
                 "mode %s: stop_time came after %" G_GUINT64_FORMAT
                 " of %" G_GUINT64_FORMAT " slow downloads; raise "
                 "general.stop_time (%g s), or lower workload.downloads.slow",
                 name, result->progress.done, result->progress.goal,
                 (double)result->progress.stop_ns / 1e9);
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
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        tell_end(modes, mode);
        return;
    }
    if (WIFSIGNALED(status))
        g_snprintf(result->error, sizeof result->error,
                   "ended by signal %d (%s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
    if (!modes->is_given_up)
        tell_failure(modes, mode);
    modes->has_failed = true;
    send_modes(modes, SIGTERM); /* there is no run left to report to */
}

/* The first signal lets everybody finish what is begun, the next does not. */
static void
take_signal(Modes *modes, int signal)
{
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "signal", stop_name(signal));
    modes->is_given_up = modes->signal;
    log_tell(modes->log, LOG_WARNING, members,
             modes->is_given_up
                 ? "%s again: the run stops at once"
                 : "%s: the run ends early and keeps what it has; once more "
                   "stops at once",
             stop_name(signal));
    send_modes(modes, modes->is_given_up ? SIGKILL : SIGTERM);
    modes->signal = signal;
    stop_forget_echo();
}

static void
attend(Modes *modes, Progress *progress)
{
    int signal = stop_wait(POLL_NS);
    if (signal)
        take_signal(modes, signal);
    int status;
    struct rusage usage;
    pid_t process;
    while ((process = wait4(-1, &status, WNOHANG, &usage)) > 0)
        bury_mode(modes, process, status, &usage, progress);
}

static void
tell_progress(const Modes *modes, uint32_t mode)
{
    const char *name = mode_name(modes->scenario, mode);
    const ModeProgress *progress = &modes->results[mode].progress;
    double simulated_s = (double)progress->now_ns / 1e9;
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "mode", name);
    member_add_number(members, "simulated_seconds", simulated_s);
    member_add_count(members, "events", progress->events);
    member_add_count(members, "done", progress->done);
    member_add_count(members, "goal", progress->goal);
    member_add_count(members, "rss_bytes", progress->memory_bytes);
    log_tell(modes->log, LOG_DEBUG, members,
             "mode %s: %.1f s simulated, %.1f M events, %.1f MiB", name,
             simulated_s, (double)progress->events / 1e6,
             (double)progress->memory_bytes / 1048576);
}

static void
tell_all_progress(const Modes *modes)
{
    for (uint32_t i = 0; i < modes->started; i++) {
        if (!modes->results[i].progress.is_over)
            tell_progress(modes, i);
    }
}

static void
show(void *context)
{
    Show *shown = context;
    const Modes *modes = shown->modes;
    for (uint32_t i = 0; i < modes->count; i++)
        shown->shown[i] = modes->results[i].progress;
    progress_show(&shown->progress);
    double now_s = progress_elapsed_s(&shown->progress);
    if (now_s <= shown->told_s + TELL_S)
        return;
    shown->told_s = now_s;
    tell_all_progress(modes);
}

static void
run_processes(Modes *modes, const RunOptions *options, Show *shown)
{
    while (modes->running > 0 || (modes->started < modes->count &&
                                  !modes->signal && !modes->has_failed)) {
        while (modes->running < options->jobs &&
               modes->started < modes->count && !modes->signal &&
               !modes->has_failed) {
            if (!start_mode(modes, &shown->progress)) {
                modes->has_failed = true;
                break;
            }
        }
        attend(modes, &shown->progress);
        show(shown);
    }
}

static void
tell_idle(const Modes *modes, uint32_t mode)
{
    uint64_t parts = modes->results[mode].parts;
    if (modes->ranks.count <= parts)
        return;
    log_tell(modes->log, LOG_WARNING, NULL,
             "mode %s: of %u ranks %" G_GUINT64_FORMAT
             " had nothing to do; the network comes in parts, and has "
             "%" G_GUINT64_FORMAT,
             mode_name(modes->scenario, mode), modes->ranks.count,
             modes->ranks.count - parts, parts);
}

/* A mode in this process, as in that of every other rank. */
static void
play_mode(Modes *modes, Show *shown)
{
    uint32_t mode = modes->started;
    ModeResult *result = &modes->results[mode];
    tell_start(modes, getpid(), &shown->progress);
    g_autoptr(GError) error = NULL;
    bool is_good = mode_run(modes->scenario, mode, modes->directory,
                            &modes->options, result, &error);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    result->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    ranks_sum(&result->peak_rss_bytes, 1);
    result->wall_s =
        progress_elapsed_s(&shown->progress) - modes->start_s[mode];
    result->progress.is_over = true;
    modes->running--;
    modes->signal = together_take_signal();
    if (modes->signal)
        log_tell(modes->log, LOG_WARNING, NULL,
                 "%s: the run ends early and keeps what it has",
                 stop_name(modes->signal));
    if (ranks_agree(is_good)) {
        tell_end(modes, mode);
        tell_idle(modes, mode);
        return;
    }
    g_strlcpy(result->error, error ? error->message : "another rank failed",
              sizeof result->error);
    tell_failure(modes, mode);
    modes->has_failed = true;
}

static void
run_modes(Modes *modes, const RunOptions *options)
{
    Show shown = {.modes = modes};
    for (uint32_t i = 0; i < modes->count; i++)
        mode_expect(modes->scenario, &modes->results[i]);
    bool is_shown = !options->is_quiet && modes->ranks.self == 0;
    progress_init(&shown.progress, shown.shown, modes->count,
                  is_shown ? options->progress : PROGRESS_NEVER);
    shown.progress.noun =
        modes->scenario->workload.downloads ? "slow downloads" : "flows";
    modes->log->progress = &shown.progress;
    if (modes->ranks.count == 1)
        run_processes(modes, options, &shown);
    modes->options.attend = show;
    modes->options.attendant = &shown;
    while (modes->ranks.count > 1 && modes->started < modes->count &&
           !modes->signal && !modes->has_failed)
        play_mode(modes, &shown);
    progress_end(&shown.progress);
    modes->log->progress = NULL;
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
    log_tell(modes->log, LOG_DEBUG, NULL, "the rows of all modes are joined");
    return true;
}

static char **
all_mode_names(const Scenario *scenario)
{
    char **names = g_new0(char *, mode_count(scenario) + 1);
    for (uint32_t i = 0; i < mode_count(scenario); i++)
        names[i] = g_strdup(mode_name(scenario, i));
    return names;
}

static bool
join_turns(const Modes *modes, GError **error)
{
    const TurnWish *wish = modes->options.turn_wish;
    g_auto(GStrv) names = all_mode_names(modes->scenario);
    if (!turn_wish_join(wish, names, error))
        return false;
    if (wish->path)
        log_tell(modes->log, LOG_INFO, NULL, "the turns are in %s", wish->path);
    return true;
}

/* Whether the world will have the node whose turns are wished for. */
static bool
is_somebody(const Scenario *scenario, const TurnWish *wish, GError **error)
{
    if (wish->role == ROLE_COUNT)
        return true;
    const char *role = role_name(wish->role);
    uint32_t count = population_role_count(scenario, wish->role);
    if (count == 0)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "--turns-of: the scenario has no %s", role);
    else if (wish->number != UINT32_MAX && wish->number >= count)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "--turns-of: there is no %s %u; the scenario has %u, "
                    "numbered from 0 to %u",
                    role, wish->number, count, count - 1);
    else
        return true;
    return false;
}

static bool
may_log_turns(const Scenario *scenario, const TurnWish *wish, GError **error)
{
    if (wish->path && !scenario->workload.downloads) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "--turns: bare flows have no nodes, and no turns");
        return false;
    }
    if (wish->path && !is_somebody(scenario, wish, error))
        return false;
    g_auto(GStrv) names = all_mode_names(scenario);
    return turn_wish_is_possible(wish, names, error);
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
    return join_parts(modes, error) && join_turns(modes, error) &&
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

static void
tell_begin(const Scenario *scenario, RunOutcome *outcome)
{
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "version", BYWAY_VERSION);
    member_add_text(members, "scenario", outcome->options.scenario_path);
    member_add_text(members, "title", scenario->title);
    member_add_count(members, "seed", scenario->general.seed);
    member_add_count(members, "jobs", outcome->options.jobs);
    member_add_text(members, "output", outcome->directory);
    log_tell(&outcome->log, LOG_INFO, members, "the run of %s begins",
             outcome->options.scenario_path);
    for (uint32_t i = 0; i < scenario->remarks->len; i++)
        log_tell(&outcome->log, LOG_WARNING, NULL, "%s",
                 (char *)scenario->remarks->pdata[i]);
}

/* The cores that modes leave one another, unless somebody says better. */
static uint32_t
threads_of_each(const Scenario *scenario, const RunOptions *options)
{
    if (options->threads > 0)
        return options->threads;
    if (ranks_here().count > 1)
        return 1; /* cores are shared out as ranks */
    uint32_t modes = MIN(options->jobs, mode_count(scenario));
    return MAX(g_get_num_processors() / modes, 1);
}

/* Everything from a checked scenario to a directory of results. */
static bool
simulate(const Scenario *scenario, RunOutcome *outcome, ManifestFacts *facts,
         GError **error)
{
    bool is_first = outcome->ranks.self == 0;
    if (!ranks_agree(!is_first ||
                     log_open(&outcome->log, outcome->partial, error)))
        return false;
    if (is_first)
        tell_begin(scenario, outcome);
    Modes modes = {.scenario = scenario,
                   .directory = outcome->partial,
                   .options = {.turn_wish = &outcome->options.turn_wish,
                               .player = outcome->verb->player,
                               .thread_count = threads_of_each(
                                   scenario, &outcome->options)},
                   .ranks = outcome->ranks,
                   .log = &outcome->log,
                   .parent = getpid(),
                   .count = mode_count(scenario),
                   .results = share_results()};
    if (!modes.results) {
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                    "no shared memory: %s", g_strerror(errno));
        return false;
    }
    run_modes(&modes, &outcome->options);
    if (modes.has_failed && modes.options.turn_wish->path)
        log_tell(&outcome->log, LOG_WARNING, NULL,
                 "the turns so far stay in %s.MODE",
                 modes.options.turn_wish->path);
    bool is_good = !modes.has_failed;
    if (is_good)
        is_good = ranks_agree(!is_first || write_results(&modes, facts, error));
    if (modes.signal)
        outcome->exit_code = 128 + modes.signal;
    munmap(modes.results, PROGRESS_MODES_MAX * sizeof(ModeResult));
    if (!is_good && error && !*error)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "the run failed, and leaves nothing");
    return is_good;
}

/* Whether it can be run here, and has a place for its results. */
static bool
make_ready(const Scenario *scenario, RunOutcome *outcome, GError **error)
{
    const RunVerb *verb = outcome->verb;
    if (!together_is_possible(scenario, &outcome->options, error))
        return false;
    bool is_ready =
        outcome->ranks.self > 0 ||
        ((!verb->is_possible || verb->is_possible(scenario, error)) &&
         may_log_turns(scenario, &outcome->options.turn_wish, error) &&
         directory_open(scenario, outcome, error));
    return ranks_agree(is_ready);
}

static int
read_and_simulate(int argc, char **argv, RunOutcome *outcome)
{
    g_autoptr(Scenario) scenario = NULL;
    int exit_code = 0;
    int voice = together_hush(outcome->ranks);
    bool is_good = command_parse(argc, argv, outcome, &exit_code);
    if (!ranks_agree(is_good))
        return exit_code;
    log_init(&outcome->log, outcome->options.log_level);
    outcome->log.is_mute = outcome->ranks.self > 0;
    g_autofree char *text = NULL;
    size_t text_bytes = 0;
    scenario = command_read(&outcome->options, &text, &text_bytes);
    together_speak(voice);
    if (!ranks_agree(scenario))
        return COMMAND_EXIT_USAGE;
    stop_hold();
    g_autoptr(GError) error = NULL;
    if (!make_ready(scenario, outcome, &error)) {
        if (error)
            log_tell(&outcome->log, LOG_ERROR, NULL, "%s", error->message);
        return outcome->exit_code ? outcome->exit_code : COMMAND_EXIT_USAGE;
    }
    g_autofree char *started = progress_timestamp();
    ManifestFacts facts = {.scenario_text = text,
                           .scenario_bytes = text_bytes,
                           .started = started};
    if (simulate(scenario, outcome, &facts, &error))
        return 0;
    if (error)
        log_tell(&outcome->log, LOG_ERROR, NULL, "%s", error->message);
    if (outcome->partial)
        directory_remove(outcome->partial, NULL);
    return outcome->exit_code ? outcome->exit_code : EXIT_FAILED;
}

int
run_simulate(const RunVerb *verb, int argc, char **argv, RunOutcome *outcome)
{
    memset(outcome, 0, sizeof *outcome);
    outcome->verb = verb;
    outcome->lock = -1;
    outcome->ranks = verb->player ? ranks_here() : ranks_join();
    int exit_code = read_and_simulate(argc, argv, outcome);
    return together_leave(outcome->ranks, exit_code);
}
