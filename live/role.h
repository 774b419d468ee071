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
#include "live/turns.h"

/* What a listener hands on. */
typedef struct LiveDoor {
    Host *host;
    TlsContext *tls;
} LiveDoor;

typedef struct LiveRole {
    const LiveConfig *started; /* the node has it for life */
    const LiveConfig *config;  /* what may change is taken from here */
    LiveConfig *reread;        /* owned: the same, once it has been taken */
    Address source;            /* where its own streams come from */
    Loop loop;
    Host host;
    Files *files; /* NULL: it serves none */
    Keeper keeper;
    Turns turns;
    Monitor monitor;
    Trust trust;
    Listener listeners[LIVE_LISTEN_MAX];
    LiveDoor doors[LIVE_LISTEN_MAX];
    uint32_t listener_count;
} LiveRole;

/* The config is lent. Nothing is left open on failure. */
bool role_start(LiveRole *role, const LiveConfig *config, GError **error);
/* Let new connections go to other processes that listen there. */
void role_yield_door(LiveRole *role);
/* Take those that have knocked, and nobody any more. */
void role_close_door(LiveRole *role);
/* Read certificates, the served directory and the catalogue again. */
bool role_read_files(LiveRole *role, GError **error);
/* Take over another configuration of this role: what can change, changes. */
void role_take_config(LiveRole *role, LiveConfig *config);
/* False when what was to be kept could not be. */
bool role_stop(LiveRole *role);
