/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/notify.h: between this process and the service manager that runs it.
 *
 * The documented protocols of sd_notify(3) and sd_listen_fds(3), without
 * their library. Without a service manager nothing happens.
 */
#pragma once

#include "live/address.h"
#include "live/loop.h"

typedef struct Watchdog {
    Loop *loop;
    Timer timer;
    int64_t interval_ns; /* 0: nobody watches */
} Watchdog;

/* "READY=1" and the like. */
void notify_tell(const char *state);
/* RELOADING=1, with the time that it wants to go with. */
void notify_reloading(void);

/* Say at half the asked interval that the loop still turns. */
void watchdog_init(Watchdog *watchdog, Loop *loop);
void watchdog_clear(Watchdog *watchdog);

/* A socket that already listens at this address, from LISTEN_FDS; -1: none. */
int notify_inherited(const Address *address);
