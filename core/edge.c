/* SPDX-License-Identifier: GPL-3.0-or-later
 * core/edge.c: an edge's life: registration, reports, probes, deadlines.
 */
#include "core/edge_state.h"

#include <string.h>

void
edge_config_init(EdgeConfig *config)
{
    *config = (EdgeConfig){
        .register_spread_ns = 60 * NS_PER_S,
        .report_interval_ns = 60 * NS_PER_S,
        .probe_interval_ns = 300 * NS_PER_S,
        .probe_bytes = 32768,
        .client_count_max = 32,
        .pool_count_max = 8,
        .pool_idle_ns = 60 * NS_PER_S,
        .client_idle_ns = 120 * NS_PER_S,
        .answer_timeout_ns = 10 * NS_PER_S,
        .core_count = 1,
        .memory_bytes = UINT64_C(1) << 30,
    };
}

Edge *
edge_new(const EdgeConfig *config, const uint8_t seed[32])
{
    assert(config->report_interval_ns > 0);
    assert(config->probe_interval_ns > 0);
    assert(config->client_count_max > 0);
    assert(config->probe_bytes <= STREAM_LOW_WATER_BYTES);
    Edge *edge = g_new0(Edge, 1);
    edge->config = config;
    dice_init(&edge->dice, seed, 1);
    edge->manager = STREAM_NONE;
    edge->report_ns = TIME_NEVER;
    edge->probe_ns = TIME_NEVER;
    edge->deadline_ns = TIME_NEVER;
    return edge;
}

void
edge_free(Edge *edge)
{
    for (StreamId stream = 0; stream < edge->line_count; stream++)
        if (edge->lines[stream])
            edge_drop_line(edge, stream);
    g_free(edge->lines);
    g_free(edge->pool);
    g_free(edge->stats);
    g_free(edge);
}

Line *
edge_line(const Edge *edge, StreamId stream)
{
    assert(stream < edge->line_count);
    assert(edge->lines[stream]);
    return edge->lines[stream];
}

static int64_t
line_deadline_ns(const Edge *edge, const Line *line)
{
    const EdgeConfig *config = edge->config;
    if (line->kind == LINE_MANAGER || line->state == LINE_ANSWERED)
        return TIME_NEVER;
    if (line->state == LINE_IDLE)
        return line->since_ns + (line->kind == LINE_CLIENT
                                     ? config->client_idle_ns
                                     : config->pool_idle_ns);
    if (line->kind == LINE_CLIENT)
        return TIME_NEVER; /* its source has the deadline */
    return line->since_ns + config->answer_timeout_ns;
}

void
edge_mind_line(Edge *edge, const Line *line)
{
    edge->deadline_ns = MIN(edge->deadline_ns, line_deadline_ns(edge, line));
}

Line *
edge_open_line(Edge *edge, StreamId stream, LineKind kind, PeerId peer,
               int64_t now_ns)
{
    if (stream >= edge->line_count) {
        uint32_t count = MAX(stream + 1, 2 * edge->line_count);
        edge->lines = g_renew(Line *, edge->lines, count);
        memset(&edge->lines[edge->line_count], 0,
               (count - edge->line_count) * sizeof(Line *));
        edge->line_count = count;
    }
    assert(!edge->lines[stream]);
    Line *line = g_new0(Line, 1);
    line->kind = kind;
    line->peer = peer;
    line->partner = STREAM_NONE;
    line->group = GROUP_UNKNOWN;
    line->since_ns = now_ns;
    http_reader_init(&line->reader,
                     kind == LINE_CLIENT ? HTTP_REQUESTS : HTTP_RESPONSES);
    if (kind == LINE_CLIENT)
        line->requests = g_new0(FileRequest, 2);
    edge->lines[stream] = line;
    edge->client_count += kind == LINE_CLIENT;
    edge_mind_line(edge, line);
    return line;
}

/* Where in the pool a stream is, or would be. */
static uint32_t
pool_place(const Edge *edge, StreamId stream)
{
    uint32_t low = 0;
    uint32_t high = edge->pool_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (edge->pool[middle] > stream)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void
edge_put_in_pool(Edge *edge, StreamId stream)
{
    uint32_t place = pool_place(edge, stream);
    uint32_t count = ++edge->pool_count;
    edge->pool = g_renew(StreamId, edge->pool, count);
    memmove(&edge->pool[place + 1], &edge->pool[place],
            (count - 1 - place) * sizeof(StreamId));
    edge->pool[place] = stream;
}

StreamId
edge_take_from_pool(Edge *edge)
{
    return edge->pool_count > 0 ? edge->pool[--edge->pool_count] : STREAM_NONE;
}

static void
leave_pool(Edge *edge, StreamId stream)
{
    uint32_t place = pool_place(edge, stream);
    if (place == edge->pool_count || edge->pool[place] != stream)
        return;
    edge->pool_count--;
    memmove(&edge->pool[place], &edge->pool[place + 1],
            (edge->pool_count - place) * sizeof(StreamId));
}

void
edge_drop_line(Edge *edge, StreamId stream)
{
    Line *line = edge_line(edge, stream);
    if (line->kind == LINE_SOURCE)
        leave_pool(edge, stream);
    edge->client_count -= line->kind == LINE_CLIENT;
    http_reader_clear(&line->reader);
    g_free(line->requests);
    g_free(line);
    edge->lines[stream] = NULL;
}

static void
post(Edge *edge, const char *path, const uint8_t *body, uint32_t body_bytes,
     Turn *turn)
{
    HttpHead head = {
        .method = HTTP_POST,
        .target = path,
        .target_bytes = (uint32_t)strlen(path),
        .body_bytes = body_bytes,
    };
    http_send_request(turn, edge->manager, &head, body);
}

static void
send_register(Edge *edge, Turn *turn)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    RegisterMessage message = {
        .edge = edge->place.self,
        .address = edge->place.address,
        .region = edge->place.region,
        .isp = edge->place.isp,
        .uplink_bps = edge->capacity_bps,
        .core_count = edge->config->core_count,
        .memory_bytes = edge->config->memory_bytes,
    };
    uint32_t size_bytes = wire_write_register(&message, bytes);
    post(edge, WIRE_PATH_REGISTER, bytes, size_bytes, turn);
}

static uint64_t
free_uplink_bps(const Edge *edge)
{
    uint64_t interval_ms =
        (uint64_t)(edge->config->report_interval_ns / NS_PER_MS);
    uint64_t used_bps = edge->traffic_bytes * 8000 / MAX(1, interval_ms);
    return edge->capacity_bps - MIN(used_bps, edge->capacity_bps);
}

static void
send_report(Edge *edge, Turn *turn)
{
    uint8_t bytes[WIRE_BYTES_MAX];
    uint64_t load_ppm = (uint64_t)edge->client_count * WIRE_PPM_MAX /
                        edge->config->client_count_max;
    ReportMessage message = {
        .edge = edge->place.self,
        .load_ppm = (uint32_t)MIN(load_ppm, WIRE_PPM_MAX),
        .traffic_bytes = edge->traffic_bytes,
        .free_uplink_bps = free_uplink_bps(edge),
        .delay_ns = edge->delay_ns,
        .bandwidth_bps = edge->bandwidth_bps,
        .client_count = edge->client_count,
    };
    uint32_t size_bytes = wire_write_report(&message, bytes);
    post(edge, WIRE_PATH_REPORT, bytes, size_bytes, turn);
    edge->traffic_bytes = 0;
}

static void
send_client_stat(Edge *edge, Turn *turn)
{
    if (edge->stat_count == 0)
        return;
    uint8_t bytes[WIRE_BYTES_MAX];
    ClientStatMessage message = {.edge = edge->place.self};
    message.stat_count = (uint16_t)edge->stat_count;
    memcpy(message.stats, edge->stats,
           edge->stat_count * sizeof message.stats[0]);
    uint32_t size_bytes = wire_write_client_stat(&message, bytes);
    post(edge, WIRE_PATH_CLIENT_STAT, bytes, size_bytes, turn);
    edge->stat_count = 0;
}

static void
report(Edge *edge, int64_t now_ns, Turn *turn)
{
    if (edge->manager == STREAM_NONE) {
        edge->manager = turn_connect(turn, edge->place.manager, TRANSPORT_TCP);
        Line *line = edge_open_line(edge, edge->manager, LINE_MANAGER,
                                    edge->place.manager, now_ns);
        line->state = LINE_CONNECTING;
        return;
    }
    if (edge_line(edge, edge->manager)->state == LINE_CONNECTING)
        return;
    send_report(edge, turn);
    send_client_stat(edge, turn);
}

static void
receive_from_manager(Edge *edge, const Event *event, Turn *turn)
{
    Line *line = edge_line(edge, event->stream);
    HttpInput input = http_input(event);
    HttpPiece piece;
    for (;;) {
        HttpStep step = http_reader_next(&line->reader, &input, &piece);
        if (step == HTTP_MORE)
            return;
        if (step == HTTP_HEAD && piece.head.status == 404)
            send_register(edge, turn); /* it has lost its directory */
        if (step == HTTP_HEAD)
            line->is_last = piece.head.is_last;
        if (step == HTTP_BAD || (step == HTTP_END && line->is_last)) {
            turn_close(turn, event->stream, CLOSE_DONE);
            edge_drop_line(edge, event->stream);
            edge->manager = STREAM_NONE;
            return;
        }
    }
}

static void
start(Edge *edge, const Event *event)
{
    const EdgeConfig *config = edge->config;
    edge->place = *event->place;
    uint64_t spread_ns = (uint64_t)MAX(1, config->register_spread_ns);
    edge->report_ns =
        event->now_ns + (int64_t)dice_below(&edge->dice, spread_ns);
    uint64_t interval_ns = (uint64_t)config->report_interval_ns;
    if (config->probe_bytes > 0)
        edge->probe_ns =
            edge->report_ns + (int64_t)dice_below(&edge->dice, interval_ns);
}

static void
lose_line(Edge *edge, const Event *event, Turn *turn)
{
    switch (edge_line(edge, event->stream)->kind) {
    case LINE_MANAGER:
        edge_drop_line(edge, event->stream);
        edge->manager = STREAM_NONE; /* the next report connects again */
        break;
    case LINE_CLIENT:
        edge_lose_client(edge, event->stream, turn);
        break;
    case LINE_SOURCE:
        edge_lose_source(edge, event->stream, event->now_ns, turn);
        break;
    }
}

static void
receive(Edge *edge, const Event *event, Turn *turn)
{
    switch (edge_line(edge, event->stream)->kind) {
    case LINE_MANAGER:
        receive_from_manager(edge, event, turn);
        break;
    case LINE_CLIENT:
        edge_receive_from_client(edge, event, turn);
        break;
    case LINE_SOURCE:
        edge_receive_from_source(edge, event, turn);
        break;
    }
}

static void
connected(Edge *edge, const Event *event, Turn *turn)
{
    Line *line = edge_line(edge, event->stream);
    assert(line->state == LINE_CONNECTING);
    if (line->kind == LINE_SOURCE) {
        edge_source_connected(edge, event, turn);
        return;
    }
    line->state = LINE_IDLE;
    send_register(edge, turn);
}

static void
end_line(Edge *edge, StreamId stream, int64_t now_ns, Turn *turn)
{
    Line *line = edge_line(edge, stream);
    bool is_idle = line->state == LINE_IDLE;
    turn_close(turn, stream, is_idle ? CLOSE_DONE : CLOSE_TIMED_OUT);
    line->is_reused = false; /* a silent source is not asked twice */
    if (is_idle)
        edge_drop_line(edge, stream);
    else
        edge_lose_source(edge, stream, now_ns, turn);
}

static void
end_late_lines(Edge *edge, int64_t now_ns, Turn *turn)
{
    for (StreamId stream = 0; stream < edge->line_count; stream++)
        if (edge->lines[stream] &&
            line_deadline_ns(edge, edge->lines[stream]) <= now_ns)
            end_line(edge, stream, now_ns, turn);
    /* A look at every line for each time-out, not for each event. */
    edge->deadline_ns = TIME_NEVER;
    for (StreamId stream = 0; stream < edge->line_count; stream++)
        if (edge->lines[stream])
            edge_mind_line(edge, edge->lines[stream]);
}

static void
look_at_time(Edge *edge, int64_t now_ns, Turn *turn)
{
    if (edge->report_ns <= now_ns) {
        edge->report_ns += edge->config->report_interval_ns;
        report(edge, now_ns, turn);
    }
    if (edge->probe_ns <= now_ns) {
        edge->probe_ns += edge->config->probe_interval_ns;
        edge_ask_source(edge, STREAM_NONE, now_ns, turn);
    }
    if (edge->deadline_ns <= now_ns)
        end_late_lines(edge, now_ns, turn);
    turn_wake(turn, edge->deadline_ns);
    turn_wake(turn, edge->report_ns);
    turn_wake(turn, edge->probe_ns);
}

void
edge_turn(Edge *edge, const Event *event, Turn *turn)
{
    switch (event->kind) {
    case EVENT_START:
        start(edge, event);
        break;
    case EVENT_COMMAND:
        if (event->command->kind == COMMAND_CAPACITY)
            edge->capacity_bps = event->command->value;
        edge->is_draining |= event->command->kind == COMMAND_DRAIN;
        break;
    case EVENT_CONNECTED:
        connected(edge, event, turn);
        break;
    case EVENT_ACCEPTED:
        edge_accept(edge, event, turn);
        break;
    case EVENT_RECEIVED:
        receive(edge, event, turn);
        break;
    case EVENT_FORWARDED:
        edge_forwarded(edge, event, turn);
        break;
    case EVENT_ENDED:
        edge_end_client(edge, event->stream, turn);
        break;
    case EVENT_CLOSED:
        lose_line(edge, event, turn);
        break;
    case EVENT_WAKE:
    case EVENT_DRAINED: /* the standing order minds the room */
    case EVENT_READ:
    case EVENT_STORED:
    case EVENT_RESTORED:
    case EVENT_STOP:
        break;
    }
    look_at_time(edge, event->now_ns, turn);
}
