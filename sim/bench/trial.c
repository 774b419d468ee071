/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/bench/trial.c: `byway run` as a child, and what it took.
 */
#include "sim/bench/bench.h"

#include "analysis/results.h"
#include "sim/stop.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_NS 100000000
#define EXIT_MISSED 3

static void
add_words(GPtrArray *arguments, const char *const *words)
{
    for (; *words; words++)
        g_ptr_array_add(arguments, g_strdup(*words));
}

static char **
new_arguments(const TrialPlace *place, const Workload *workload, TrialKind kind)
{
    const char *const sampled[] = {place->perf,    "record", "-q",
                                   "-F",           "499",    "-o",
                                   place->samples, "--",     NULL};
    g_autofree char *threads =
        g_strdup_printf("%u", kind == TRIAL_SHARED ? place->thread_count : 1);
    const char *const run[] = {place->program,
                               "run",
                               "--quiet",
                               "--no-plots",
                               "-l",
                               "error",
                               "-j",
                               "1",
                               "-p",
                               threads,
                               "--force",
                               "-o",
                               place->directory,
                               NULL};
    const char *const cut[] = {"--set", workload->cut, NULL};
    const char *const scenario[] = {workload->path, NULL};
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    if (kind == TRIAL_SAMPLED)
        add_words(arguments, sampled);
    add_words(arguments, run);
    if (workload->cut)
        add_words(arguments, cut);
    add_words(arguments, scenario);
    g_ptr_array_add(arguments, NULL);
    return (char **)g_ptr_array_steal(arguments, NULL);
}

/* What perf has to say is told by what it leaves. */
static pid_t
start(char **arguments, TrialKind kind)
{
    fflush(NULL);
    pid_t process = fork();
    if (process != 0)
        return process;
    stop_release();
    int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    if (kind == TRIAL_SAMPLED)
        dup2(nowhere, STDERR_FILENO);
    execv(arguments[0], arguments);
    _exit(127);
}

/* The signal that came meanwhile, or 0. */
static int
await(pid_t process, int *ret_status, struct rusage *ret_usage)
{
    int signal = 0;
    while (wait4(process, ret_status, WNOHANG, ret_usage) == 0) {
        int one = stop_wait(POLL_NS);
        if (one)
            kill(process, SIGTERM);
        signal = one ? one : signal;
    }
    return signal ? signal : stop_wait(0);
}

static uint64_t
read_count(const json_t *mode, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(mode, name));
}

static bool
read_results(const char *directory, TrialCost *cost, GError **error)
{
    g_autoptr(Results) results = results_new_from_directory(directory, error);
    if (!results)
        return false;
    for (size_t i = 0; i < results_mode_count(results); i++) {
        const json_t *mode = results_mode(results, i);
        cost->packet_hops += read_count(mode, "packet_hops");
        cost->events += read_count(mode, "events");
        cost->critical_events += read_count(mode, "critical_events");
        cost->parts = MAX(cost->parts, read_count(mode, "parts"));
        cost->wall_s +=
            json_number_value(json_object_get(mode, "wall_seconds"));
        cost->connections_max =
            MAX(cost->connections_max, read_count(mode, "connections_max"));
        cost->start_bytes =
            MAX(cost->start_bytes, read_count(mode, "start_rss_bytes"));
        cost->peak_bytes =
            MAX(cost->peak_bytes, read_count(mode, "peak_rss_bytes"));
    }
    return true;
}

/* What is cut short need not come out as it does at full length. */
static bool
is_good(const Workload *workload, int status)
{
    return WIFEXITED(status) &&
           (WEXITSTATUS(status) == 0 ||
            (WEXITSTATUS(status) == EXIT_MISSED && workload->cut));
}

bool
trial_run(TrialPlace *place, const Workload *workload, TrialKind kind,
          TrialCost *ret_cost, GError **error)
{
    g_auto(GStrv) arguments = new_arguments(place, workload, kind);
    int status = 0;
    struct rusage usage = {0};
    pid_t process = start(arguments, kind);
    if (process > 0)
        place->signal = await(process, &status, &usage);
    if (place->signal) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INTR, "%s: no figures",
                    stop_name(place->signal));
        return false;
    }
    if (process < 0 || !is_good(workload, status)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "%s: its run fails; 'byway run %s' tells more",
                    workload->name, workload->path);
        return false;
    }
    TrialCost cost = {.user_s = (double)usage.ru_utime.tv_sec +
                                (double)usage.ru_utime.tv_usec / 1e6};
    if (!read_results(place->directory, &cost, error))
        return false;
    *ret_cost = cost;
    return true;
}
