/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/modes.c: starts modes, shows how far they are, and buries them.
 *
 * Each mode runs in a process of its own, as many at once as there are jobs:
 * modes share nothing but the scenario, so nothing of one can reach another.
 */
#include "sim/modes.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/manifest.h"
#include "sim/member.h"
#include "sim/resume.h"
#include "sim/stop.h"
#include "sim/together.h"

#define EXIT_FAILED 1
#define POLL_NS 100000000
#define TELL_S 10.0

/* What of the modes is shown, and when it was last told. */
typedef struct Show {
    Modes *modes;
    Progress progress;
    ModeProgress shown[PROGRESS_MODES_MAX];
    double told_s;
} Show;

/* The child's whole life. Without its parent nobody reads its results, and
 * another run may write where it does. */
static void
live_mode(const Modes *modes, uint32_t mode)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
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

bool
modes_restore(Modes *modes, GError **error)
{
    for (uint32_t i = 0; i < modes->count; i++) {
        if (!resume_restore(modes, i, error))
            return false;
    }
    return true;
}

static void
keep_result(Modes *modes, uint32_t mode)
{
    g_autoptr(GError) error = NULL;
    if (modes->options.checkpoint_ns == 0 ||
        modes->results[mode].end == MODE_INTERRUPTED ||
        resume_keep(modes, mode, &error))
        return;
    log_tell(modes->log, LOG_ERROR, NULL, "%s", error->message);
    modes->has_failed = true;
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
give_up(Modes *modes)
{
    modes->has_failed = true;
    send_modes(modes, SIGTERM); /* there is no run left to report to */
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

/* The first signal lets everybody finish what is begun, the next does not. */
static void
take_signal(Modes *modes, int signal)
{
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "signal", stop_name(signal));
    modes->is_given_up = modes->signal;
    const char *text = "%s: the run ends early and keeps what it has; once "
                       "more stops at once";
    if (modes->options.checkpoint_ns > 0)
        text = "%s: the run writes a checkpoint and ends; once more stops at "
               "once";
    if (modes->is_given_up)
        text = "%s again: the run stops at once";
    log_tell(modes->log, LOG_WARNING, members, text, stop_name(signal));
    send_modes(modes, modes->is_given_up ? SIGKILL : SIGTERM);
    modes->signal = signal;
    stop_forget_echo();
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
        keep_result(modes, mode);
        /* Somebody has ended this process alone: so ends the run. */
        if (result->end == MODE_INTERRUPTED && !modes->signal &&
            !modes->has_failed) {
            int signal = stop_wait(0);
            take_signal(modes, signal ? signal : SIGTERM);
        }
        return;
    }
    if (WIFSIGNALED(status))
        g_snprintf(result->error, sizeof result->error,
                   "ended by signal %d (%s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
    if (!modes->is_given_up)
        tell_failure(modes, mode);
    give_up(modes);
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

/* The cores that modes leave one another: who is left alone has all. */
static void
share_cores(Modes *modes, const RunOptions *options)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < modes->count; i++)
        left += !modes->results[i].progress.is_over;
    uint32_t at_once = MIN(left, options->jobs);
    /* Of ranks, each has a core. */
    uint32_t cores = modes->ranks.count > 1 ? 1 : g_get_num_processors();
    uint32_t place = 0;
    for (uint32_t i = 0; i < modes->count; i++) {
        ModeResult *result = &modes->results[i];
        if (result->progress.is_over)
            continue;
        uint32_t share = cores / at_once + (place++ < cores % at_once);
        result->thread_count = options->threads ? options->threads : share;
    }
}

static bool
may_start(const Modes *modes)
{
    return modes->started < modes->count && !modes->signal &&
           !modes->has_failed;
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
    while (modes->running > 0 || may_start(modes)) {
        share_cores(modes, options);
        while (modes->running < options->jobs && may_start(modes)) {
            if (modes->results[modes->started].progress.is_over)
                modes->started++;
            else if (!start_mode(modes, &shown->progress))
                give_up(modes);
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

void
modes_run(Modes *modes, const RunOptions *options)
{
    Show shown = {.modes = modes};
    for (uint32_t i = 0; i < modes->count; i++)
        mode_expect(modes->scenario, &modes->results[i]);
    share_cores(modes, options);
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
