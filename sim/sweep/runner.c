/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/sweep/runner.c: spawns a run, and tells how it ended.
 *
 * A run is in a process group of its own: Ctrl-C reaches the sweep alone,
 * which then ends whole runs.
 */
#include "sim/sweep/runner.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/ranks.h"
#include "sim/stop.h"

#define EXIT_UNSPAWNED 127

/* Between fork and exec: nothing but system calls. */
static void
become(char *const *arguments, char *const *environment, int told, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_UNSPAWNED);
    setpgid(0, 0);
    stop_release();
    dup2(told, STDOUT_FILENO);
    dup2(told, STDERR_FILENO);
    /* The same program, even if its file has been replaced since. */
    execve("/proc/self/exe", arguments, environment);
    _exit(EXIT_UNSPAWNED);
}

bool
runner_start(Runner *runner, const RunOrder *order, GError **error)
{
    g_autofree char *replication = g_strdup_printf(
        "general.replication=%" G_GUINT64_FORMAT, order->replication);
    const char *const arguments[] = {"byway",
                                     "run",
                                     order->scenario,
                                     "-o",
                                     order->directory,
                                     "--set",
                                     replication,
                                     "-j",
                                     "1",
                                     "-p",
                                     "1",
                                     "--no-plots",
                                     "--quiet",
                                     "--progress",
                                     "never",
                                     "-f",
                                     NULL};
    /* This process may be one of several ranks; the run is none. */
    g_auto(GStrv) environment = ranks_new_environment();
    int told = memfd_create("told", MFD_CLOEXEC);
    pid_t parent = getpid();
    pid_t process = told < 0 ? -1 : fork();
    if (process < 0) {
        g_set_error(error, G_FILE_ERROR, (int)g_file_error_from_errno(errno),
                    "no process for %s: %s", order->directory,
                    g_strerror(errno));
        if (told >= 0)
            close(told);
        return false;
    }
    if (process == 0)
        become((char *const *)arguments, environment, told, parent);
    setpgid(process, process); /* whoever of the two comes first */
    *runner = (Runner){.process = process, .run = order->run, .told = told};
    return true;
}

static void
read_told(const Runner *runner, RunEnd *end)
{
    ssize_t bytes = pread(runner->told, end->told, sizeof end->told - 1, 0);
    end->told[MAX(bytes, 0)] = '\0';
    g_strchomp(end->told);
}

bool
runner_poll(Runner *runner, RunEnd *ret_end)
{
    int status;
    if (!runner->process || waitpid(runner->process, &status, WNOHANG) == 0)
        return false;
    *ret_end = (RunEnd){.run = runner->run};
    ret_end->exit_code =
        WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_told(runner, ret_end);
    close(runner->told);
    runner->process = 0;
    return true;
}

void
runner_kill(const Runner *runner)
{
    if (runner->process)
        kill(-runner->process, SIGKILL);
}
