/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/bench_call.c: counts the system calls of a relay.
 */
#include "live/bench.h"
#include "live/program.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT_NS (300 * NS_PER_MS)
#define LOOK_TRIES 300
#define LOOK_STEP_US 10000

static bool
is_traced(pid_t process)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)process);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    const char *found = strstr(text, "TracerPid:\t");
    return found && found[strlen("TracerPid:\t")] != '0';
}

static bool
wait_for_trace(pid_t process, pid_t tracer)
{
    for (uint32_t i = 0; i < LOOK_TRIES; i++) {
        if (is_traced(process))
            return true;
        if (waitpid(tracer, NULL, WNOHANG) != 0)
            return false;
        g_usleep(LOOK_STEP_US);
    }
    return false;
}

/* The line "100.00 0.012 0 1234 56 total": how many is the fourth word. */
static uint64_t
parse_total(const char *path)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_suffix(*line, " total"))
            continue;
        char *at = *line;
        for (uint32_t word = 0; word < 3; word++) {
            at += strspn(at, " ");
            at += strcspn(at, " ");
        }
        return g_ascii_strtoull(at, NULL, 10);
    }
    return 0;
}

bool
bench_count_calls(pid_t process, BenchLoad *load, const char *directory,
                  double *ret_call_count)
{
    g_autofree char *program = program_find("strace");
    if (!program)
        return false;
    g_autofree char *path = g_strdup_printf("%s/calls", directory);
    g_autofree char *number = g_strdup_printf("%d", (int)process);
    const char *arguments[] = {program, "-c", "-f",   "-o",
                               path,    "-p", number, NULL};
    GPid tracer;
    if (!g_spawn_async(NULL, (char **)(uintptr_t)arguments, NULL,
                       G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL,
                       NULL, NULL, &tracer, NULL))
        return false;
    LoadResult result = {0};
    bool is_run = wait_for_trace(process, tracer) &&
                  load_run(load, COUNT_NS, &result, NULL);
    kill(tracer, SIGINT); /* it lets go, and writes */
    waitpid(tracer, NULL, 0);
    uint64_t total = is_run ? parse_total(path) : 0;
    if (total == 0)
        return false;
    *ret_call_count = (double)total / (double)result.request_count;
    return true;
}
