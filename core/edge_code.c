/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/edge_code.c: an edge's state in bytes.
 *
 * Lines say what is left of it: how many clients there are, which line leads
 * to the manager, and the pool, which is every idle line to the data centre.
 */
#include "core/edge_state.h"
#include "core/event_code.h"
#include "core/turn_code.h"

#define LINE_KIND_COUNT (LINE_SOURCE + 1)
#define LINE_STATE_COUNT (LINE_ANSWERED + 1)

CODER_KNOWS(Edge, 0, {0}, {0}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
CODER_KNOWS(Line, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, {0});
CODER_KNOWS(FileRequest, {{0}}, 0, 0, 0, {0});
CODER_KNOWS(HttpRange, 0, 0, 0);
CODER_KNOWS(ClientStat, 0, 0, 0, 0, 0, 0);

static void
code_request(FileRequest *request, Coder *coder)
{
    coder_bytes(coder, request->file.bytes, sizeof request->file.bytes);
    coder_u64(coder, &request->version);
    coder_flag(coder, &request->is_head_only);
    coder_flag(coder, &request->has_range);
    coder_u64(coder, &request->range.offset_bytes);
    coder_u64(coder, &request->range.size_bytes);
    coder_u64(coder, &request->range.total_bytes);
}

/* Requests that are over have no part in what comes. */
static void
code_client(Line *line, Coder *coder)
{
    coder_u32(coder, &line->group);
    coder_i64(coder, &line->asked_ns);
    coder_flag(coder, &line->has_next);
    if (line->state != LINE_IDLE)
        code_request(&line->requests[0], coder);
    if (line->has_next)
        code_request(&line->requests[1], coder);
}

static void
code_source(Line *line, Coder *coder)
{
    coder_flag(coder, &line->is_reused);
    coder_flag(coder, &line->is_probing);
    coder_u16(coder, &line->status);
    coder_u64(coder, &line->body_bytes);
    coder_u64(coder, &line->left_bytes);
}

static void
code_line(Line *line, Coder *coder)
{
    line->state = (LineState)coder_choice(coder, line->state, LINE_STATE_COUNT);
    coder_i64(coder, &line->since_ns);
    coder_flag(coder, &line->is_last);
    http_reader_code(&line->reader, coder);
    if (line->kind == LINE_MANAGER)
        return;
    coder_u32(coder, &line->partner);
    if (line->kind == LINE_CLIENT)
        code_client(line, coder);
    else
        code_source(line, coder);
}

/* Lines are written by rising numbers of their streams. */
static StreamId
next_line(const Edge *edge, StreamId stream)
{
    while (!edge->lines[stream])
        stream++;
    return stream;
}

/* What the next line begins with; reading opens it. NULL: it cannot be. */
static Line *
begin_line(Edge *edge, StreamId *stream, Coder *coder)
{
    LineKind kind = LINE_MANAGER;
    PeerId peer = PEER_NONE;
    if (!coder->is_reading) {
        *stream = next_line(edge, *stream);
        kind = edge->lines[*stream]->kind;
        peer = edge->lines[*stream]->peer;
    }
    coder_bounded(coder, stream, STREAM_COUNT_MAX);
    kind = (LineKind)coder_choice(coder, kind, LINE_KIND_COUNT);
    coder_u32(coder, &peer);
    if (!coder->is_reading)
        return edge->lines[*stream];
    bool is_taken = *stream < edge->line_count && edge->lines[*stream] != NULL;
    coder->is_bad |= is_taken;
    return coder->is_bad ? NULL : edge_open_line(edge, *stream, kind, peer, 0);
}

static void
code_lines(Edge *edge, Coder *coder)
{
    uint32_t count = 0;
    StreamId stream = 0;
    for (uint32_t i = 0; !coder->is_reading && i < edge->line_count; i++)
        count += edge->lines[i] != NULL;
    coder_u32(coder, &count);
    for (uint32_t i = 0; i < count; i++) {
        Line *line = begin_line(edge, &stream, coder);
        if (!line)
            return;
        code_line(line, coder);
        stream++;
    }
}

/* Lines that serve each other are a client's and one to the source. */
static bool
has_good_partner(const Edge *edge, const Line *line)
{
    if (line->partner == STREAM_NONE)
        return true;
    if (line->partner >= edge->line_count || !edge->lines[line->partner])
        return false;
    LineKind kind = edge->lines[line->partner]->kind;
    return line->kind == LINE_CLIENT ? kind == LINE_SOURCE
                                     : kind == LINE_CLIENT;
}

/* From the last line on, so that each goes to the end of the pool. */
static void
derive_rest(Edge *edge, Coder *coder)
{
    for (StreamId stream = edge->line_count; stream-- > 0;) {
        const Line *line = edge->lines[stream];
        if (!line)
            continue;
        if (line->kind == LINE_SOURCE && line->state == LINE_IDLE)
            edge_put_in_pool(edge, stream);
        if (line->kind == LINE_MANAGER)
            edge->manager = stream;
        coder->is_bad |= !has_good_partner(edge, line);
    }
}

static void
code_stats(Edge *edge, Coder *coder)
{
    coder_bounded(coder, &edge->stat_count, WIRE_STAT_COUNT_MAX);
    if (coder->is_reading && edge->stat_count > 0)
        edge->stats = g_new0(ClientStat, edge->stat_count);
    for (uint32_t i = 0; i < edge->stat_count; i++) {
        ClientStat *stat = &edge->stats[i];
        coder_u16(coder, &stat->region);
        coder_u16(coder, &stat->isp);
        coder_u32(coder, &stat->connect_count);
        coder_u32(coder, &stat->failure_count);
        coder_u64(coder, &stat->sent_bytes);
        coder_u64(coder, &stat->duration_ns);
    }
}

void
edge_code(Edge *edge, Coder *coder)
{
    place_code(&edge->place, coder);
    coder_u64(coder, &edge->dice.count);
    coder_i64(coder, &edge->report_ns);
    coder_i64(coder, &edge->probe_ns);
    coder_flag(coder, &edge->is_draining);
    coder_u64(coder, &edge->capacity_bps);
    coder_u64(coder, &edge->traffic_bytes);
    coder_u64(coder, &edge->delay_ns);
    coder_u64(coder, &edge->bandwidth_bps);
    code_stats(edge, coder);
    code_lines(edge, coder);
    if (coder->is_reading)
        derive_rest(edge, coder);
    /* Last: to open a line may move it. */
    coder_i64(coder, &edge->deadline_ns);
}
