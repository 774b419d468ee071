/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/download_share.c: who fetches which missing bytes.
 *
 * An idle source is asked for block_ns worth of what it is known to carry,
 * so that gaps between requests cost little and a loss costs little too.
 * When nothing is missing any more, an idle source may take over the rest of
 * a much slower one's request, after that stream is closed.
 */
#include "core/download.h"

#include <string.h>

#define TAKEOVER_COUNT_MAX 32u
#define TAKEOVER_BYTES_MIN 32768u
#define RATE_AFTER_NS NS_PER_S /* a request shows its rate after this */

uint64_t
source_rate_bps(const Source *source, int64_t now_ns)
{
    int64_t took_ns = now_ns - source->since_ns;
    if (!source_is_busy(source) || took_ns < RATE_AFTER_NS)
        return source->rate_bps;
    uint64_t took_us = (uint64_t)(took_ns / NS_PER_US);
    return source->done_bytes * 8 * 1000000 / took_us;
}

static uint64_t
block_bytes(const Client *client, const Source *source)
{
    const ClientConfig *config = client->config;
    const Download *download = client->download;
    uint64_t wanted_bytes = 4 * (uint64_t)config->block_bytes_min;
    if (source->rate_bps > 0)
        wanted_bytes =
            source->rate_bps / 8000 * (uint64_t)(config->block_ns / NS_PER_MS);
    /* Towards the end, leave some for the others. */
    uint64_t connected_count = 0;
    for (uint32_t i = 0; i < download->source_count; i++)
        connected_count += source_is_connected(&download->sources[i]);
    wanted_bytes = MIN(wanted_bytes, download->missing.total_bytes /
                                         (2 * MAX(1, connected_count)));
    return CLAMP(wanted_bytes, config->block_bytes_min,
                 config->block_bytes_max);
}

static void
send_request(const Download *download, Source *source, Turn *turn)
{
    char path[WIRE_FILE_PATH_BYTES_MAX];
    HttpHead head = {
        .method = HTTP_GET,
        .target = path,
        .has_range = true,
        .range = {.offset_bytes = source->asked.start_bytes,
                  .size_bytes = range_size_bytes(&source->asked)},
    };
    const WebName *name = download->command.name;
    if (source->kind == SOURCE_CDN && name) {
        head.host = name->host;
        head.target = name->path;
        head.target_bytes = (uint32_t)strlen(name->path);
        head.etag = name->etag[0] ? name->etag : NULL;
    } else {
        head.target_bytes = wire_write_file_path(
            &download->command.file, download->command.version, path);
    }
    http_send_request(turn, source->stream, &head, NULL);
}

/* Ask for the first missing block. False: nothing is missing. */
static bool
ask(Client *client, Source *source, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    bool is_edge = source->kind == SOURCE_EDGE;
    uint32_t align_bytes =
        is_edge ? download->plan.slice_bytes : PLAIN_ALIGN_BYTES;
    Range range = ranges_take(&download->missing, block_bytes(client, source),
                              align_bytes);
    if (range_size_bytes(&range) == 0)
        return false;
    source->wanted = range;
    source->asked = range;
    if (is_edge) {
        uint64_t beyond_bytes = range.end_bytes % align_bytes;
        source->asked.start_bytes -= range.start_bytes % align_bytes;
        if (beyond_bytes > 0)
            source->asked.end_bytes += align_bytes - beyond_bytes;
        source->asked.end_bytes =
            MIN(source->asked.end_bytes, download->command.file_bytes);
    }
    source->next_bytes = source->asked.start_bytes;
    source->done_bytes = 0;
    source->slice_fill_bytes = 0;
    source->since_ns = now_ns;
    source->progress_ns = now_ns;
    source->state = SOURCE_ASKED;
    send_request(download, source, turn);
    return true;
}

static uint64_t
left_ms(uint64_t left_bytes, uint64_t rate_bps)
{
    return left_bytes * 8000 / MAX(1, rate_bps);
}

/* Should this source take over what that one has not delivered yet? */
static bool
is_worth_taking(const Source *idle, const Source *busy, int64_t now_ns)
{
    bool is_known =
        busy->rate_bps > 0 || now_ns - busy->since_ns >= 2 * RATE_AFTER_NS;
    uint64_t left_bytes = range_size_bytes(&busy->wanted);
    if (!is_known || left_bytes < TAKEOVER_BYTES_MIN)
        return false;
    uint64_t there_ms = left_ms(left_bytes, source_rate_bps(busy, now_ns));
    uint64_t here_ms = left_ms(left_bytes, idle->rate_bps);
    return there_ms > 2 * here_ms + 1000;
}

static void
take_over(Client *client, const Source *idle, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    if (idle->rate_bps == 0 || download->takeover_count == TAKEOVER_COUNT_MAX)
        return;
    for (uint32_t i = 0; i < download->source_count; i++) {
        Source *busy = &download->sources[i];
        if (!source_is_busy(busy) || !is_worth_taking(idle, busy, now_ns))
            continue;
        download->takeover_count++;
        busy->rate_bps = source_rate_bps(busy, now_ns);
        source_release(client, busy, now_ns, CANDIDATE_RETIRED, turn);
        return;
    }
}

void
share_missing(Client *client, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    for (uint32_t i = 0; i < download->source_count; i++) {
        Source *source = &download->sources[i];
        if (!source_is_connected(source) || source_is_busy(source))
            continue;
        if (source->kind == SOURCE_EDGE &&
            (!download->has_key || source->is_retiring))
            continue;
        if (download->missing.total_bytes == 0)
            take_over(client, source, now_ns, turn);
        ask(client, source, now_ns, turn);
    }
}
