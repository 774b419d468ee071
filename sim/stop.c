/* SPDX-License-Identifier: GPL-3.0-or-later
 * sim/stop.c: signals as something to ask for, not to be interrupted by.
 */
#include "sim/stop.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "core/event.h"

#define ECHO_US 50000

static sigset_t
held_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    return set;
}

void
stop_hold(void)
{
    sigset_t set = held_signals();
    sigprocmask(SIG_BLOCK, &set, NULL);
}

bool
stop_is_pending(void)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM);
}

int
stop_wait(int64_t wait_ns)
{
    sigset_t set = held_signals();
    struct timespec wait = {wait_ns / NS_PER_S, wait_ns % NS_PER_S};
    int signal = sigtimedwait(&set, NULL, &wait);
    return signal == SIGINT || signal == SIGTERM ? signal : 0;
}

void
stop_forget_echo(void)
{
    sigset_t set = held_signals();
    const struct timespec none = {0, 0};
    usleep(ECHO_US);
    while (sigtimedwait(&set, NULL, &none) > 0)
        continue;
}

void
stop_release(void)
{
    sigset_t set = held_signals();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

const char *
stop_name(int signal)
{
    return signal == SIGINT ? "SIGINT" : "SIGTERM";
}
