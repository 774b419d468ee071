/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/download_source.c: the life of one stream to the CDN or to an edge.
 *
 *     waiting -> connecting -> idle -> asked -> answered -> idle ...
 *
 * Whatever ends it, the undelivered part of its request is missing again. A
 * CDN source then waits and connects again, a bounded number of times in a
 * row; an edge's slot becomes free.
 */
#include "core/download.h"
#include "core/edge.h"

#define BACK_OFF_DOUBLINGS_MAX 6u

bool
source_is_connected(const Source *source)
{
    return source->kind != SOURCE_NONE && source->state >= SOURCE_IDLE;
}

bool
source_is_busy(const Source *source)
{
    return source->kind != SOURCE_NONE && source->state >= SOURCE_ASKED;
}

void
source_connect(Client *client, Source *source, int64_t now_ns, Turn *turn)
{
    assert(source->state == SOURCE_WAITING);
    if (source->kind == SOURCE_EDGE) {
        Candidate *candidate = &client->download->candidates[source->candidate];
        candidate->state = CANDIDATE_IN_USE;
        turn_introduce(turn, candidate->peer, &candidate->address);
        source->is_rejoining = candidate->connect_ns > 0;
        if (!source->is_rejoining)
            turn_note(turn, NOTE_EDGE_TRIED, candidate->peer, 0);
    }
    source->stream = turn_connect(turn, source->peer, TRANSPORT_TCP);
    source->state = SOURCE_CONNECTING;
    source->since_ns = now_ns;
    source->expect_bytes = 1;
    http_reader_init(&source->reader, HTTP_RESPONSES);
}

static void
say_hello(const Client *client, Source *source, Turn *turn)
{
    char target[64];
    int target_bytes =
        g_snprintf(target, sizeof target, "%s?group=%u", EDGE_PATH_HELLO,
                   client->place.region * 65536u + client->place.isp);
    HttpHead head = {
        .method = HTTP_GET,
        .target = target,
        .target_bytes = (uint32_t)target_bytes,
    };
    http_send_request(turn, source->stream, &head, NULL);
    source->is_greeting = true;
}

void
source_connected(Client *client, Source *source, int64_t now_ns, Turn *turn)
{
    Download *download = client->download;
    int64_t took_ns = now_ns - source->since_ns;
    assert(source->state == SOURCE_CONNECTING);
    source->state = SOURCE_IDLE;
    source->since_ns = now_ns;
    source->connected_ns = now_ns;
    if (source->kind == SOURCE_CDN) {
        turn_note(turn, NOTE_CDN_CONNECTED, download->command.tag,
                  (uint64_t)took_ns);
        return;
    }
    turn_note(turn,
              source->is_rejoining ? NOTE_EDGE_REJOINED : NOTE_EDGE_CONNECTED,
              source->peer, (uint64_t)took_ns);
    download->candidates[source->candidate].connect_ns = took_ns;
    /* All were asked at once, so who comes first is the best. */
    if (edges_in_use(download) > client->config->edge_connections ||
        download_is_fast_enough(client))
        source_release(client, source, now_ns, CANDIDATE_SPARE, turn);
    else
        say_hello(client, source, turn);
}

/* Take the end of a request into account, complete or not. */
static void
close_request(Client *client, Source *source, Turn *turn)
{
    Download *download = client->download;
    if (!source_is_busy(source))
        return;
    ranges_put(&download->missing, &source->wanted);
    if (source->done_bytes > 0) {
        bool is_cdn = source->kind == SOURCE_CDN;
        turn_note(turn, is_cdn ? NOTE_CDN_BYTES : NOTE_EDGE_BYTES,
                  is_cdn ? download->command.tag : source->peer,
                  source->done_bytes);
    }
    source->slice_fill_bytes = 0;
    source->state = SOURCE_IDLE;
}

static void
clear_stream(Source *source)
{
    http_reader_clear(&source->reader);
    g_free(source->slice);
    source->slice = NULL;
    source->stream = STREAM_NONE;
    source->is_greeting = false;
    source->is_last = false;
    source->state = SOURCE_WAITING;
}

static void
lose_cdn(Client *client, Source *source, int64_t now_ns, CloseReason reason,
         Turn *turn)
{
    const ClientConfig *config = client->config;
    turn_note(turn, NOTE_CDN_REFUSED, client->download->command.tag, reason);
    uint32_t doublings = MIN(source->failure_count, BACK_OFF_DOUBLINGS_MAX);
    source->retry_ns = now_ns + (config->cdn_retry_ns << doublings);
    source->failure_count++;
    if (source->failure_count > config->cdn_retry_count)
        source->kind = SOURCE_NONE;
}

void
source_lose(Client *client, Source *source, int64_t now_ns, CloseReason reason,
            Turn *turn)
{
    bool is_refused =
        source->state == SOURCE_CONNECTING && !source->is_rejoining;
    close_request(client, source, turn);
    clear_stream(source);
    if (source->kind == SOURCE_CDN) {
        lose_cdn(client, source, now_ns, reason, turn);
        return;
    }
    turn_note(turn, is_refused ? NOTE_EDGE_REFUSED : NOTE_EDGE_LOST,
              source->peer, reason);
    client->download->candidates[source->candidate].state = CANDIDATE_FAILED;
    edges_remember(client, source->peer, 0);
    source->kind = SOURCE_NONE;
}

void
source_fail(Client *client, Source *source, int64_t now_ns, CloseReason reason,
            Turn *turn)
{
    turn_close(turn, source->stream, reason);
    source_lose(client, source, now_ns, reason, turn);
}

void
source_release(Client *client, Source *source, int64_t now_ns,
               CandidateState state, Turn *turn)
{
    bool is_quiet = source->state == SOURCE_IDLE && !source->is_greeting;
    turn_close(turn, source->stream, is_quiet ? CLOSE_DONE : CLOSE_RESET);
    close_request(client, source, turn);
    clear_stream(source);
    if (source->kind == SOURCE_CDN) {
        source->retry_ns = now_ns + client->config->cdn_retry_ns;
        return;
    }
    client->download->candidates[source->candidate].state = state;
    if (source->rate_bps > 0)
        edges_remember(client, source->peer, source->rate_bps);
    source->kind = SOURCE_NONE;
}

int64_t
source_deadline_ns(const Client *client, const Source *source)
{
    const ClientConfig *config = client->config;
    if (source->kind == SOURCE_NONE)
        return TIME_NEVER;
    switch (source->state) {
    case SOURCE_WAITING:
        return source->retry_ns;
    case SOURCE_CONNECTING:
        return source->since_ns + (source->kind == SOURCE_CDN
                                       ? config->stall_ns
                                       : config->connect_timeout_ns);
    case SOURCE_ASKED:
    case SOURCE_ANSWERED:
        return source->progress_ns + config->stall_ns;
    case SOURCE_IDLE:
        break;
    }
    return TIME_NEVER;
}

void
source_time_out(Client *client, Source *source, int64_t now_ns, Turn *turn)
{
    if (source->state != SOURCE_WAITING) {
        source_fail(client, source, now_ns, CLOSE_TIMED_OUT, turn);
        return;
    }
    assert(source->kind == SOURCE_CDN);
    if (client->download->missing.total_bytes > 0)
        source_connect(client, source, now_ns, turn);
    else
        source->retry_ns = now_ns + client->config->cdn_retry_ns;
}

/* Is this the head of the answer we asked for? */
static bool
is_answer(const Download *download, const Source *source, const HttpHead *head)
{
    uint64_t size_bytes = range_size_bytes(&source->asked);
    if (head->body_bytes != size_bytes)
        return false;
    if (head->status == 200)
        return size_bytes == download->command.file_bytes;
    return head->status == 206 && head->has_range &&
           head->range.offset_bytes == source->asked.start_bytes &&
           head->range.size_bytes == size_bytes &&
           head->range.total_bytes == download->command.file_bytes;
}

/* False: the source is of no use any more. */
static bool
take_head(const Client *client, Source *source, const HttpHead *head)
{
    if (source->is_greeting)
        return head->status == 204;
    if (source->state != SOURCE_ASKED ||
        !is_answer(client->download, source, head))
        return false;
    source->state = SOURCE_ANSWERED;
    source->is_last = head->is_last;
    return true;
}

static uint64_t
finished_rate_bps(const Source *source, int64_t now_ns)
{
    int64_t took_us = (now_ns - source->since_ns) / NS_PER_US;
    uint64_t rate_bps =
        source->done_bytes * 8 * 1000000 / (uint64_t)MAX(1, took_us);
    return source->rate_bps ? (source->rate_bps + rate_bps) / 2 : rate_bps;
}

/* A message is complete. False: the source is gone. */
static bool
take_end(Client *client, Source *source, int64_t now_ns, Turn *turn)
{
    if (source->is_greeting) {
        source->is_greeting = false;
        return true;
    }
    source->rate_bps = finished_rate_bps(source, now_ns);
    close_request(client, source, turn);
    source->since_ns = now_ns;
    if (!source->is_last && !source->is_retiring)
        return true;
    source_release(client, source, now_ns, CANDIDATE_RETIRED, turn);
    source->retry_ns = now_ns; /* a CDN that ends streams has more of them */
    return false;
}

/* Wake for blocks, not for packets; sooner on a slow stream, so that it does
 * not look silent. */
static void
expect_body(Source *source, Turn *turn)
{
    uint64_t expect_bytes = 1;
    if (source->state == SOURCE_ANSWERED) {
        uint64_t left_bytes = source->asked.end_bytes - source->next_bytes;
        uint64_t block_bytes = source->rate_bps > 2000000 ? 32768 : 16384;
        expect_bytes = MIN(left_bytes, block_bytes);
    }
    if (expect_bytes != source->expect_bytes)
        turn_expect(turn, source->stream, expect_bytes);
    source->expect_bytes = expect_bytes;
}

void
source_receive(Client *client, Source *source, const Event *event, Turn *turn)
{
    HttpInput input = http_input(event);
    HttpPiece piece;
    source->progress_ns = event->now_ns;
    for (;;) {
        HttpStep step = http_reader_next(&source->reader, &input, &piece);
        bool is_good = step != HTTP_BAD;
        if (step == HTTP_MORE)
            break;
        if (step == HTTP_HEAD)
            is_good = take_head(client, source, &piece.head);
        if (step == HTTP_BODY)
            is_good = source_take_body(client, source, &piece, turn);
        if (!is_good) {
            turn_note(turn, NOTE_ANSWER_BAD, source->peer,
                      step == HTTP_HEAD ? piece.head.status : 0);
            source_fail(client, source, event->now_ns, CLOSE_PROTOCOL, turn);
            return;
        }
        if (step == HTTP_END && !take_end(client, source, event->now_ns, turn))
            return;
    }
    expect_body(source, turn);
}
