/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/turns.c: between a host and the file of its turns.
 */
#include "live/turns.h"

#include <stdio.h>

void
turns_close(Turns *turns)
{
    g_autoptr(GError) error = NULL;
    if (turns->file && !turn_file_close(turns->file, &error))
        fprintf(stderr, "byway: the turn log ends: %s\n", error->message);
    turns->file = NULL;
}

/* Nothing must be lost of what a process did before it was killed, least of
 * all the event that it died of. */
static void
log_event(void *context, const Event *event)
{
    Turns *turns = context;
    if (!turns->file)
        return;
    turn_file_event(turns->file, turns->node, event);
    turn_file_flush(turns->file);
    if (!turn_file_is_good(turns->file))
        turns_close(turns);
}

static void
log_turn(void *context, const Turn *turn)
{
    Turns *turns = context;
    if (turns->file)
        turn_file_turn(turns->file, turn);
}

bool
turns_open(Turns *turns, const LiveConfig *config, const char *verb,
           HostConfig *host, GError **error)
{
    *turns = (Turns){.node = config->id};
    if (!config->turns)
        return true;
    g_autofree char *writer =
        g_strdup_printf("byway %s %s", BYWAY_VERSION, verb);
    turns->file = turn_file_new(config->turns, writer, error);
    if (!turns->file)
        return false;
    LoggedNode node = logged_node(host->role, host->role_config, host->seed);
    node.id = node.number = config->id;
    turn_file_node(turns->file, &node);
    host->sink.log = (HostLog){turns, log_event, log_turn};
    return true;
}
