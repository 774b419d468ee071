/* SPDX-License-Identifier: GPL-3.0-or-later
 * live/relief.c: what a host does when its buffers take all that they may.
 *
 * Files are not read until there is memory for what is in them: in order, so
 * that each stream gets its block in turn, however many are slow. Whoever
 * has taken nothing for as long as another has waited loses what it holds:
 * no bound could be kept against those who never take anything.
 */
#include "live/http2.h"

/* So long a read may wait while nobody is ended for it. */
#define PATIENCE_NS (2 * NS_PER_S)
/* At a time: each is looked for among all. */
#define ENDED_COUNT_MAX 128u

typedef struct WaitingRead {
    Effect effect;
    int64_t since_ns;
} WaitingRead;

static void
read_now(Host *host, const Effect *effect)
{
    const HostSink *sink = &host->config.sink;
    Event event = {.kind = EVENT_READ, .stream = STREAM_NONE};
    if (sink->read)
        sink->read(sink->context, effect, &event);
    event.read.tag = effect->read.tag;
    if (event.read.extent.chunk)
        host->conns.memory.held_bytes += event.read.extent.size_bytes;
    host_queue(host, &event);
}

void
host_drop_read(Host *host, const Event *event)
{
    if (!event->read.extent.chunk)
        return;
    host->conns.memory.held_bytes -= event->read.extent.size_bytes;
    chunk_unref(event->read.extent.chunk);
}

void
host_read(Host *host, const Effect *effect)
{
    bool must_wait =
        host->reads.length > 0 ||
        memory_is_short(&host->conns.memory, effect->read.size_bytes);
    if (!must_wait) {
        read_now(host, effect);
        return;
    }
    WaitingRead *waiting = g_new(WaitingRead, 1);
    *waiting = (WaitingRead){*effect, loop_now_ns(host->loop)};
    g_queue_push_tail(&host->reads, waiting);
}

void
host_read_waiting(Host *host)
{
    while (host->reads.length > 0) {
        const WaitingRead *first = g_queue_peek_head(&host->reads);
        if (memory_is_short(&host->conns.memory, first->effect.read.size_bytes))
            return;
        g_autofree WaitingRead *waiting = g_queue_pop_head(&host->reads);
        read_now(host, &waiting->effect);
    }
}

bool
host_is_overfull(const Host *host)
{
    const WaitingRead *first = g_queue_peek_head((GQueue *)&host->reads);
    const Memory *memory = &host->conns.memory;
    if (first)
        return first->since_ns <= loop_now_ns(host->loop) - PATIENCE_NS;
    return memory->held_bytes > memory->held_bytes_max;
}

static Conn *
slower_of(Conn *slowest, Conn *conn)
{
    if (conn->out.unsent_bytes == 0)
        return slowest;
    return !slowest || conn->last_ns < slowest->last_ns ? conn : slowest;
}

/* NULL: nobody has taken nothing for so long. */
static Conn *
find_slowest(const Host *host)
{
    Conn *slowest = NULL;
    for (StreamId stream = 0; stream < host->stream_capacity; stream++) {
        const HostStream *slot = &host->streams[stream];
        if (slot->guest && slot->queued_count == 0)
            slowest = slower_of(slowest, slot->conn);
    }
    for (Http2 *http2 = host->sessions; http2; http2 = http2->next)
        slowest = slower_of(slowest, http2->conn);
    for (Conn *conn = host->conns.parting; conn; conn = conn->next)
        slowest = slower_of(slowest, conn);
    bool is_slow =
        slowest && slowest->last_ns <= loop_now_ns(host->loop) - PATIENCE_NS;
    return is_slow ? slowest : NULL;
}

void
host_end_slowest(Host *host)
{
    for (uint32_t i = 0; i < ENDED_COUNT_MAX && host_is_overfull(host); i++) {
        Conn *conn = find_slowest(host);
        if (!conn)
            return;
        host->count.slow_readers++;
        if (conn->state == CONN_PARTING)
            conn_close(conn, CLOSE_RESET);
        else if (conn->session)
            http2_drop(conn->session);
        else
            host_end_stream(host, conn->tag, CLOSE_TIMED_OUT);
        host_read_waiting(host);
    }
}
