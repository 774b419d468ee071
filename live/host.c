/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/host.c: the driver of one node: sockets and times in.
 */
#include "live/http2.h"

#include <assert.h>
#include <string.h>

/* A first piece holds a head and a slice of 16 KiB; the rest of a long body
 * is then still in the kernel, from where it can be spliced. */
#define FIRST_READ_BYTES (17u * 1024)
/* Events told in a row before sockets are looked at again. */
#define SETTLE_COUNT_MAX 64u

static void
hear_wake(void *context)
{
    Host *host = context;
    if (host->wake_ns > loop_now_ns(host->loop)) {
        loop_set_timer(host->loop, &host->wake, host->wake_ns);
        return;
    }
    host->wake_ns = TIME_NEVER;
    Event event = {.kind = EVENT_WAKE, .stream = STREAM_NONE};
    host_queue(host, &event);
    host_settle(host);
}

/* Lazily: a timer that rings too early is set again when it rings. */
static void
set_wake(Host *host, int64_t wake_ns)
{
    host->wake_ns = wake_ns;
    bool is_sooner = wake_ns != TIME_NEVER &&
                     (host->wake.place == 0 || wake_ns < host->wake.at_ns);
    if (is_sooner)
        loop_set_timer(host->loop, &host->wake, wake_ns);
}

/* Only from settle and hear_readable, where nothing else is under way. */
static void
tell(Host *host, Event *event)
{
    assert(!host->is_busy);
    host->is_busy = true;
    host->count.events++;
    event->now_ns = loop_now_ns(host->loop);
    const HostSink *sink = &host->config.sink;
    if (sink->log.event)
        sink->log.event(sink->log.context, event);
    turn_begin(&host->turn, &host->pool);
    node_turn(host->node, event, &host->turn);
    if (sink->log.turn)
        sink->log.turn(sink->log.context, &host->turn);
    if (sink->watch)
        sink->watch(sink->context, event, &host->turn);
    set_wake(host, host->turn.wake_ns);
    host_apply(host, &host->turn);
    host->is_busy = false;
}

HostStream *
host_slot(Host *host, StreamId stream)
{
    if (stream >= host->stream_capacity) {
        uint32_t old = host->stream_capacity;
        host->stream_capacity = MAX(host->pool.capacity, stream + 1);
        host->streams =
            g_renew(HostStream, host->streams, host->stream_capacity);
        for (uint32_t i = old; i < host->stream_capacity; i++)
            host->streams[i] = (HostStream){.fed_by = STREAM_NONE};
    }
    return &host->streams[stream];
}

static void
grow_queue(Host *host)
{
    uint32_t capacity = MAX(64, 2 * host->queue_capacity);
    HostEvent *queue = g_new(HostEvent, capacity);
    for (uint32_t i = 0; i < host->queue_count; i++)
        queue[i] =
            host->queue[(host->queue_start + i) & (host->queue_capacity - 1)];
    g_free(host->queue);
    host->queue = queue;
    host->queue_start = 0;
    host->queue_capacity = capacity;
}

void
host_queue(Host *host, const Event *event)
{
    if (host->queue_count == host->queue_capacity)
        grow_queue(host);
    uint32_t index =
        (host->queue_start + host->queue_count++) & (host->queue_capacity - 1);
    host->queue[index] = (HostEvent){.event = *event};
    if (event->stream != STREAM_NONE) {
        HostStream *slot = host_slot(host, event->stream);
        host->queue[index].serial = slot->serial;
        slot->queued_count++;
    }
    loop_add_job(host->loop, &host->settle);
}

static void
queue_stream(Host *host, EventKind kind, StreamId stream)
{
    Event event = {.kind = kind, .stream = stream};
    host_queue(host, &event);
}

static void
forget_order(Host *host, StreamId from)
{
    HostStream *slot = host_slot(host, from);
    if (!slot->order)
        return;
    Forward *order = slot->order;
    const HostSink *sink = &host->config.sink;
    uint64_t passed_bytes =
        order->total_bytes - order->left_bytes - order->held_bytes;
    host->count.forwarded_bytes += passed_bytes;
    if (sink->passed)
        sink->passed(sink->context, order->to->tag, passed_bytes);
    slot->order = NULL;
    host_slot(host, order->to->tag)->fed_by = STREAM_NONE;
    forward_clear(order);
    g_free(order);
    conn_expect(slot->conn, slot->expect_bytes);
}

/* Cancel the orders from and to a stream. */
static void
forget_orders(Host *host, StreamId stream)
{
    forget_order(host, stream);
    StreamId source = host_slot(host, stream)->fed_by;
    if (source != STREAM_NONE)
        forget_order(host, source);
}

static Conn *
take_conn(Host *host, StreamId stream)
{
    forget_orders(host, stream);
    HostStream *slot = host_slot(host, stream);
    Conn *conn = slot->conn;
    slot->conn = NULL;
    slot->serial++;
    slot->queued_count = 0;
    slot->is_knocking = slot->is_fresh = false;
    if (slot->guest)
        host_dismiss(host, slot->guest);
    slot->guest = NULL;
    return conn;
}

Conn *
host_detach(Host *host, StreamId stream)
{
    Conn *conn = take_conn(host, stream);
    stream_pool_put(&host->pool, stream);
    return conn;
}

/* The peer has ended the stream, or it is lost. The number is free only after
 * the turn, in which the node might open another. */
void
host_end_stream(Host *host, StreamId stream, CloseReason reason)
{
    bool is_known = !host_slot(host, stream)->is_knocking;
    conn_close(take_conn(host, stream), reason);
    Event event = {.kind = EVENT_CLOSED, .stream = stream};
    event.closed.reason = reason;
    if (is_known)
        tell(host, &event);
    stream_pool_put(&host->pool, stream);
}

/* The bytes of the present read stay in the buffer: a node that hears of an
 * end reads nothing. */
Http2 *
host_hand_over(Host *host, StreamId stream)
{
    HostStream *slot = host_slot(host, stream);
    Guest *guest = slot->guest;
    PeerId peer = peers_recognize(&host->peers, guest, slot->conn->tls);
    bool is_known = !slot->is_knocking;
    Event event = {.kind = EVENT_CLOSED, .stream = stream};
    event.closed.reason = CLOSE_DONE;
    slot->guest = NULL; /* stays */
    Http2 *http2 = http2_new(host, take_conn(host, stream), guest, peer);
    if (is_known)
        tell(host, &event);
    stream_pool_put(&host->pool, stream);
    return http2;
}

static void
tell_queued(Host *host)
{
    HostEvent queued = host->queue[host->queue_start];
    host->queue_start = (host->queue_start + 1) & (host->queue_capacity - 1);
    host->queue_count--;
    StreamId stream = queued.event.stream;
    if (stream != STREAM_NONE) {
        HostStream *slot = host_slot(host, stream);
        if (slot->serial != queued.serial)
            return; /* the node has closed it meanwhile */
        slot->queued_count--;
    }
    if (queued.event.kind == EVENT_CLOSED)
        host_end_stream(host, stream, queued.event.closed.reason);
    else
        tell(host, &queued.event);
    if (queued.event.kind == EVENT_READ)
        host_drop_read(host, &queued.event);
}

void
host_settle(Host *host)
{
    if (host->is_busy)
        return;
    for (uint32_t i = 0; i < SETTLE_COUNT_MAX && host->queue_count > 0; i++)
        tell_queued(host);
    host_read_waiting(host);
    if (host->queue_count > 0)
        loop_add_job(host->loop, &host->settle);
    else
        loop_drop_job(host->loop, &host->settle);
}

static void
run_settle(void *context)
{
    host_settle(context);
}

void
host_pump(Host *host, StreamId from)
{
    Forward *order = host_slot(host, from)->order;
    Event event = {.kind = EVENT_CLOSED, .stream = from};
    switch (forward_pump(order)) {
    case FORWARD_WAITS:
        return;
    case FORWARD_DONE:
        event.kind = EVENT_FORWARDED;
        event.forwarded.size_bytes = order->total_bytes;
        break;
    case FORWARD_ENDED:
        event.closed.reason = CLOSE_DONE;
        break;
    case FORWARD_LOST:
        event.closed.reason = (CloseReason)order->from->reason;
        break;
    }
    forget_order(host, from);
    host_queue(host, &event);
}

/* A request that does not end in time holds a stream for nothing. What is a
 * body to the node counts as a head here until the node has answered. */
static void
watch_head(Host *host, HostStream *slot, uint32_t size_bytes)
{
    static const char BLANK_LINE[] = "\r\n\r\n";
    if (!slot->guest)
        return;
    if (slot->head_ns == 0)
        slot->head_ns = loop_now_ns(host->loop);
    const uint8_t *bytes = host->conns.page->bytes;
    for (uint32_t i = 0; i < size_bytes && slot->blank_bytes < 4; i++) {
        if (bytes[i] == (uint8_t)BLANK_LINE[slot->blank_bytes])
            slot->blank_bytes++;
        else
            slot->blank_bytes = bytes[i] == '\r';
    }
    if (slot->blank_bytes < 4)
        return;
    slot->head_ns = 0;
    slot->blank_bytes = 0;
    slot->owes_answer = true;
}

/* In the clear it is not agreed on before, but told by its first bytes. */
static bool
is_http2(const Host *host, const HostStream *slot, uint32_t size_bytes)
{
    return !slot->conn->tls && !slot->conn->http2 &&
           http2_is_preface(host->conns.page->bytes, size_bytes);
}

/* Who called us may have shut down its sending side alone: the node closes
 * when it has answered. One that has really gone resets us when it is sent
 * something. */
static void
hear_end(Host *host, StreamId stream)
{
    HostStream *slot = host_slot(host, stream);
    Event event = {.kind = EVENT_ENDED, .stream = stream};
    if (!slot->guest || slot->conn->http2) {
        host_end_stream(host, stream, CLOSE_DONE);
        return;
    }
    slot->head_ns = 0; /* no more of it will come */
    conn_want_read(slot->conn, false);
    tell(host, &event);
}

/* The bytes are lent for the turn: they are in the buffer of the reads. */
static void
read_stream(Host *host, StreamId stream)
{
    HostStream *slot = host_slot(host, stream);
    const HostSink *sink = &host->config.sink;
    uint64_t wanted_bytes = MAX(slot->expect_bytes, FIRST_READ_BYTES);
    uint32_t size_bytes = 0;
    Event event = {.kind = EVENT_RECEIVED, .stream = stream};
    ConnRead read =
        conn_read(slot->conn, (uint32_t)MIN(wanted_bytes, CONN_READ_BYTES_MAX),
                  &size_bytes);
    switch (read) {
    case CONN_READ_NOTHING:
        return;
    case CONN_READ_END:
        hear_end(host, stream);
        return;
    case CONN_READ_LOST:
        host_end_stream(host, stream, (CloseReason)slot->conn->reason);
        return;
    case CONN_READ_BYTES:
        if (slot->is_fresh && is_http2(host, slot, size_bytes)) {
            http2_feed(host_hand_over(host, stream), host->conns.page->bytes,
                       size_bytes);
            return;
        }
        slot->is_fresh = false;
        if (slot->guest && sink->admits &&
            !sink->admits(sink->context, stream)) {
            host_refuse_request(host, stream);
            return;
        }
        watch_head(host, slot, size_bytes);
        event.received.bytes = host->conns.page->bytes;
        event.received.size_bytes = size_bytes;
        tell(host, &event);
        return;
    }
}

static void
hear_readable(Host *host, StreamId stream)
{
    if (host_slot(host, stream)->order) {
        host_pump(host, stream);
        return;
    }
    /* What happened earlier on this stream is told first; what is left here
     * is reported again. */
    if (host_slot(host, stream)->queued_count == 0)
        read_stream(host, stream);
}

static void
hear(void *context, Conn *conn, ConnSignal signal)
{
    Host *host = context;
    StreamId stream = conn->tag;
    Event event = {.kind = EVENT_CLOSED, .stream = stream};
    switch (signal) {
    case CONN_CONNECTED:
        if (host_slot(host, stream)->is_knocking && tls_is_http2(conn->tls))
            host_hand_over(host, stream);
        else if (host_slot(host, stream)->is_knocking)
            host_admit(host, stream);
        else
            queue_stream(host, EVENT_CONNECTED, stream);
        break;
    case CONN_READABLE:
        hear_readable(host, stream);
        break;
    case CONN_DRAINED:
        /* The order minds the room while one stands. */
        if (host_slot(host, stream)->fed_by == STREAM_NONE)
            queue_stream(host, EVENT_DRAINED, stream);
        break;
    case CONN_ROOM:
        if (host_slot(host, stream)->fed_by != STREAM_NONE)
            host_pump(host, host_slot(host, stream)->fed_by);
        break;
    case CONN_GONE:
        event.closed.reason = (CloseReason)conn->reason;
        host_queue(host, &event);
        break;
    }
    host_settle(host);
}

void
host_init(Host *host, Loop *loop, const HostConfig *config)
{
    memset(host, 0, sizeof *host);
    host->config = *config;
    host->loop = loop;
    host->node = node_new(config->role, config->role_config, config->seed);
    turn_init(&host->turn);
    conns_init(&host->conns, loop, &config->limits);
    host->conns.hear = hear;
    host->conns.context = host;
    host->conns.memory.held_bytes_max = config->memory_bytes_max;
    pipes_init(&host->pipes, config->pipe_count_max, &host->conns.memory);
    peers_init(&host->peers);
    host->settle = (Job){.run = run_settle, .context = host};
    host->wake = (Timer){.fire = hear_wake, .context = host};
    host->sweep = (Timer){.fire = host_sweep, .context = host};
    host->wake_ns = TIME_NEVER;
}

void
host_start(Host *host)
{
    Event event = {.kind = EVENT_START, .stream = STREAM_NONE};
    event.place = &host->config.place;
    host_queue(host, &event);
    host_settle(host);
}

static void
drop_queue(Host *host)
{
    for (; host->queue_count > 0; host->queue_count--) {
        const Event *event = &host->queue[host->queue_start].event;
        if (event->kind == EVENT_READ)
            host_drop_read(host, event);
        host->queue_start =
            (host->queue_start + 1) & (host->queue_capacity - 1);
    }
    g_free(host->queue);
}

void
host_clear(Host *host)
{
    Event event = {.kind = EVENT_STOP, .stream = STREAM_NONE};
    tell(host, &event);
    loop_unset_timer(host->loop, &host->wake);
    loop_unset_timer(host->loop, &host->sweep);
    loop_drop_job(host->loop, &host->settle);
    for (StreamId stream = 0; stream < host->stream_capacity; stream++)
        if (host->streams[stream].conn)
            conn_close(host_detach(host, stream), CLOSE_RESET);
    http2_clear(host);
    loop_drop_job(host->loop, &host->settle);
    drop_queue(host);
    g_queue_clear_full(&host->reads, g_free);
    node_free(host->node);
    turn_clear(&host->turn);
    conns_clear(&host->conns);
    pipes_clear(&host->pipes);
    peers_clear(&host->peers);
    stream_pool_clear(&host->pool);
    g_free(host->streams);
}

void
host_limit(Host *host, const HostConfig *limits)
{
    HostConfig *config = &host->config;
    config->stream_count_max = limits->stream_count_max;
    config->stream_count_max_per_peer = limits->stream_count_max_per_peer;
    config->memory_bytes_max = limits->memory_bytes_max;
    config->head_timeout_ns = limits->head_timeout_ns;
    config->session_idle_ns = limits->session_idle_ns;
    config->send_timeout_ns = limits->send_timeout_ns;
    config->send_bytes_min = limits->send_bytes_min;
    config->idle_timeout_ns = limits->idle_timeout_ns;
    host->conns.memory.held_bytes_max = limits->memory_bytes_max;
}

void
host_command(Host *host, const Command *command)
{
    Event event = {.kind = EVENT_COMMAND, .stream = STREAM_NONE};
    event.command = command;
    tell(host, &event);
    host_settle(host);
}

void
host_restore(Host *host, const Record *record)
{
    Event event = {.kind = EVENT_RESTORED, .stream = STREAM_NONE};
    event.record = record;
    tell(host, &event);
    host_settle(host);
}

void
host_stored(Host *host, uint32_t tag, bool is_durable)
{
    Event event = {.kind = EVENT_STORED, .stream = STREAM_NONE};
    event.stored.tag = tag;
    event.stored.is_durable = is_durable;
    host_queue(host, &event);
}
