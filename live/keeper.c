/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/keeper.c: between a host and its store.
 */
#include "live/keeper.h"

#include <stdio.h>
#include <string.h>

static void
commit(Keeper *keeper)
{
    g_autoptr(GError) error = NULL;
    g_array_set_size(keeper->tags, 0);
    if (keeper->has_failed)
        return;
    if (!store_commit(keeper->store, keeper->tags, &error)) {
        fprintf(stderr, "byway: %s\n", error->message);
        keeper->has_failed = true;
        loop_stop(keeper->loop);
    }
}

static void
commit_and_answer(void *context)
{
    Keeper *keeper = context;
    commit(keeper);
    for (guint i = 0; i < keeper->tags->len; i++)
        host_stored(keeper->host, g_array_index(keeper->tags, uint32_t, i),
                    true);
}

bool
keeper_open(Keeper *keeper, const LiveConfig *config, Loop *loop,
            GError **error)
{
    memset(keeper, 0, sizeof *keeper);
    if (!config->state)
        return true;
    keeper->store = store_open(config->state, config->role, error);
    if (!keeper->store)
        return false;
    keeper->loop = loop;
    keeper->commit = (Job){.run = commit_and_answer, .context = keeper};
    keeper->tags = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    return true;
}

void
keeper_tell_master_keys(Host *host, const LiveConfig *config,
                        uint32_t known_number)
{
    for (uint32_t i = 0; i < config->master_key_count; i++) {
        const LiveMasterKey *key = &config->master_keys[i];
        if (key->number <= known_number)
            continue;
        Command command = {.kind = COMMAND_ROTATE, .value = key->number};
        memcpy(command.secret, key->bytes, sizeof command.secret);
        host_command(host, &command);
        explicit_bzero(&command, sizeof command);
    }
}

static void
restore_one(void *host, const Record *record)
{
    host_restore(host, record);
}

bool
keeper_restore(Keeper *keeper, Host *host, const LiveConfig *config,
               GError **error)
{
    keeper->host = host;
    keeper_tell_master_keys(host, config, 0);
    return !keeper->store ||
           store_restore(keeper->store, restore_one, host, error);
}

void
keeper_put(Keeper *keeper, uint32_t tag, const Record *record)
{
    store_put(keeper->store, tag, record);
    loop_add_job(keeper->loop, &keeper->commit);
}

bool
keeper_close(Keeper *keeper)
{
    if (!keeper->store)
        return true;
    loop_drop_job(keeper->loop, &keeper->commit);
    commit(keeper);
    store_free(keeper->store);
    g_array_unref(keeper->tags);
    keeper->store = NULL;
    return !keeper->has_failed;
}
