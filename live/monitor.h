/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/monitor.h: what operators see of a role, and who asks too much.
 *
 * It is told all that a host's sink hears, and has an access log and an
 * address for operators if the configuration wants them.
 */
#pragma once

#include "live/access_log.h"
#include "live/admin.h"
#include "live/config.h"
#include "live/host.h"
#include "live/metrics.h"
#include "live/quota.h"

typedef struct Monitor {
    const Host *host;
    const Listener *listeners;
    uint32_t listener_count;
    const char *role;
    Metrics metrics;
    Visits visits;
    Quota quota;
    AccessLog *log; /* NULL: none */
    Admin admin;
    bool is_draining; /* the owner says so */
} Monitor;

/* What is lent may not have been filled in yet. */
void monitor_init(Monitor *monitor, const Host *host,
                  const Listener *listeners);
/* Does anybody look? To watch costs a request some 0.7 us. */
bool monitor_is_wanted(const LiveConfig *config);
/* Open what the configuration wants; to be followed by monitor_close, also on
 * failure. */
bool monitor_open(Monitor *monitor, const LiveConfig *config, Loop *loop,
                  GError **error);
/* After the host is gone. */
void monitor_close(Monitor *monitor, Loop *loop);
/* The access log has been moved away: begin a new one. */
void monitor_reopen(Monitor *monitor, const LiveConfig *config);

/* Another configuration holds: its access log, its limit of requests. */
void monitor_take_config(Monitor *monitor, const LiveConfig *config,
                         Loop *loop);
/* As listener_yield, for operators. */
void monitor_yield(Monitor *monitor);

/* As the functions of HostSink. */
void monitor_note(Monitor *monitor, const Effect *effect);
void monitor_watch(Monitor *monitor, const Event *event, const Turn *turn);
void monitor_passed(Monitor *monitor, StreamId stream, uint64_t size_bytes);
void monitor_refused(Monitor *monitor, const uint8_t ip[16], uint16_t status);
bool monitor_admits(Monitor *monitor, StreamId stream);
