/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/keeper.h: between a host and its store.
 *
 * What the turns of one iteration of the loop want kept is one commit at its
 * end, and then answered. When that fails the loop is stopped: nothing was
 * acknowledged, and nothing will be.
 */
#pragma once

#include "live/config.h"
#include "live/host.h"
#include "live/store.h"

typedef struct Keeper {
    Store *store; /* NULL: nothing is kept */
    Loop *loop;
    Host *host; /* to answer to; NULL: it is gone */
    Job commit;
    GArray *tags; /* uint32_t */
    bool has_failed;
} Keeper;

/* Without a state file there is nothing to keep records in. */
bool keeper_open(Keeper *keeper, const LiveConfig *config, Loop *loop,
                 GError **error);
/* Bring a host that has just started its master keys and its records. */
bool keeper_restore(Keeper *keeper, Host *host, const LiveConfig *config,
                    GError **error);
/* Bring a host those with higher numbers than it knows. */
void keeper_tell_master_keys(Host *host, const LiveConfig *config,
                             uint32_t known_number);
/* The host's sink.store, with the keeper as its context. */
void keeper_put(Keeper *keeper, uint32_t tag, const Record *record);
/* Keep what the host said at its end, which is behind it; false if ever
 * anything could not be kept, and that was said on stderr. */
bool keeper_close(Keeper *keeper);
