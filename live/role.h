/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/role.h: one configured role, running: its node, sockets and files.
 */
#pragma once

#include "live/config.h"
#include "live/files.h"
#include "live/host.h"
#include "live/keeper.h"
#include "live/listener.h"
#include "live/monitor.h"
#include "live/trust.h"
#include "sim/replay/turn_file.h"

/* What a listener hands on. */
typedef struct LiveDoor {
    Host *host;
    TlsContext *tls;
} LiveDoor;

typedef struct LiveRole {
    const LiveConfig *config;
    Address source; /* where its own streams come from */
    Loop loop;
    Host host;
    Files *files; /* NULL: it serves none */
    Keeper keeper;
    TurnFile *turns; /* NULL: not wanted, or the disk is full */
    Monitor monitor;
    Trust trust;
    Listener listeners[LIVE_LISTEN_MAX];
    LiveDoor doors[LIVE_LISTEN_MAX];
    uint32_t listener_count;
    Timer drain_watch; /* looks whether all is done, or late */
    int64_t drain_ns;  /* when it has to be; TIME_NEVER: not draining */
} LiveRole;

/* The config is lent. Nothing is left open on failure. */
bool role_start(LiveRole *role, const LiveConfig *config, GError **error);
/* Serve until SIGTERM or SIGINT: then accept nobody, finish what is under way
 * for at most drain_timeout_ns. A second signal stops at once. True when
 * nothing was cut off. SIGHUP reads the served directory again. */
bool role_run(LiveRole *role);
/* False when what was to be kept could not be. */
bool role_stop(LiveRole *role);
