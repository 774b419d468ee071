/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/download.c: a download from its command to its last note: when it is
 * slow, how fast it is in its windows, and when it is over.
 */
#include "core/download.h"

static uint32_t
slow_seconds(const Client *client)
{
    return (uint32_t)(client->config->slow_window_ns / NS_PER_S);
}

uint64_t
download_done_bytes(const Download *download)
{
    return download->done_bytes[SOURCE_CDN] + download->done_bytes[SOURCE_EDGE];
}

static uint64_t
recent_bps(const Client *client)
{
    return speed_bps(&client->download->speed, slow_seconds(client));
}

bool
download_is_slow(const Client *client)
{
    return recent_bps(client) < client->config->slow_bps;
}

bool
download_is_fast_enough(const Client *client)
{
    const ClientConfig *config = client->config;
    return recent_bps(client) >
           config->slow_bps / 1000 * config->enough_ppm / 1000;
}

Source *
download_find_source(Download *download, StreamId stream)
{
    for (uint32_t i = 0; i < download->source_count; i++) {
        Source *source = &download->sources[i];
        if (source->kind != SOURCE_NONE && source->stream == stream)
            return source;
    }
    return NULL;
}

Source *
download_add_source(Download *download, SourceKind kind, PeerId peer)
{
    uint32_t slot = 0;
    while (slot < download->source_count &&
           download->sources[slot].kind != SOURCE_NONE)
        slot++;
    if (slot == DOWNLOAD_SOURCE_MAX)
        return NULL;
    download->source_count = MAX(download->source_count, slot + 1);
    download->sources[slot] = (Source){
        .kind = kind,
        .state = SOURCE_WAITING,
        .stream = STREAM_NONE,
        .peer = peer,
    };
    return &download->sources[slot];
}

static void
take_missing(Download *download)
{
    const Command *command = &download->command;
    Range whole = {0, command->file_bytes};
    ranges_init(&download->missing);
    if (!command->missing)
        ranges_put(&download->missing, &whole);
    for (uint32_t i = 0; i < command->missing_count; i++) {
        assert(command->missing[i].end_bytes <= command->file_bytes);
        ranges_put(&download->missing, &command->missing[i]);
    }
    download->goal_bytes = download->missing.total_bytes;
}

void
download_start(Client *client, const Command *command, int64_t now_ns,
               Turn *turn)
{
    assert(!client->download);
    Download *download = g_new0(Download, 1);
    client->download = download;
    assert(command->version > 0 || command->name);
    download->command = *command;
    download->start_ns = now_ns;
    download->tick_ns = now_ns + NS_PER_S;
    download->trigger_ns = TIME_NEVER;
    download->plan.slice_bytes = PLAIN_ALIGN_BYTES;
    inquiry_init(&download->nodes);
    inquiry_init(&download->key);
    take_missing(download);
    turn_note(turn, NOTE_DOWNLOAD_STARTED, command->tag, command->file_bytes);
    if (download->goal_bytes == 0)
        return;
    for (uint32_t i = 0; i < client->config->cdn_connections; i++) {
        Source *source =
            download_add_source(download, SOURCE_CDN, client->place.source);
        source_connect(client, source, now_ns, turn);
    }
}

void
download_free(Download *download)
{
    for (uint32_t i = 0; i < download->source_count; i++) {
        http_reader_clear(&download->sources[i].reader);
        g_free(download->sources[i].slice);
    }
    inquiry_clear(&download->nodes);
    inquiry_clear(&download->key);
    ranges_clear(&download->missing);
    command_clear(&download->command);
    seal_wipe(&download->plan, sizeof download->plan);
    g_free(download);
}

static uint64_t
rate_bytes(uint64_t size_bytes, int64_t elapsed_ns)
{
    uint64_t elapsed_us = (uint64_t)MAX(1, elapsed_ns / NS_PER_US);
    return size_bytes * 1000000 / elapsed_us;
}

/* Note the rates since the trigger, in bytes a second. */
static void
note_window(Client *client, uint32_t window, int64_t elapsed_ns, Turn *turn)
{
    Download *download = client->download;
    uint32_t tag = download->command.tag;
    uint64_t rates[SOURCE_EDGE + 1];
    for (SourceKind kind = SOURCE_CDN; kind <= SOURCE_EDGE; kind++)
        rates[kind] = rate_bytes(download->done_bytes[kind] -
                                     download->trigger_bytes[kind],
                                 elapsed_ns);
    uint64_t total = rates[SOURCE_CDN] + rates[SOURCE_EDGE];
    download->windows_done |= 1u << window;
    if (window == 0) {
        turn_note(turn, NOTE_DOWNLOAD_MEASURED, tag, total);
        turn_note(turn, NOTE_DOWNLOAD_EDGE_RATE, tag, rates[SOURCE_EDGE]);
        turn_note(turn, NOTE_DOWNLOAD_CDN_RATE, tag, rates[SOURCE_CDN]);
        return;
    }
    turn_note(turn, NOTE_DOWNLOAD_WINDOW, tag,
              (uint64_t)client->config->window_ns[window]);
    turn_note(turn, NOTE_DOWNLOAD_WINDOW_RATE, tag, total);
    turn_note(turn, NOTE_DOWNLOAD_WINDOW_EDGE_RATE, tag, rates[SOURCE_EDGE]);
}

static bool
windows_are_done(const Client *client)
{
    uint32_t all = (1u << client->config->window_count) - 1;
    return client->download->windows_done == all;
}

/* A complete file ends its windows early, over the time it took. Nothing
 * more comes of a failed one, so its windows count in full. */
static void
end_windows(Client *client, int64_t now_ns, bool is_complete, Turn *turn)
{
    const Download *download = client->download;
    if (download->trigger_ns == TIME_NEVER)
        return;
    for (uint32_t i = 0; i < client->config->window_count; i++) {
        int64_t elapsed_ns = client->config->window_ns[i];
        if (is_complete)
            elapsed_ns = now_ns - download->trigger_ns;
        if (!(download->windows_done & 1u << i))
            note_window(client, i, elapsed_ns, turn);
    }
}

static void
look_at_windows(Client *client, int64_t now_ns, Turn *turn)
{
    const Download *download = client->download;
    if (download->trigger_ns == TIME_NEVER)
        return;
    for (uint32_t i = 0; i < client->config->window_count; i++) {
        int64_t window_ns = client->config->window_ns[i];
        int64_t at_ns = download->trigger_ns + window_ns;
        if (download->windows_done & 1u << i)
            continue;
        if (at_ns <= now_ns)
            note_window(client, i, window_ns, turn);
        else
            turn_wake(turn, at_ns);
    }
}

static void
trigger(Client *client, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    download->trigger_ns = now_ns;
    download->list_ns = now_ns;
    download->converge_ns = now_ns + client->config->converge_interval_ns;
    for (SourceKind kind = SOURCE_CDN; kind <= SOURCE_EDGE; kind++)
        download->trigger_bytes[kind] = download->done_bytes[kind];
    turn_note(turn, NOTE_DOWNLOAD_SLOW, download->command.tag,
              recent_bps(client) / 8);
    if (client->config->never_asks)
        return;
    download->nodes.retry_ns = now_ns;
    download->key.retry_ns = now_ns;
}

static void
look_at_speed(Client *client, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    while (download->tick_ns <= now_ns) {
        download->tick_ns += NS_PER_S;
        speed_tick(&download->speed, download_done_bytes(download));
        if (download->trigger_ns == TIME_NEVER &&
            download->speed.tick_count >= slow_seconds(client) &&
            download_is_slow(client))
            trigger(client, now_ns, turn);
    }
    turn_wake(turn, download->tick_ns);
}

static bool
has_cdn(const Download *download)
{
    for (uint32_t i = 0; i < download->source_count; i++)
        if (download->sources[i].kind == SOURCE_CDN)
            return true;
    return false;
}

static void
close_streams(Download *download, Turn *turn)
{
    for (uint32_t i = 0; i < download->source_count; i++) {
        const Source *source = &download->sources[i];
        bool is_quiet = source->state == SOURCE_IDLE && !source->is_greeting;
        if (source->kind != SOURCE_NONE && source->stream != STREAM_NONE)
            turn_close(turn, source->stream,
                       is_quiet ? CLOSE_DONE : CLOSE_RESET);
    }
    if (download->nodes.stream != STREAM_NONE)
        turn_close(turn, download->nodes.stream, CLOSE_RESET);
    if (download->key.stream != STREAM_NONE)
        turn_close(turn, download->key.stream, CLOSE_RESET);
}

static void
note_open_requests(Download *download, Turn *turn)
{
    for (uint32_t i = 0; i < download->source_count; i++) {
        const Source *source = &download->sources[i];
        if (!source_is_busy(source) || source->done_bytes == 0)
            continue;
        if (source->kind == SOURCE_CDN)
            turn_note(turn, NOTE_CDN_BYTES, download->command.tag,
                      source->done_bytes);
        else
            turn_note(turn, NOTE_EDGE_BYTES, source->peer, source->done_bytes);
    }
}

static void
remember_edges(Client *client)
{
    const Download *download = client->download;
    for (uint32_t i = 0; i < download->source_count; i++) {
        const Source *source = &download->sources[i];
        if (source->kind == SOURCE_EDGE && source->rate_bps > 0)
            edges_remember(client, source->peer, source->rate_bps);
    }
}

static void
end(Client *client, NoteKind kind, Turn *turn)
{
    Download *download = client->download;
    note_open_requests(download, turn);
    remember_edges(client);
    close_streams(download, turn);
    turn_note(turn, kind, download->command.tag, download_done_bytes(download));
    download_free(download);
    client->download = NULL;
}

/* True: it has ended. */
static bool
end_if_over(Client *client, int64_t now_ns, Turn *turn)
{
    const Download *download = client->download;
    const ClientConfig *config = client->config;
    bool is_triggered = download->trigger_ns != TIME_NEVER;
    bool is_judged_fast = !is_triggered && config->fast_stop_ns > 0 &&
                          now_ns - download->start_ns >= config->fast_stop_ns;
    if (download_done_bytes(download) == download->goal_bytes) {
        end_windows(client, now_ns, true, turn);
        end(client, NOTE_DOWNLOAD_DONE, turn);
    } else if (is_judged_fast) {
        end(client, NOTE_DOWNLOAD_STOPPED, turn);
    } else if (is_triggered && config->stops_after_window &&
               windows_are_done(client)) {
        end(client, NOTE_DOWNLOAD_STOPPED, turn);
    } else if (!has_cdn(download) && !edges_are_hopeful(client)) {
        end_windows(client, now_ns, false, turn);
        end(client, NOTE_DOWNLOAD_FAILED, turn);
    } else {
        return false;
    }
    return true;
}

void
download_look_at_time(Client *client, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    look_at_speed(client, now_ns, turn);
    look_at_windows(client, now_ns, turn);
    for (uint32_t i = 0; i < download->source_count; i++) {
        Source *source = &download->sources[i];
        if (source_deadline_ns(client, source) <= now_ns)
            source_time_out(client, source, now_ns, turn);
    }
    edges_look_at_time(client, now_ns, turn);
    inquiries_look_at_time(client, now_ns, turn);
    if (end_if_over(client, now_ns, turn))
        return;
    share_missing(client, now_ns, turn);
    for (uint32_t i = 0; i < download->source_count; i++)
        turn_wake(turn, source_deadline_ns(client, &download->sources[i]));
}
