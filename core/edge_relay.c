/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/edge_relay.c: passes range requests on and answers back.
 *
 *     client --request--> edge --the same--> data centre
 *     client <---head---- edge <----head---- data centre
 *     client <=== turn_forward: bytes the edge never sees ===
 *
 * A client line and a source line are partners while a request is under
 * way. What came with the head is passed on by hand; the rest is a standing
 * order.
 */
#include "core/edge_state.h"

#include <assert.h>
#include <string.h>

static ClientStat *
find_stat(Edge *edge, uint32_t group)
{
    if (group == GROUP_UNKNOWN)
        return NULL;
    uint16_t region = (uint16_t)(group >> 16);
    uint16_t isp = (uint16_t)(group & 0xffff);
    for (uint32_t i = 0; i < edge->stat_count; i++)
        if (edge->stats[i].region == region && edge->stats[i].isp == isp)
            return &edge->stats[i];
    if (edge->stat_count == WIRE_STAT_COUNT_MAX)
        return NULL; /* the next report makes room */
    edge->stats = g_renew(ClientStat, edge->stats, edge->stat_count + 1);
    ClientStat *stat = &edge->stats[edge->stat_count++];
    *stat = (ClientStat){.region = region, .isp = isp};
    return stat;
}

/* Is the answer under way the last one of a stream that ends with us? A
 * request that already waits is still answered. */
static bool
is_farewell(const Edge *edge, const Line *client)
{
    return edge->is_draining && client->is_last && !client->has_next;
}

/* Say no to one request; the stream goes on. */
static void
refuse_request(Edge *edge, StreamId stream, uint16_t status, Turn *turn)
{
    Line *client = edge_line(edge, stream);
    HttpHead head = {.status = status, .is_last = is_farewell(edge, client)};
    http_send_response(turn, stream, &head, NULL);
    turn_note(turn, NOTE_REQUEST_REFUSED, client->peer, status);
    ClientStat *stat = find_stat(edge, client->group);
    if (stat)
        stat->failure_count++;
}

/* Say no to a stream whose next byte cannot be trusted to begin a message. */
static void
refuse_stream(Edge *edge, StreamId stream, uint16_t status, Turn *turn)
{
    Line *client = edge_line(edge, stream);
    turn_note(turn, NOTE_MESSAGE_BAD, client->peer, status);
    if (client->partner == STREAM_NONE)
        http_send_refusal(turn, stream, status);
    turn_close(turn, stream,
               client->partner == STREAM_NONE ? CLOSE_DONE : CLOSE_PROTOCOL);
    edge_lose_client(edge, stream, turn);
}

void
edge_accept(Edge *edge, const Event *event, Turn *turn)
{
    if (edge->client_count >= edge->config->client_count_max) {
        http_send_refusal(turn, event->stream, 503);
        turn_close(turn, event->stream, CLOSE_DONE);
        turn_note(turn, NOTE_REQUEST_REFUSED, event->accepted.peer, 503);
        return;
    }
    edge_open_line(edge, event->stream, LINE_CLIENT, event->accepted.peer,
                   event->now_ns);
}

static void
pass_request(Edge *edge, StreamId source_stream, const FileRequest *request,
             Turn *turn)
{
    char path[WIRE_FILE_PATH_BYTES_MAX];
    HttpHead head = {
        .method = request->is_head_only ? HTTP_HEAD_ONLY : HTTP_GET,
        .target = path,
    };
    head.target_bytes =
        wire_write_file_path(&request->file, request->version, path);
    head.has_range = request->has_range;
    head.range = request->range;
    http_send_request(turn, source_stream, &head, NULL);
    turn_expect(turn, source_stream, 1);
    edge_line(edge, source_stream)->state = LINE_ASKED;
}

static void
send_probe(Edge *edge, StreamId stream, Turn *turn)
{
    char path[64];
    int path_bytes = g_snprintf(path, sizeof path, "%s?bytes=%u",
                                WIRE_PATH_PROBE, edge->config->probe_bytes);
    HttpHead head = {
        .method = HTTP_GET,
        .target = path,
        .target_bytes = (uint32_t)path_bytes,
    };
    http_send_request(turn, stream, &head, NULL);
    turn_expect(turn, stream, 1);
    edge_line(edge, stream)->state = LINE_ASKED;
}

static void
send_question(Edge *edge, StreamId stream, int64_t now_ns, Turn *turn)
{
    Line *source = edge_line(edge, stream);
    source->since_ns = now_ns;
    if (source->is_probing)
        send_probe(edge, stream, turn);
    else
        pass_request(edge, stream,
                     &edge_line(edge, source->partner)->requests[0], turn);
    edge_mind_line(edge, source);
}

static void
connect_source(Edge *edge, StreamId client, int64_t now_ns, Turn *turn)
{
    PeerId source = edge->place.source;
    StreamId stream = turn_connect(turn, source, TRANSPORT_TCP);
    Line *line = edge_open_line(edge, stream, LINE_SOURCE, source, now_ns);
    line->state = LINE_CONNECTING;
    line->partner = client;
    line->is_probing = client == STREAM_NONE;
    edge_mind_line(edge, line);
    if (client != STREAM_NONE)
        edge_line(edge, client)->partner = stream;
}

void
edge_ask_source(Edge *edge, StreamId client, int64_t now_ns, Turn *turn)
{
    if (client != STREAM_NONE)
        edge_line(edge, client)->state = LINE_ASKED;
    StreamId stream = edge_take_from_pool(edge);
    if (stream == STREAM_NONE) {
        connect_source(edge, client, now_ns, turn);
        return;
    }
    Line *source = edge_line(edge, stream);
    source->is_reused = true;
    source->partner = client;
    source->is_probing = client == STREAM_NONE;
    if (client != STREAM_NONE)
        edge_line(edge, client)->partner = stream;
    send_question(edge, stream, now_ns, turn);
}

void
edge_source_connected(Edge *edge, const Event *event, Turn *turn)
{
    send_question(edge, event->stream, event->now_ns, turn);
}

static bool
read_request(const HttpHead *head, FileRequest *ret_request)
{
    if (!wire_parse_file_path(head->target, head->target_bytes,
                              &ret_request->file, &ret_request->version))
        return false;
    ret_request->is_head_only = head->method == HTTP_HEAD_ONLY;
    ret_request->has_range = head->has_range;
    ret_request->range = head->range;
    return true;
}

static void
greet(Edge *edge, StreamId stream, uint64_t group, Turn *turn)
{
    Line *client = edge_line(edge, stream);
    client->group = (uint32_t)group;
    ClientStat *stat = find_stat(edge, client->group);
    if (stat)
        stat->connect_count++;
    HttpHead head = {.status = 204, .is_last = is_farewell(edge, client)};
    http_send_response(turn, stream, &head, NULL);
}

/* Returns 0, or the status to refuse the stream with. */
static uint16_t
take_request(Edge *edge, const Event *event, const HttpHead *head, Turn *turn)
{
    Line *client = edge_line(edge, event->stream);
    if (head->method == HTTP_POST)
        return 405;
    client->is_last |= head->is_last || edge->is_draining;
    uint64_t group;
    if (http_is_path(head, EDGE_PATH_HELLO)) {
        bool is_known =
            http_parse_query(head, "group", &group) && group < GROUP_UNKNOWN;
        if (!is_known || client->state != LINE_IDLE)
            return 400;
        greet(edge, event->stream, group, turn);
        return 0;
    }
    FileRequest request;
    if (!read_request(head, &request))
        return 404;
    if (client->state != LINE_IDLE) {
        if (client->has_next)
            return 400; /* one request may wait, not a row of them */
        client->has_next = true;
        client->requests[1] = request;
        return 0;
    }
    client->requests[0] = request;
    client->asked_ns = event->now_ns;
    edge_ask_source(edge, event->stream, event->now_ns, turn);
    return 0;
}

void
edge_receive_from_client(Edge *edge, const Event *event, Turn *turn)
{
    Line *client = edge_line(edge, event->stream);
    HttpInput input = http_input(event);
    HttpPiece piece;
    client->since_ns = event->now_ns;
    for (;;) {
        HttpStep step = http_reader_next(&client->reader, &input, &piece);
        uint16_t status = 0;
        if (step == HTTP_MORE)
            return;
        if (step == HTTP_BAD)
            status = piece.status;
        if (step == HTTP_HEAD)
            status = take_request(edge, event, &piece.head, turn);
        if (status != 0) {
            refuse_stream(edge, event->stream, status, turn);
            return;
        }
        if (step == HTTP_END && client->is_last && client->state == LINE_IDLE) {
            turn_close(turn, event->stream, CLOSE_DONE);
            edge_drop_line(edge, event->stream);
            return;
        }
    }
}

void
edge_lose_client(Edge *edge, StreamId stream, Turn *turn)
{
    StreamId source = edge_line(edge, stream)->partner;
    edge_drop_line(edge, stream);
    if (source == STREAM_NONE)
        return;
    turn_close(turn, source, CLOSE_RESET); /* half an answer is in it */
    edge_drop_line(edge, source);
}

void
edge_end_client(Edge *edge, StreamId stream, Turn *turn)
{
    Line *client = edge_line(edge, stream);
    assert(client->kind == LINE_CLIENT);
    client->is_last = true;
    if (client->state != LINE_IDLE)
        return; /* it still waits for an answer */
    turn_close(turn, stream, CLOSE_DONE);
    edge_drop_line(edge, stream);
}

/* The client's request is over, well or badly: on to the next. */
static void
free_client(Edge *edge, StreamId stream, int64_t now_ns, Turn *turn)
{
    Line *client = edge_line(edge, stream);
    client->partner = STREAM_NONE;
    client->state = LINE_IDLE;
    client->since_ns = now_ns;
    edge_mind_line(edge, client);
    if (client->has_next) {
        client->has_next = false;
        client->requests[0] = client->requests[1];
        client->asked_ns = now_ns;
        edge_ask_source(edge, stream, now_ns, turn);
    } else if (client->is_last) {
        turn_close(turn, stream, CLOSE_DONE);
        edge_drop_line(edge, stream);
    }
}

static void
pool_source(Edge *edge, StreamId stream, int64_t now_ns, Turn *turn)
{
    Line *source = edge_line(edge, stream);
    if (source->is_last || edge->pool_count >= edge->config->pool_count_max) {
        turn_close(turn, stream, CLOSE_DONE);
        edge_drop_line(edge, stream);
        return;
    }
    http_reader_clear(&source->reader); /* the order went past it */
    http_reader_init(&source->reader, HTTP_RESPONSES);
    source->state = LINE_IDLE;
    source->partner = STREAM_NONE;
    source->is_probing = false;
    source->since_ns = now_ns;
    edge_mind_line(edge, source);
    edge_put_in_pool(edge, stream);
    turn_expect(turn, stream, 1);
}

static void
finish_answer(Edge *edge, StreamId stream, int64_t now_ns, Turn *turn)
{
    Line *source = edge_line(edge, stream);
    StreamId client_stream = source->partner;
    Line *client = edge_line(edge, client_stream);
    ClientStat *stat = find_stat(edge, client->group);
    edge->traffic_bytes += source->body_bytes;
    if (stat) {
        stat->sent_bytes += source->body_bytes;
        stat->duration_ns += (uint64_t)(now_ns - client->asked_ns);
    }
    if (source->status < 300)
        turn_note(turn, NOTE_REQUEST_SERVED, client->peer, source->body_bytes);
    else
        turn_note(turn, NOTE_REQUEST_REFUSED, client->peer, source->status);
    pool_source(edge, stream, now_ns, turn);
    free_client(edge, client_stream, now_ns, turn);
}

static void
finish_probe(Edge *edge, StreamId stream, int64_t now_ns, Turn *turn)
{
    Line *source = edge_line(edge, stream);
    uint64_t took_ns = (uint64_t)(now_ns - source->since_ns);
    if (source->left_bytes > 0 && took_ns > 0)
        edge->bandwidth_bps =
            source->left_bytes * 8 * (uint64_t)NS_PER_S / took_ns;
    pool_source(edge, stream, now_ns, turn);
}

static void
pass_head(Edge *edge, Line *source, const HttpHead *head, int64_t now_ns,
          Turn *turn)
{
    source->state = LINE_ANSWERED;
    source->is_last = head->is_last;
    source->status = head->status;
    source->body_bytes = head->body_bytes;
    source->left_bytes = head->body_bytes;
    if (source->is_probing) {
        edge->delay_ns = (uint64_t)(now_ns - source->since_ns);
        source->since_ns = now_ns;
        return;
    }
    HttpHead passed = {
        .status = head->status,
        .has_range = head->has_range,
        .range = head->range,
        .body_bytes = head->body_bytes,
        .is_last = is_farewell(edge, edge_line(edge, source->partner)),
    };
    http_send_response(turn, source->partner, &passed, NULL);
    Line *client = edge_line(edge, source->partner);
    client->state = LINE_ANSWERED;
    if (!client->requests[0].is_head_only)
        return;
    http_reader_skip_body(&source->reader);
    source->body_bytes = source->left_bytes = 0;
}

static void
pass_body(Line *source, const HttpPiece *piece, Turn *turn)
{
    source->left_bytes -= piece->size_bytes;
    if (source->is_probing)
        return;
    if (piece->bytes)
        turn_write(turn, source->partner, piece->bytes, piece->size_bytes);
    else
        turn_write_body(turn, source->partner, piece->extent);
}

/* The first piece of an answer has been read: leave the rest to the driver.
 * A probe waits for all of the rest, and times it. */
static void
order_rest(Edge *edge, StreamId stream, Turn *turn)
{
    Line *source = edge_line(edge, stream);
    if (source->state != LINE_ANSWERED || source->left_bytes == 0)
        return;
    if (source->is_probing)
        turn_expect(turn, stream, source->left_bytes);
    else
        turn_forward(turn, stream, source->partner, source->left_bytes);
}

void
edge_receive_from_source(Edge *edge, const Event *event, Turn *turn)
{
    StreamId stream = event->stream;
    Line *source = edge_line(edge, stream);
    HttpInput input = http_input(event);
    HttpPiece piece;
    bool is_rest = source->state == LINE_ANSWERED;
    for (;;) {
        HttpStep step = http_reader_next(&source->reader, &input, &piece);
        if (step == HTTP_MORE)
            break;
        bool is_unasked = step == HTTP_HEAD && source->state != LINE_ASKED;
        if (step == HTTP_BAD || is_unasked) {
            turn_note(turn, NOTE_MESSAGE_BAD, source->peer, 502);
            turn_close(turn, stream, CLOSE_PROTOCOL);
            source->is_reused = false;
            edge_lose_source(edge, stream, event->now_ns, turn);
            return;
        }
        if (step == HTTP_HEAD)
            pass_head(edge, source, &piece.head, event->now_ns, turn);
        if (step == HTTP_BODY && !(is_rest && source->is_probing))
            pass_body(source, &piece, turn);
        if (step == HTTP_END) {
            if (source->is_probing)
                finish_probe(edge, stream, event->now_ns, turn);
            else
                finish_answer(edge, stream, event->now_ns, turn);
            return;
        }
    }
    if (!is_rest)
        order_rest(edge, stream, turn);
}

void
edge_forwarded(Edge *edge, const Event *event, Turn *turn)
{
    Line *source = edge_line(edge, event->stream);
    assert(source->kind == LINE_SOURCE);
    assert(source->left_bytes == event->forwarded.size_bytes);
    finish_answer(edge, event->stream, event->now_ns, turn);
}

void
edge_lose_source(Edge *edge, StreamId stream, int64_t now_ns, Turn *turn)
{
    Line *source = edge_line(edge, stream);
    StreamId client = source->partner;
    bool was_answered = source->state == LINE_ANSWERED;
    bool was_reused = source->is_reused;
    edge_drop_line(edge, stream);
    if (client == STREAM_NONE)
        return;
    edge_line(edge, client)->partner = STREAM_NONE;
    if (was_answered) {
        /* Part of the body is gone already: only a reset says so. */
        turn_close(turn, client, CLOSE_RESET);
        edge_drop_line(edge, client);
    } else if (was_reused) {
        /* The data centre had given the idle stream up: a fresh one. */
        edge_line(edge, client)->since_ns = now_ns;
        connect_source(edge, client, now_ns, turn);
    } else {
        refuse_request(edge, client, 502, turn);
        free_client(edge, client, now_ns, turn);
    }
}
