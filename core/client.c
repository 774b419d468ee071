/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/client.c: takes commands, one download at a time, and hands events to
 * the part of the download that they concern.
 */
#include "core/download.h"

#include <string.h>

void
client_config_init(ClientConfig *config)
{
    *config = (ClientConfig){
        .queue_count_max = 64,
        .cdn_connections = 2,
        .cdn_retry_count = 5,
        .cdn_retry_ns = NS_PER_S,
        .slow_bps = 8000000,
        .slow_window_ns = 5 * NS_PER_S,
        .node_count = 20,
        .edge_connections = 4,
        .edge_probe_count = 20,
        .enough_ppm = 1300000,
        .connect_timeout_ns = 3 * NS_PER_S,
        .stall_ns = 15 * NS_PER_S,
        .retry_after_ns = 10 * NS_PER_S,
        .retry_count = 2,
        .converge_interval_ns = 5 * NS_PER_S,
        .block_ns = 3 * NS_PER_S,
        .block_bytes_min = 131072,
        .block_bytes_max = 16777216,
        .window_ns = {30 * NS_PER_S},
        .window_count = 1,
    };
}

static void
check_config(const ClientConfig *config)
{
    int64_t slow_seconds = config->slow_window_ns / NS_PER_S;
    assert(config->cdn_connections >= 1);
    assert(config->cdn_connections <= CLIENT_CDN_MAX);
    assert(config->edge_connections <= CLIENT_EDGE_MAX);
    assert(config->edge_probe_count <= DOWNLOAD_PROBE_MAX);
    assert(config->node_count >= 1);
    assert(config->node_count <= WIRE_NODE_COUNT_MAX);
    assert(config->window_count <= CLIENT_WINDOW_MAX);
    assert(slow_seconds >= 1 && slow_seconds <= SPEED_SECONDS_MAX);
    assert(config->block_bytes_min >= PLAIN_ALIGN_BYTES);
    assert(config->block_bytes_min <= config->block_bytes_max);
}

Client *
client_new(const ClientConfig *config, const uint8_t seed[32])
{
    (void)seed; /* a client leaves nothing to chance */
    check_config(config);
    Client *client = g_new0(Client, 1);
    client->config = config;
    return client;
}

void
client_free(Client *client)
{
    if (client->download)
        download_free(client->download);
    if (client->sealer)
        sealer_free(client->sealer);
    for (uint32_t i = 0; i < client->queue_count; i++)
        command_clear(&client->queue[i]);
    g_free(client->queue);
    g_free(client->history);
    g_free(client);
}

static void
fetch(Client *client, const Command *command, int64_t now_ns, Turn *turn)
{
    if (!client->download) {
        Command copy = command_copy(command);
        download_start(client, &copy, now_ns, turn);
        return;
    }
    if (client->queue_count == client->config->queue_count_max) {
        turn_note(turn, NOTE_DOWNLOAD_FAILED, command->tag, 0);
        return;
    }
    client->queue = g_renew(Command, client->queue, client->queue_count + 1);
    client->queue[client->queue_count++] = command_copy(command);
}

/* The next download of the queue, when there is room for one. */
static void
fetch_next(Client *client, int64_t now_ns, Turn *turn)
{
    Command next = client->queue[0];
    client->queue_count--;
    memmove(&client->queue[0], &client->queue[1],
            client->queue_count * sizeof(Command));
    download_start(client, &next, now_ns, turn);
}

static void
connected(Client *client, const Event *event, Turn *turn)
{
    Inquiry *inquiry = inquiry_find(client->download, event->stream);
    if (inquiry)
        inquiry_connected(client, inquiry, turn);
    else
        source_connected(client,
                         download_find_source(client->download, event->stream),
                         event->now_ns, turn);
}

static void
receive(Client *client, const Event *event, Turn *turn)
{
    Inquiry *inquiry = inquiry_find(client->download, event->stream);
    if (inquiry)
        inquiry_receive(client, inquiry, event, turn);
    else
        source_receive(client,
                       download_find_source(client->download, event->stream),
                       event, turn);
}

static void
closed(Client *client, const Event *event, Turn *turn)
{
    Inquiry *inquiry = inquiry_find(client->download, event->stream);
    if (inquiry)
        inquiry_lose(client, inquiry, event->now_ns, turn);
    else
        source_lose(client,
                    download_find_source(client->download, event->stream),
                    event->now_ns, event->closed.reason, turn);
}

static void
take_event(Client *client, const Event *event, Turn *turn)
{
    switch (event->kind) {
    case EVENT_START:
        client->place = *event->place;
        break;
    case EVENT_COMMAND:
        if (event->command->kind == COMMAND_FETCH)
            fetch(client, event->command, event->now_ns, turn);
        break;
    case EVENT_CONNECTED:
        connected(client, event, turn);
        break;
    case EVENT_RECEIVED:
        receive(client, event, turn);
        break;
    case EVENT_CLOSED:
        closed(client, event, turn);
        break;
    case EVENT_ACCEPTED: /* nobody calls a client */
        turn_close(turn, event->stream, CLOSE_REFUSED);
        break;
    case EVENT_WAKE:
    case EVENT_ENDED:   /* of streams that peers open */
    case EVENT_DRAINED: /* requests are small */
    case EVENT_FORWARDED:
    case EVENT_READ:
    case EVENT_STORED:
    case EVENT_RESTORED:
    case EVENT_STOP:
        break;
    }
}

void
client_turn(Client *client, const Event *event, Turn *turn)
{
    take_event(client, event, turn);
    while (client->download || client->queue_count > 0) {
        if (!client->download)
            fetch_next(client, event->now_ns, turn);
        download_look_at_time(client, event->now_ns, turn);
        if (client->download)
            return;
    }
}
