/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/client_code.c: a client's state, with its download, in bytes.
 *
 * The sealer is not written: it follows the plan of a download that has its
 * key, and nothing else uses it before the next key comes.
 */
#include "core/download.h"
#include "core/event_code.h"

#define SOURCE_KIND_COUNT (SOURCE_EDGE + 1)
#define SOURCE_STATE_COUNT (SOURCE_ANSWERED + 1)
#define CANDIDATE_STATE_COUNT (CANDIDATE_RETIRED + 1)
#define COMMAND_BYTES_MIN 98u

CODER_KNOWS(Client, 0, {0}, 0, 0, 0, 0, 0, 0);
CODER_KNOWS(Download, {0}, 0, 0, 0, 0, 0, {0}, {0}, {0}, {{0}, 0}, {{0}}, 0,
            {{0}}, 0, 0, 0, 0, {0}, {0}, {0}, 0);
CODER_KNOWS(Source, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0}, {0}, 0, 0, 0,
            0, {0}, 0, 0);
CODER_KNOWS(Candidate, 0, {{0}, 0}, 0, 0, 0);
CODER_KNOWS(EdgeHistory, 0, 0);
CODER_KNOWS(Inquiry, 0, 0, 0, 0, 0, {0});
CODER_KNOWS(Speed, {0}, 0);

static void
code_queue(Client *client, Coder *coder)
{
    uint32_t count = client->queue_count;
    coder_bounded(coder, &count, client->config->queue_count_max);
    if (coder->is_reading) {
        if (!coder_has(coder, (uint64_t)count * COMMAND_BYTES_MIN))
            return;
        client->queue = g_new0(Command, count);
        client->queue_count = count;
    }
    for (uint32_t i = 0; i < count; i++)
        command_code(&client->queue[i], coder);
}

static void
code_history(Client *client, Coder *coder)
{
    coder_u32(coder, &client->history_count);
    uint32_t count = MIN(client->history_count, HISTORY_COUNT);
    if (coder->is_reading && count > 0)
        client->history = g_new0(EdgeHistory, HISTORY_COUNT);
    for (uint32_t i = 0; i < count; i++) {
        coder_u32(coder, &client->history[i].peer);
        coder_u64(coder, &client->history[i].rate_bps);
    }
}

/* Of the ring, what has been written yet. */
static void
code_speed(Speed *speed, Coder *coder)
{
    coder_u32(coder, &speed->tick_count);
    uint32_t last = MIN(speed->tick_count, SPEED_SECONDS_MAX);
    for (uint32_t i = 0; i <= last; i++)
        coder_u64(coder, &speed->totals_bytes[i]);
}

/* A buffer that holds nothing is made again when it is needed. */
static void
code_slice(Source *source, uint32_t slice_bytes, Coder *coder)
{
    assert(coder->is_reading || source->slice_fill_bytes < slice_bytes);
    coder_bounded(coder, &source->slice_fill_bytes, slice_bytes - 1);
    if (source->slice_fill_bytes == 0)
        return;
    if (coder->is_reading)
        source->slice = g_malloc0(slice_bytes);
    coder_bytes(coder, source->slice, source->slice_fill_bytes);
}

static void
code_source(Source *source, const Download *download, Coder *coder)
{
    source->kind =
        (SourceKind)coder_choice(coder, source->kind, SOURCE_KIND_COUNT);
    if (source->kind == SOURCE_NONE)
        return;
    source->state =
        (SourceState)coder_choice(coder, source->state, SOURCE_STATE_COUNT);
    coder_u32(coder, &source->stream);
    coder_u32(coder, &source->peer);
    coder_u32(coder, &source->candidate);
    coder->is_bad |= source->kind == SOURCE_EDGE &&
                     source->candidate >= download->candidate_count;
    coder_u32(coder, &source->failure_count);
    coder_flag(coder, &source->is_rejoining);
    coder_flag(coder, &source->is_retiring);
    coder_flag(coder, &source->is_greeting);
    coder_flag(coder, &source->is_last);
    coder_i64(coder, &source->since_ns);
    coder_i64(coder, &source->connected_ns);
    coder_i64(coder, &source->progress_ns);
    coder_i64(coder, &source->retry_ns);
    range_code(&source->wanted, coder);
    range_code(&source->asked, coder);
    coder_u64(coder, &source->next_bytes);
    coder_u64(coder, &source->done_bytes);
    coder_u64(coder, &source->rate_bps);
    coder_u64(coder, &source->expect_bytes);
    http_reader_code(&source->reader, coder);
    code_slice(source, download->plan.slice_bytes, coder);
}

static void
code_sources(Download *download, Coder *coder)
{
    coder_bounded(coder, &download->source_count, DOWNLOAD_SOURCE_MAX);
    for (uint32_t i = 0; i < download->source_count; i++) {
        Source *source = &download->sources[i];
        if (coder->is_reading)
            http_reader_init(&source->reader, HTTP_RESPONSES);
        code_source(source, download, coder);
    }
}

static void
code_candidates(Download *download, Coder *coder)
{
    coder_bounded(coder, &download->candidate_count, DOWNLOAD_CANDIDATE_MAX);
    for (uint32_t i = 0; i < download->candidate_count; i++) {
        Candidate *candidate = &download->candidates[i];
        coder_u32(coder, &candidate->peer);
        address_code(&candidate->address, coder);
        candidate->state = (CandidateState)coder_choice(coder, candidate->state,
                                                        CANDIDATE_STATE_COUNT);
        coder_u32(coder, &candidate->rank);
        coder_i64(coder, &candidate->connect_ns);
    }
}

static void
code_inquiry(Inquiry *inquiry, Coder *coder)
{
    if (coder->is_reading)
        http_reader_init(&inquiry->reader, HTTP_RESPONSES);
    coder_u32(coder, &inquiry->stream);
    coder_i64(coder, &inquiry->since_ns);
    coder_i64(coder, &inquiry->retry_ns);
    coder_u32(coder, &inquiry->asked_count);
    coder_u16(coder, &inquiry->status);
    http_reader_code(&inquiry->reader, coder);
}

/* A plan without a key is of no use, whatever a refused grant left in it. */
static void
code_plan(Download *download, Coder *coder)
{
    coder_flag(coder, &download->has_key);
    if (download->has_key)
        slice_plan_code(&download->plan, coder);
    else if (coder->is_reading)
        download->plan.slice_bytes = PLAIN_ALIGN_BYTES;
    if (!slice_bytes_is_valid(download->plan.slice_bytes)) {
        coder->is_bad = true;
        download->plan.slice_bytes = PLAIN_ALIGN_BYTES;
    }
}

static void
code_totals(uint64_t totals_bytes[SOURCE_EDGE + 1], Coder *coder)
{
    for (SourceKind kind = SOURCE_CDN; kind <= SOURCE_EDGE; kind++)
        coder_u64(coder, &totals_bytes[kind]);
}

static void
code_download(Download *download, Coder *coder)
{
    command_code(&download->command, coder);
    coder_u64(coder, &download->goal_bytes);
    coder_i64(coder, &download->start_ns);
    coder_i64(coder, &download->tick_ns);
    coder_i64(coder, &download->trigger_ns);
    coder_u32(coder, &download->windows_done);
    ranges_code(&download->missing, coder);
    code_totals(download->done_bytes, coder);
    code_totals(download->trigger_bytes, coder);
    code_speed(&download->speed, coder);
    code_plan(download, coder);
    code_candidates(download, coder);
    code_sources(download, coder);
    coder_i64(coder, &download->converge_ns);
    coder_i64(coder, &download->list_ns);
    coder_u32(coder, &download->takeover_count);
    code_inquiry(&download->nodes, coder);
    code_inquiry(&download->key, coder);
}

/* Make ready to open slices again. */
static void
derive_sealer(Client *client, Coder *coder)
{
    const Download *download = client->download;
    if (coder->is_bad || !download->has_key || download->plan.alg == ALG_PLAIN)
        return;
    client->sealer = sealer_new();
    coder->is_bad |= !sealer_use(client->sealer, &download->plan);
}

void
client_code(Client *client, Coder *coder)
{
    bool has_download = client->download != NULL;
    place_code(&client->place, coder);
    code_queue(client, coder);
    code_history(client, coder);
    coder_flag(coder, &has_download);
    if (!has_download)
        return;
    if (coder->is_reading)
        client->download = g_new0(Download, 1);
    code_download(client->download, coder);
    if (coder->is_reading)
        derive_sealer(client, coder);
}
