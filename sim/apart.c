/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/apart.c: the report's process, which may be ended at any time.
 *
 * A report may take minutes, in statistics or in gnuplot, and nothing of it
 * is lost that cannot be made again. So no part of it has to look for signals:
 * it runs where they are deadly, and this process outlives it.
 */
#include "sim/run.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/directory.h"
#include "sim/member.h"
#include "sim/stop.h"

#define EXIT_FAILED 1
#define POLL_NS 100000000

/* What a picture half drawn shows, no page ever tells; all are drawn again
 * by the next report. */
static void
give_up_report(RunOutcome *outcome, int signal)
{
    g_autofree char *plots = g_build_filename(outcome->partial, "plots", NULL);
    directory_remove(plots, NULL);
    g_autoptr(GString) members = g_string_new(NULL);
    member_add_text(members, "signal", stop_name(signal));
    log_tell(&outcome->log, LOG_WARNING, members,
             "%s: the report is not drawn; 'byway report %s' draws it",
             stop_name(signal), outcome->directory);
}

/* The child's status; *ret_signal is what came meanwhile, or 0. */
static int
await_child(pid_t process, int *ret_signal)
{
    int status;
    int signal = 0;
    while (waitpid(process, &status, WNOHANG) == 0) {
        int one = stop_wait(POLL_NS);
        if (one)
            kill(process, SIGKILL);
        signal = one ? one : signal;
    }
    /* A terminal sends it to both of us; the child may have been faster. */
    *ret_signal = signal ? signal : stop_wait(0);
    return status;
}

int
run_apart(RunOutcome *outcome, int (*work)(RunOutcome *))
{
    fflush(NULL);
    stop_hold();
    pid_t process = fork();
    if (process < 0)
        return work(outcome);
    if (process == 0) {
        stop_release();
        int exit_code = work(outcome);
        fflush(NULL);
        _exit(exit_code);
    }
    int signal = 0;
    int status = await_child(process, &signal);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (signal) {
        give_up_report(outcome, signal);
        return 128 + signal;
    }
    log_tell(&outcome->log, LOG_ERROR, NULL,
             "the report ended by signal %d (%s)", WTERMSIG(status),
             strsignal(WTERMSIG(status)));
    return EXIT_FAILED;
}
